import type { Column } from '@aws-sdk/client-glue'
import { foldName, invalidInput } from './names.ts'

/** A partition's values -> whether they match. */
export type PartitionFilter = (values: string[]) => boolean

type Value = string | number | bigint | null
type Read = (values: string[]) => Value
interface Operand {
  read: Read
  /** The type of the key it names; a literal takes the type of what it is compared with. */
  type?: string
  literal?: string
}

/**
 * Compiles the filter of `GetPartitions`: `= <> != < <= > >= AND OR NOT IN BETWEEN LIKE IS NULL` and parentheses on partition keys, compared by the
 * key's type (string, char, varchar, date, timestamp, tinyint, smallint, int, bigint, long, decimal). Fails with InvalidInputException.
 */
export function compileExpression(expression: string, keys: Column[]): PartitionFilter {
  const parser = new Parser(expression, keys)
  const filter = parser.or()
  parser.end()
  return filter
}

class Parser {
  readonly #expression: string
  readonly #keys: Column[]
  readonly #tokens: string[]
  #at = 0

  constructor(expression: string, keys: Column[]) {
    this.#expression = expression
    this.#keys = keys
    this.#tokens = tokenize(expression) ?? this.#fail()
  }

  or(): PartitionFilter {
    let left = this.#and()
    while (this.#word('OR')) left = either(left, this.#and())
    return left
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#fail()
  }

  #and(): PartitionFilter {
    let left = this.#not()
    while (this.#word('AND')) left = both(left, this.#not())
    return left
  }

  #not(): PartitionFilter {
    if (!this.#word('NOT')) return this.#primary()
    const inner = this.#not()
    return values => !inner(values)
  }

  #primary(): PartitionFilter {
    if (this.#tokens[this.#at] !== '(') return this.#comparison()
    this.#at += 1
    const inner = this.or()
    this.#expect(')')
    return inner
  }

  #comparison(): PartitionFilter {
    const left = this.#operand()
    if (this.#word('IS')) {
      const negated = this.#word('NOT')
      if (!this.#word('NULL')) this.#fail()
      return values => (left.read(values) === null) !== negated
    }
    const negated = this.#word('NOT')
    const test = this.#predicate(left, negated)
    return negated ? values => left.read(values) !== null && !test(values) : test
  }

  #predicate(left: Operand, negated: boolean): PartitionFilter {
    if (this.#word('IN')) return this.#in(left)
    if (this.#word('BETWEEN')) {
      const low = this.#operand()
      if (!this.#word('AND')) this.#fail()
      return both(compare('>=', left, low), compare('<=', left, this.#operand()))
    }
    if (this.#word('LIKE')) return this.#like(left)
    const operator = this.#tokens[this.#at++]
    if (negated || operator === undefined || !/^(=|<>|!=|<=|>=|<|>)$/.test(operator)) return this.#fail()
    return compare(operator, left, this.#operand())
  }

  #in(left: Operand): PartitionFilter {
    this.#expect('(')
    let found = compare('=', left, this.#operand())
    while (this.#tokens[this.#at] === ',') {
      this.#at += 1
      found = either(found, compare('=', left, this.#operand()))
    }
    this.#expect(')')
    return found
  }

  #like(left: Operand): PartitionFilter {
    const { literal } = this.#operand()
    if (literal === undefined) return this.#fail()
    const source = literal
      .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replaceAll('%', '[^]*')
      .replaceAll('_', '[^]')
    const pattern = new RegExp(`^${source}$`, 'u')
    return values => pattern.test(String(left.read(values) ?? ''))
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at++]
    if (token === undefined) return this.#fail()
    if (token.startsWith("'")) return literal(token.slice(1, -1).replaceAll("''", "'"))
    if (/^[-+]?[\d.]/.test(token)) return literal(token)
    if (/^(date|timestamp)$/i.test(token) && this.#tokens[this.#at]?.startsWith("'")) return this.#operand()
    if (!/^[\w"`]/.test(token)) return this.#fail()
    return this.#key(foldName(token.replace(/^["`]|["`]$/g, '')))
  }

  #key(name: string): Operand {
    const at = this.#keys.findIndex(key => foldName(key.Name!) === name)
    if (at === -1) throw invalidInput(`Unknown column '${name}'`)
    const type = (this.#keys[at]!.Type ?? 'string').toLowerCase()
    convert('', type, true)
    return { type, read: values => (values[at] === '__HIVE_DEFAULT_PARTITION__' ? null : convert(values[at]!, type)) }
  }

  #word(word: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== word) return false
    this.#at += 1
    return true
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at++] !== token) this.#fail()
  }

  #fail(): never {
    throw invalidInput(`Unsupported expression '${this.#expression}'`)
  }
}

function tokenize(text: string): string[] | undefined {
  const token = /\s*('(?:[^']|'')*'|"[^"]*"|`[^`]*`|[-+]?(?:\d+\.?\d*|\.\d+)(?![\w.])|\w+|<>|!=|<=|>=|[=<>(),])/uy
  const tokens: string[] = []
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const found = token.exec(text)
    if (!found) return undefined
    tokens.push(found[1]!)
  }
  return tokens.length > 0 ? tokens : undefined
}

const literal = (text: string): Operand => ({ literal: text, read: () => text })
const both =
  (left: PartitionFilter, right: PartitionFilter): PartitionFilter =>
  values =>
    left(values) && right(values)
const either =
  (left: PartitionFilter, right: PartitionFilter): PartitionFilter =>
  values =>
    left(values) || right(values)

function compare(operator: string, left: Operand, right: Operand): PartitionFilter {
  const a = typed(left, right.type)
  const b = typed(right, left.type)
  return values => {
    const x = a(values)
    const y = b(values)
    if (x === null || y === null) return false
    if (operator === '=') return x == y
    if (operator === '<>' || operator === '!=') return x != y
    if (operator === '<') return x < y
    if (operator === '<=') return x <= y
    return operator === '>' ? x > y : x >= y
  }
}

/** A literal is converted once, to the type of the other side. */
function typed(operand: Operand, type: string | undefined): Read {
  if (operand.literal === undefined) return operand.read
  const value = convert(operand.literal, type ?? 'string')
  return () => value
}

/** Text -> something that compares as the key's type does. `check` only asks whether the type can be filtered on. */
function convert(text: string, type: string, check = false): Value {
  if (/^(string|char|varchar)\b/.test(type)) return text
  if (/^(tinyint|smallint|int|integer|bigint|long)$/.test(type)) {
    if (!check && !/^[-+]?\d+$/.test(text)) throw invalidInput(`"${text}" is not an integer.`)
    return check ? null : BigInt(text.replace(/^\+/, ''))
  }
  if (/^(decimal|double|float)\b/.test(type)) {
    if (!check && (text.trim() === '' || Number.isNaN(Number(text)))) throw invalidInput(`"${text}" is not a decimal.`)
    return check ? null : Number(text)
  }
  if (type === 'date') {
    if (!check && !/^\d{4}-\d{2}-\d{2}$/.test(text)) throw invalidInput(`"${text}" is not a date.`)
    return text
  }
  if (type === 'timestamp') {
    const at = Date.parse(text.replace(' ', 'T') + (/[T ]/.test(text) ? 'Z' : ''))
    if (!check && Number.isNaN(at)) throw invalidInput(`"${text}" is not a timestamp.`)
    return check ? null : at
  }
  throw invalidInput(`Unknown type : '${type}'`)
}
