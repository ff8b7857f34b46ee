import { QueryError } from '../error.ts'
import type { Name } from './ast.ts'
import { positionOf, RESERVED, tokenize, type Token } from './tokens.ts'

/** A place in a token stream: what every part of the parser stands on. */
export class Cursor {
  readonly sql: string
  protected readonly tokens: Token[]
  protected index = 0

  constructor(sql: string, start = 0) {
    this.sql = sql
    this.tokens = tokenize(sql, start)
  }

  protected get token(): Token {
    return this.tokens[this.index]!
  }

  protected look(ahead = 1): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)]!
  }

  /** Offset after the last token taken. */
  protected get lastEnd(): number {
    return this.index ? this.tokens[this.index - 1]!.end : this.token.at
  }

  protected take(): Token {
    const token = this.token
    if (token.kind !== 'end') this.index++
    return token
  }

  protected isWord(...words: string[]): boolean {
    return this.token.kind === 'word' && words.includes(this.token.text)
  }

  /** Whether the next tokens are these words and symbols. */
  protected areNext(...texts: string[]): boolean {
    return texts.every((text, i) => {
      const token = this.look(i)
      return (token.kind === 'word' || token.kind === 'symbol') && token.text === text
    })
  }

  protected isSymbol(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol
  }

  /** Takes the words or symbols if they are all there. */
  protected accept(...texts: string[]): boolean {
    if (!this.areNext(...texts)) return false
    this.index += texts.length
    return true
  }

  protected expect(...texts: string[]): void {
    for (const text of texts) if (!this.accept(text)) this.mismatch(`'${text}'`)
  }

  protected mismatch(...expecting: string[]): never {
    const { kind, at, end } = this.token
    const found = kind === 'end' ? '<EOF>' : this.sql.slice(at, end)
    this.fail(`mismatched input '${found}'. Expecting: ${expecting.join(', ')}`, at)
  }

  protected fail(message: string, at = this.token.at): never {
    throw new QueryError('SYNTAX_ERROR', message, { at: positionOf(this.sql, at) })
  }

  protected isName(token = this.token): boolean {
    return token.kind === 'name' || (token.kind === 'word' && !RESERVED.has(token.text))
  }

  protected name(): Name {
    if (!this.isName()) this.mismatch('<identifier>')
    const { kind, text, at, end } = this.take()
    return { name: kind === 'word' ? this.sql.slice(at, end) : text, at, end }
  }

  protected nameList(): Name[] {
    this.expect('(')
    const names = this.list(() => this.name())
    this.expect(')')
    return names
  }

  protected list<T>(item: () => T): T[] {
    const items = [item()]
    while (this.accept(',')) items.push(item())
    return items
  }

  /** Runs `attempt`; goes back to where it was when that fails with a syntax error. */
  protected tryTo<T>(attempt: () => T | undefined): T | undefined {
    const index = this.index
    try {
      const result = attempt()
      if (result === undefined) this.index = index
      return result
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      this.index = index
      return undefined
    }
  }
}
