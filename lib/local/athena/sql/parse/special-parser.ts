import type { Bound, Call, Expression, Frame, Query, SortItem } from './ast.ts'
import { JsonParser } from './json-parser.ts'

const CURRENT = ['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP']
const CURRENT_NAMES = ['CURRENT_USER', 'CURRENT_CATALOG', 'CURRENT_SCHEMA', 'CURRENT_PATH']

/** Literals, and the functions that have a grammar of their own: CASE, CAST, EXTRACT, TRIM, JSON_VALUE and their like. */
export abstract class SpecialParser extends JsonParser {
  abstract query(): Query
  protected abstract call(name: string, at: number): Call
  protected abstract callSuffix(call: Call): Call
  protected abstract orderBy(): SortItem[]
  protected abstract parenthesisedQuery(): Query

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
