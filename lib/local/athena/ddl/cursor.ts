import { QueryError } from '../sql/error.ts'

/** One token of a DDL statement. `value` is what the writer meant: unquoted, strings unescaped, names folded to lower case. */
export interface Token {
  kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'end'
  text: string
  value: string
  start: number
}

/** Reads a statement token by token, so that the query inside a CTAS or an UNLOAD is never tokenized by DDL rules. Hive's strings know backslashes,
 *  Trino's do not (`escapes`). Every refusal is a SYNTAX_ERROR with the place in the text as typed. */
export class Cursor {
  readonly sql: string
  escapes = true
  private position = 0
  private ahead: Token | undefined

  constructor(sql: string, start = 0) {
    this.sql = sql
    this.position = start
  }

  peek(): Token {
    this.ahead ??= this.lex()
    return this.ahead
  }

  next(): Token {
    const token = this.peek()
    this.ahead = undefined
    this.position = token.start + token.text.length
    return token
  }

  /** Where the next token begins. */
  get offset(): number {
    return this.peek().start
  }

  /** Undo: goes on reading at `offset`. */
  rewind(offset: number): void {
    this.ahead = undefined
    this.position = offset
  }

  at(...words: string[]): boolean {
    const mark = this.offset
    const same = words.every(word => isWord(this.next(), word))
    this.rewind(mark)
    return same
  }

  /** Reads the words when all of them come next. */
  accept(...words: string[]): boolean {
    if (!this.at(...words)) return false
    for (const _ of words) this.next()
    return true
  }

  expect(...words: string[]): void {
    for (const word of words) if (!this.accept(word)) this.fail(`'${word}'`)
  }

  /** A name, folded to lower case as the catalog keeps it; Hive quotes with backticks only. */
  name(): string {
    const token = this.peek()
    const foreign = this.escapes && token.text.startsWith('"')
    if ((token.kind !== 'word' && token.kind !== 'name') || foreign) this.fail('identifier')
    return this.next().value.toLowerCase()
  }

  string(): string {
    if (this.peek().kind === 'name' && this.peek().text.startsWith('"')) return this.next().value
    if (this.peek().kind !== 'string') this.fail('string')
    return this.next().value
  }

  integer(): number {
    if (this.peek().kind !== 'number') this.fail('integer')
    return Number(this.next().value)
  }

  /** `( item, item, … )` */
  list<T>(item: () => T): T[] {
    this.expect('(')
    const items = [item()]
    while (this.accept(',')) items.push(item())
    this.expect(')')
    return items
  }

  /** The statement must end here; one semicolon may follow. */
  end(): void {
    this.accept(';')
    if (this.peek().kind !== 'end') this.fail('<EOF>')
  }

  fail(...expecting: string[]): never {
    const token = this.peek()
    const found = token.kind === 'end' ? '<EOF>' : token.text
    const wanted = expecting.length ? `. Expecting: ${expecting.join(', ')}` : ''
    throw new QueryError('SYNTAX_ERROR', `mismatched input '${found}'${wanted}`, { at: place(this.sql, token.start) })
  }

  private lex(): Token {
    const start = skipBlanks(this.sql, this.position)
    const rest = this.sql.slice(start, start + 1)
    if (rest === '') return { kind: 'end', text: '', value: '', start }
    const quoted = this.quoted(start, rest)
    if (quoted) return quoted
    const match = /[A-Za-z_][A-Za-z0-9_@$]*|\d+(?:\.\d+)?[A-Za-z_]*[A-Za-z0-9_]*|!=|<>|<=|>=|[^]/y
    match.lastIndex = start
    const text = match.exec(this.sql)![0]
    if (/^\d+(\.\d+)?$/.test(text)) return { kind: 'number', text, value: text, start }
    return { kind: /^[\w]/.test(text) ? 'word' : 'symbol', text, value: text, start }
  }

  private quoted(start: number, quote: string): Token | undefined {
    if (quote !== "'" && quote !== '"' && quote !== '`') return undefined
    const escapes = this.escapes && quote !== '`'
    let value = ''
    for (let i = start + 1; i < this.sql.length; i++) {
      const char = this.sql[i]!
      if (escapes && char === '\\' && i + 1 < this.sql.length) {
        const [text, length] = unescape(this.sql, i)
        value += text
        i += length - 1
      } else if (char !== quote) value += char
      else if (this.sql[i + 1] === quote) value += this.sql[i++]
      else return { kind: quote === "'" ? 'string' : 'name', text: this.sql.slice(start, i + 1), value, start }
    }
    throw new QueryError('SYNTAX_ERROR', `mismatched input '${quote}'. Expecting: <string>`, { at: place(this.sql, start) })
  }
}

const isWord = (token: Token, word: string) =>
  (token.kind === 'word' || token.kind === 'symbol') && token.text.toUpperCase() === word.toUpperCase()

/** Hive's escapes: `\t`, `\n`, `\r`, `\0`, `\u0001`, octal `\001`; any other character stands for itself. Answers the text and what it took. */
function unescape(sql: string, at: number): [string, number] {
  const unicode = /^\\u([0-9a-fA-F]{4})/.exec(sql.slice(at, at + 6))
  if (unicode) return [String.fromCharCode(Number.parseInt(unicode[1]!, 16)), 6]
  const octal = /^\\([0-3][0-7]{2})/.exec(sql.slice(at, at + 4))
  if (octal) return [String.fromCharCode(Number.parseInt(octal[1]!, 8)), 4]
  const short: Record<string, string> = { t: '\t', n: '\n', r: '\r', b: '\b', '0': '\0', Z: '\u001a' }
  const char = sql[at + 1]!
  return [short[char] ?? char, 2]
}

/** The offset of the first character that is neither blank nor comment. An unclosed block comment is not one. */
export function skipBlanks(sql: string, from: number): number {
  const blanks = /(?:\s|--[^\n]*|\/\*[^]*?\*\/)*/y
  blanks.lastIndex = from
  return from + blanks.exec(sql)![0].length
}

/** Line and column of an offset, from 1. */
export function place(sql: string, offset: number): { line: number; column: number } {
  const before = sql.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}
