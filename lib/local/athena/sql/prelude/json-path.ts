/** The path language of SQL/JSON (`lax $.a[*] ? (@.b > 1).c`) as a tree. */
export type Path =
  | { kind: 'context' | 'current' | 'last' | 'empty' }
  | { kind: 'literal'; value: unknown }
  | { kind: 'member'; base: Path; key: string | undefined; descend: boolean }
  | { kind: 'element'; base: Path; subscripts: { from: Path; to?: Path | undefined }[] | undefined }
  | { kind: 'filter'; base: Path; condition: Condition }
  | { kind: 'method'; base: Path; name: string }
  | { kind: 'binary'; operator: string; left: Path; right: Path }
  | { kind: 'sign'; operator: string; value: Path }

export type Condition =
  | { kind: 'compare'; operator: string; left: Path; right: Path }
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not' | 'isUnknown'; value: Condition }
  | { kind: 'exists'; path: Path }
  | { kind: 'startsWith'; value: Path; prefix: Path }
  | { kind: 'like'; value: Path; pattern: RegExp }

export interface PathQuery {
  strict: boolean
  path: Path
}

/** A number of a JSON text with its digits as typed. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][\w]*)|(\.\.|&&|\|\||==|!=|<>|<=|>=|[$@.*?()[\],+\-/%<>!])|$)/y
const METHODS = ['type', 'size', 'double', 'ceiling', 'floor', 'abs', 'keyvalue', 'integer', 'bigint']

/** Reads a path; undefined: it is none. */
export function readPath(text: string): PathQuery | undefined {
  try {
    return new Reader(text).whole()
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

class Reader {
  private readonly tokens: string[] = []
  private at = 0

  constructor(text: string) {
    TOKEN.lastIndex = 0
    while (TOKEN.lastIndex < text.length) {
      const match = TOKEN.exec(text)
      if (!match) throw new SyntaxError(`unexpected ${text}`)
      const token = match[1] ?? match[2] ?? match[3] ?? match[4]
      if (token === undefined) break
      this.tokens.push(token)
    }
  }

  whole(): PathQuery {
    const strict = this.accept('strict')
    if (!strict) this.expect('lax')
    const path = this.sum()
    if (this.at < this.tokens.length) throw new SyntaxError('trailing text')
    return { strict, path }
  }

  private get token(): string | undefined {
    return this.tokens[this.at]
  }

  private accept(text: string): boolean {
    if (this.token !== text) return false
    this.at++
    return true
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw new SyntaxError(`expected ${text}`)
  }

  private take(): string {
    const { token } = this
    if (token === undefined) throw new SyntaxError('unexpected end')
    this.at++
    return token
  }

  private sum(): Path {
    let left = this.product()
    while (this.token === '+' || this.token === '-') left = { kind: 'binary', operator: this.take(), left, right: this.product() }
    return left
  }

  private product(): Path {
    let left = this.signed()
    while (this.token === '*' || this.token === '/' || this.token === '%')
      left = { kind: 'binary', operator: this.take(), left, right: this.signed() }
    return left
  }

  private signed(): Path {
    if (this.token === '+' || this.token === '-') return { kind: 'sign', operator: this.take(), value: this.signed() }
    return this.accessor()
  }

  private primary(): Path {
    const token = this.take()
    if (token === '$') return { kind: 'context' }
    if (token === '@') return { kind: 'current' }
    if (token === 'last') return { kind: 'last' }
    if (token === '(') {
      const inner = this.sum()
      this.expect(')')
      return inner
    }
    if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
    if (token === 'null') return { kind: 'literal', value: null }
    if (token.startsWith('"')) return { kind: 'literal', value: JSON.parse(token) as string }
    if (/^\d/.test(token)) return { kind: 'literal', value: new JsonNumber(token) }
    throw new SyntaxError(`unexpected ${token}`)
  }

  private accessor(): Path {
    let base = this.primary()
    for (;;) {
      if (this.token === '.' || this.token === '..') base = this.member(base, this.take() === '..')
      else if (this.accept('[')) base = { kind: 'element', base, subscripts: this.subscripts() }
      else if (this.accept('?')) {
        this.expect('(')
        base = { kind: 'filter', base, condition: this.condition() }
        this.expect(')')
      } else return base
    }
  }

  private member(base: Path, descend: boolean): Path {
    const token = this.take()
    if (token === '*') return { kind: 'member', base, key: undefined, descend }
    if (token.startsWith('"')) return { kind: 'member', base, key: JSON.parse(token) as string, descend }
    if (!/^[A-Za-z_]/.test(token)) throw new SyntaxError(`unexpected ${token}`)
    if (!descend && METHODS.includes(token) && this.token === '(') {
      this.expect('(')
      this.expect(')')
      return { kind: 'method', base, name: token }
    }
    return { kind: 'member', base, key: token, descend }
  }

  private subscripts(): { from: Path; to?: Path | undefined }[] | undefined {
    if (this.accept('*')) {
      this.expect(']')
      return undefined
    }
    const list = []
    do {
      const from = this.sum()
      list.push({ from, to: this.accept('to') ? this.sum() : undefined })
    } while (this.accept(','))
    this.expect(']')
    return list
  }

  private condition(): Condition {
    let left = this.conjunction()
    while (this.accept('||')) left = { kind: 'or', left, right: this.conjunction() }
    return left
  }

  private conjunction(): Condition {
    let left = this.test()
    while (this.accept('&&')) left = { kind: 'and', left, right: this.test() }
    return left
  }

  private test(): Condition {
    if (this.accept('!')) {
      this.expect('(')
      const value = this.condition()
      this.expect(')')
      return { kind: 'not', value }
    }
    if (this.accept('exists')) {
      this.expect('(')
      const path = this.sum()
      this.expect(')')
      return { kind: 'exists', path }
    }
    return this.grouped() ?? this.predicate()
  }

  /** `( condition )`; undefined: the parenthesis belongs to a path. */
  private grouped(): Condition | undefined {
    const start = this.at
    if (!this.accept('(')) return undefined
    try {
      const value = this.condition()
      this.expect(')')
      if (!this.accept('is')) return value
      this.expect('unknown')
      return { kind: 'isUnknown', value }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.at = start
      return undefined
    }
  }

  private predicate(): Condition {
    const left = this.sum()
    const operator = this.take()
    if (['==', '!=', '<>', '<', '<=', '>', '>='].includes(operator)) return { kind: 'compare', operator, left, right: this.sum() }
    if (operator === 'starts') {
      this.expect('with')
      return { kind: 'startsWith', value: left, prefix: this.sum() }
    }
    if (operator !== 'like_regex') throw new SyntaxError(`unexpected ${operator}`)
    const pattern = JSON.parse(this.take()) as string
    const flags = this.accept('flag') ? (JSON.parse(this.take()) as string) : ''
    return { kind: 'like', value: left, pattern: new RegExp(pattern, flags.replace(/[^ims]/g, '')) }
  }
}
