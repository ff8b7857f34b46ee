import type { Bound, Call, Expression, Frame, JsonOptions, Query, SortItem } from './ast.ts'
import { TypeParser } from './type-parser.ts'

const INTERVAL_FIELDS = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']
const CURRENT = ['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP']
const CURRENT_NAMES = ['CURRENT_USER', 'CURRENT_CATALOG', 'CURRENT_SCHEMA', 'CURRENT_PATH']

/** Literals, and the functions that have a grammar of their own: CASE, CAST, EXTRACT, TRIM, JSON_VALUE and their like. */
export abstract class SpecialParser extends TypeParser {
  abstract query(): Query
  abstract expression(): Expression
  protected abstract value(): Expression
  protected abstract call(name: string, at: number): Call
  protected abstract callSuffix(call: Call): Call
  protected abstract orderBy(): SortItem[]
  protected abstract parenthesisedQuery(): Query
  private parameters = 0

  protected literal(): Expression | undefined {
    const { kind, text, at, end } = this.token
    switch (kind) {
      case 'integer':
      case 'decimal':
      case 'double':
      case 'string':
      case 'binary':
        this.take()
        return { kind, text, at, end }
      case 'unicode':
        this.take()
        return { kind: 'string', text: this.unicode(text), at, end: this.lastEnd }
      case 'symbol':
        if (text !== '?') return undefined
        this.take()
        return { kind: 'parameter', index: this.parameters++, at, end }
      case 'word':
        return this.wordLiteral()
      default:
        return undefined
    }
  }

  private unicode(text: string): string {
    const escape = this.accept('UESCAPE') ? this.take().text : '\\'
    const e = escape.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    return text.replace(new RegExp(`${e}(?:\\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|${e})`, 'g'), (_, six, four) =>
      six || four ? String.fromCodePoint(parseInt(six ?? four, 16)) : escape,
    )
  }

  private wordLiteral(): Expression | undefined {
    const { text, at, end } = this.token
    if (text === 'NULL') return this.take() && { kind: 'null', at, end }
    if (text === 'TRUE' || text === 'FALSE') return this.take() && { kind: 'boolean', value: text === 'TRUE', at, end }
    if (text === 'INTERVAL' && this.startsInterval()) return this.interval()
    if (!this.isName()) return undefined
    if (this.look().kind === 'string' || (text === 'DOUBLE' && this.look().text === 'PRECISION')) {
      const type = { name: text.toLowerCase(), arguments: [], at, end }
      this.take()
      this.accept('PRECISION')
      return { kind: 'typed', type, text: this.take().text, at, end: this.lastEnd }
    }
    return undefined
  }

  private startsInterval(): boolean {
    const signed = ['+', '-'].includes(this.look().text)
    return signed || (this.look().kind === 'string' && INTERVAL_FIELDS.includes(this.look(2).text))
  }

  private interval(): Expression {
    const { at } = this.take()
    const negative = this.accept('-') || (this.accept('+') && false)
    if (this.token.kind !== 'string') this.mismatch('<string>')
    const text = this.take().text
    const field = () =>
      this.isWord(...INTERVAL_FIELDS) ? this.take().text : this.mismatch(...INTERVAL_FIELDS.map(f => `'${f}'`))
    const from = field()
    const to = this.accept('TO') ? field() : undefined
    return { kind: 'interval', negative, text, from, to, at, end: this.lastEnd }
  }

  /** Constructs that begin with a word of the grammar. */
  protected special(): Expression | undefined {
    const { text, at } = this.token
    const open = this.look().kind === 'symbol' && this.look().text === '('
    if (CURRENT.includes(text)) return this.current()
    if (CURRENT_NAMES.includes(text)) return this.take() && { kind: 'current', what: text, at, end: this.lastEnd }
    if (text === 'CASE') return this.case()
    if (text === 'ARRAY' && this.look().text === '[') return this.array()
    if (text === 'GROUPING' && open) {
      this.take()
      this.expect('(')
      const columns = this.isSymbol(')') ? [] : this.list(() => this.expression())
      this.expect(')')
      return { kind: 'grouping', columns, at, end: this.lastEnd }
    }
    if (!open) return undefined
    if (text === 'EXISTS') return this.take() && { kind: 'exists', query: this.parenthesisedQuery(), at, end: this.lastEnd }
    if (text === 'CAST' || text === 'TRY_CAST') return this.cast()
    if (text === 'EXTRACT') return this.extract()
    if (text === 'ROW') return this.row()
    if (text === 'TRIM') return this.trim()
    if (text === 'POSITION') return this.position()
    if (text === 'SUBSTRING') return this.substring()
    if (text === 'NORMALIZE') return this.normalize()
    if (text === 'LISTAGG') return this.listagg()
    if (text === 'JSON_EXISTS' || text === 'JSON_VALUE' || text === 'JSON_QUERY') return this.jsonPath(text)
    if (text === 'JSON_OBJECT') return this.jsonObject()
    if (text === 'JSON_ARRAY') return this.jsonArray()
    return undefined
  }

  private current(): Expression {
    const { text: what, at } = this.take()
    let precision: number | undefined
    if (this.isSymbol('(') && what !== 'CURRENT_DATE') {
      this.take()
      precision = Number(this.take().text)
      this.expect(')')
    }
    return { kind: 'current', what, precision, at, end: this.lastEnd }
  }

  private case(): Expression {
    const { at } = this.take()
    const operand = this.isWord('WHEN') ? undefined : this.expression()
    const whens: { when: Expression; then: Expression }[] = []
    if (!this.isWord('WHEN')) this.mismatch("'WHEN'")
    while (this.accept('WHEN')) {
      const when = this.expression()
      this.expect('THEN')
      whens.push({ when, then: this.expression() })
    }
    const otherwise = this.accept('ELSE') ? this.expression() : undefined
    this.expect('END')
    return { kind: 'case', operand, whens, otherwise, at, end: this.lastEnd }
  }

  protected array(): Expression {
    const { at } = this.token
    this.accept('ARRAY')
    this.expect('[')
    const elements = this.isSymbol(']') ? [] : this.list(() => this.expression())
    this.expect(']')
    return { kind: 'array', elements, at, end: this.lastEnd }
  }

  private cast(): Expression {
    const { text, at } = this.take()
    this.expect('(')
    const value = this.expression()
    this.expect('AS')
    const type = this.type()
    this.expect(')')
    return { kind: 'cast', value, type, safe: text === 'TRY_CAST', at, end: this.lastEnd }
  }

  private extract(): Expression {
    const { at } = this.take()
    this.expect('(')
    const fieldAt = this.token.at
    const field = this.name().name
    this.expect('FROM')
    const value = this.value()
    this.expect(')')
    return { kind: 'extract', field: field.toUpperCase(), fieldAt, value, at, end: this.lastEnd }
  }

  private row(): Expression {
    const { at } = this.take()
    this.expect('(')
    const fields = this.list(() => this.expression())
    this.expect(')')
    return { kind: 'row', fields, at, end: this.lastEnd }
  }

  private builtCall(name: string, at: number, args: Expression[]): Call {
    this.expect(')')
    return { kind: 'call', name, nameAt: at, star: false, arguments: args, distinct: false, orderBy: [], at, end: this.lastEnd }
  }

  private trim(): Expression {
    const { at } = this.take()
    this.expect('(')
    const side = this.isWord('BOTH', 'LEADING', 'TRAILING') ? this.take().text : undefined
    const name = side === 'LEADING' ? 'ltrim' : side === 'TRAILING' ? 'rtrim' : 'trim'
    if (side && this.accept('FROM')) return this.builtCall(name, at, [this.value()])
    const first = this.value()
    if (this.accept('FROM')) return this.builtCall(name, at, [this.value(), first])
    return this.builtCall(name, at, this.accept(',') ? [first, this.value()] : [first])
  }

  private position(): Expression {
    const { at } = this.take()
    this.expect('(')
    const needle = this.value()
    this.expect('IN')
    return this.builtCall('strpos', at, [this.value(), needle])
  }

  private substring(): Expression {
    const { at } = this.take()
    this.expect('(')
    const args = [this.expression()]
    const from = this.accept('FROM')
    if (from || this.accept(',')) args.push(this.expression())
    if (from ? this.accept('FOR') : this.accept(',')) args.push(this.expression())
    return this.callSuffix(this.builtCall('substring', at, args))
  }

  private normalize(): Expression {
    const { at } = this.take()
    this.expect('(')
    const value = this.value()
    const { at: formAt, end } = this.token
    const form = this.accept(',') ? this.name().name.toUpperCase() : 'NFC'
    return this.builtCall('normalize', at, [value, { kind: 'string', text: form, at: formAt, end }])
  }

  /** `LISTAGG(value [, separator] [ON OVERFLOW …]) WITHIN GROUP (ORDER BY …)`. */
  private listagg(): Expression {
    const { at, end } = this.take()
    this.expect('(')
    const distinct = this.accept('DISTINCT')
    const value = this.expression()
    const separator: Expression = this.accept(',') ? this.value() : { kind: 'string', text: '', at, end }
    if (this.accept('ON', 'OVERFLOW') && !this.accept('ERROR')) {
      this.expect('TRUNCATE')
      if (this.token.kind === 'string') this.take()
      if (this.accept('WITH') || this.accept('WITHOUT')) this.expect('COUNT')
    }
    const call = this.builtCall('listagg', at, [value, separator])
    call.distinct = distinct
    this.expect('WITHIN', 'GROUP', '(')
    call.orderBy = this.orderBy()
    this.expect(')')
    return this.callSuffix(call)
  }

  private jsonPath(name: 'JSON_EXISTS' | 'JSON_VALUE' | 'JSON_QUERY'): Expression {
    const { at } = this.take()
    this.expect('(')
    const input = this.expression()
    this.accept('FORMAT', 'JSON')
    this.expect(',')
    if (this.token.kind !== 'string') this.mismatch('<string>')
    const path = this.take().text
    const options: JsonOptions = {}
    if (this.accept('RETURNING')) options.returning = this.type()
    if (this.accept('WITH')) {
      options.wrapper = this.accept('CONDITIONAL') ? 'CONDITIONAL' : (this.accept('UNCONDITIONAL'), 'UNCONDITIONAL')
      this.accept('ARRAY')
      this.expect('WRAPPER')
    } else if (this.accept('WITHOUT')) {
      this.accept('ARRAY')
      this.expect('WRAPPER')
    }
    if (this.isWord('KEEP', 'OMIT')) {
      options.omitQuotes = this.take().text === 'OMIT'
      this.expect('QUOTES')
    }
    while (!this.isSymbol(')')) this.jsonBehaviour(options)
    this.expect(')')
    return { kind: 'jsonPath', function: name, input, path, options, at, end: this.lastEnd }
  }

  /** `NULL ON EMPTY`, `DEFAULT 0 ON ERROR`, `EMPTY ARRAY ON ERROR`, `TRUE ON ERROR`. */
  private jsonBehaviour(options: JsonOptions): void {
    const what = this.take().text
    const fallback = what === 'DEFAULT' ? this.value() : undefined
    const detail = what === 'EMPTY' ? ` ${this.take().text}` : ''
    this.expect('ON')
    if (this.accept('EMPTY')) Object.assign(options, { onEmpty: what + detail, emptyDefault: fallback })
    else {
      this.expect('ERROR')
      Object.assign(options, { onError: what + detail, errorDefault: fallback })
    }
  }

  private jsonObject(): Expression {
    const { at } = this.take()
    this.expect('(')
    const members: { key: Expression; value: Expression; json: boolean }[] = []
    if (!this.isSymbol(')') && !this.isWord('NULL', 'ABSENT', 'WITH', 'WITHOUT', 'RETURNING'))
      this.list(() => {
        const keyword = this.isWord('KEY') && this.look().text !== ':' && this.accept('KEY')
        const key = this.value()
        if (keyword || !this.isSymbol(':')) this.expect('VALUE')
        else this.expect(':')
        const value = this.expression()
        members.push({ key, value, json: this.accept('FORMAT', 'JSON') })
      })
    const absentOnNull = this.nullHandling(false)
    const unique = this.accept('WITH', 'UNIQUE') || (this.accept('WITHOUT', 'UNIQUE') && false)
    this.accept('KEYS')
    this.jsonReturning()
    this.expect(')')
    return { kind: 'jsonObject', members, absentOnNull, unique, at, end: this.lastEnd }
  }

  private jsonArray(): Expression {
    const { at } = this.take()
    this.expect('(')
    const elements: { value: Expression; json: boolean }[] = []
    if (!this.isSymbol(')') && !this.areNext('NULL', 'ON') && !this.isWord('ABSENT', 'RETURNING'))
      this.list(() => elements.push({ value: this.expression(), json: this.accept('FORMAT', 'JSON') }))
    const absentOnNull = this.nullHandling(true)
    this.jsonReturning()
    this.expect(')')
    return { kind: 'jsonArray', elements, absentOnNull, at, end: this.lastEnd }
  }

  private nullHandling(absentByDefault: boolean): boolean {
    if (this.accept('NULL', 'ON', 'NULL')) return false
    return this.accept('ABSENT', 'ON', 'NULL') || absentByDefault
  }

  private jsonReturning(): void {
    if (!this.accept('RETURNING')) return
    this.type()
    this.accept('FORMAT', 'JSON')
  }

  protected frame(): Frame {
    const { at, text } = this.take()
    const unit = text as Frame['unit']
    const between = this.accept('BETWEEN')
    const start = this.bound()
    if (between) this.expect('AND')
    const end_: Bound = between ? this.bound() : { kind: 'CURRENT ROW', at, end: this.lastEnd }
    return { unit, start, end_, at, end: this.lastEnd }
  }

  private bound(): Bound {
    const at = this.token.at
    for (const kind of ['UNBOUNDED PRECEDING', 'UNBOUNDED FOLLOWING', 'CURRENT ROW'] as const)
      if (this.accept(...kind.split(' '))) return { kind, at, end: this.lastEnd }
    const value = this.expression()
    if (!this.isWord('PRECEDING', 'FOLLOWING')) this.mismatch("'FOLLOWING'", "'PRECEDING'")
    return { kind: this.take().text as 'PRECEDING', value, at, end: this.lastEnd }
  }
}
