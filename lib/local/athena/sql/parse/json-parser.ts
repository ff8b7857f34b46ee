import type { Expression, JsonOptions } from './ast.ts'
import { LiteralParser } from './literal-parser.ts'

/** The JSON functions of standard SQL, which have a grammar of their own. */
export abstract class JsonParser extends LiteralParser {
  abstract expression(): Expression
  protected abstract value(): Expression

  protected jsonPath(name: 'JSON_EXISTS' | 'JSON_VALUE' | 'JSON_QUERY'): Expression {
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

  protected jsonObject(): Expression {
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

  protected jsonArray(): Expression {
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
}
