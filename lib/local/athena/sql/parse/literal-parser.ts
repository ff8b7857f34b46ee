import type { Expression } from './ast.ts'
import { TypeParser } from './type-parser.ts'

const INTERVAL_FIELDS = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND']

/** Numbers, texts, NULL, typed literals (`DATE '2020-01-01'`), intervals and `?`. */
export class LiteralParser extends TypeParser {
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
}
