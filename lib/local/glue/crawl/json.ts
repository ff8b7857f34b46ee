import { FieldTypes } from './fieldTypes.ts'
import { scalar, unseen, widen, type OwnStructs, type Type } from './types.ts'

/** What a text of JSON values holds: the type of all its records together. */
export interface JsonSample {
  /** Of the top-level objects and arrays; a struct with the one field `array` for a whole array. */
  type: Type
  records: number
  /** Characters up to the end of the last whole record. */
  used: number
}

const int = scalar('int')
const bigint = scalar('bigint')
const double = scalar('double')
const boolean = scalar('boolean')
const string = scalar('string')

/** A number with a fraction or an exponent is a double even when it is whole (`0.0`): which is why `JSON.parse` cannot do this. */
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
const deepest = 200
/** More digits, with a sign, are beyond 64 bits. */
const mostDigits = 20

const Invalid = Symbol('not JSON')
const Incomplete = Symbol('the text ends inside a value')

/** Records, or elements of a whole array, between two yields: about a millisecond. */
const stride = 300

/**
 * Reads the documents of `text`: one, one per line, or one behind the other, pretty-printed or not. Answers `undefined` when it does not start with an
 * object or array, 'incomplete' when not even the first ends in the text. A broken record later on is passed over up to its line's end. Yields now and
 * then, so that the caller can let others run.
 */
export function* sampleJson(text: string): Generator<void, JsonSample | 'incomplete' | undefined> {
  const reader = new TypeReader(text)
  let type: Type = unseen
  let last: Type = unseen
  const own: OwnStructs = new WeakSet()
  let records = 0
  let used = 0
  for (let tried = 1; reader.skipBlanks(); tried += 1) {
    if (tried % stride === 0) yield
    try {
      const record: Type = yield* reader.record(last)
      if (record !== last) type = widen(type, record, own)
      last = record
    } catch (problem) {
      if (problem === Incomplete) break
      if (problem !== Invalid) throw problem
      if (records === 0) return undefined
      if (!reader.skipLine(used)) break
      continue
    }
    records += 1
    used = reader.at
  }
  if (records > 0) return { type, records, used: reader.skipBlanks() ? used : text.length }
  return text.trim() === '' ? undefined : 'incomplete'
}

/** Fewer yields: one of `stride`. */
function* strided(steps: Generator<void, Type>): Generator<void, Type> {
  for (let at = 1; ; at += 1) {
    const { done, value } = steps.next()
    if (done) return value
    if (at % stride === 0) yield
  }
}

class TypeReader {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    if (text.charCodeAt(0) === 0xfeff) this.at = 1
  }

  skipBlanks(): boolean {
    while (this.at < this.#text.length && isBlank(this.#text.charCodeAt(this.at))) this.at += 1
    return this.at < this.#text.length
  }

  skipLine(from: number): boolean {
    const end = this.#text.indexOf('\n', Math.max(from + 1, this.at))
    this.at = end === -1 ? this.#text.length : end + 1
    return end !== -1
  }

  /**
   * A top-level value: an object, or an array, which Glue takes as one object with the column `array`. Only the first one can be larger than a sample:
   * it is read in steps, and those after it (`like` it) at once.
   */
  *record(like: Type): Generator<void, Type> {
    const first = this.#text[this.at]
    if (first === '{') return like === unseen ? yield* strided(this.#members()) : this.#value(0, like)
    if (first !== '[') throw Invalid
    return { kind: 'struct', fields: new Map([['array', yield* strided(this.#elements(0))]]) }
  }

  /** `like` is the type of the value before: an object of the same shape has the very same type, which spares making it anew. */
  #value(depth: number, like: Type): Type {
    if (depth > deepest) throw Invalid
    if (!this.skipBlanks()) throw Incomplete
    const first = this.#text.charCodeAt(this.at)
    if (first === 0x22) return this.#string()
    if (first === 0x7b) return this.#object(depth, like)
    if (first === 0x5b) return this.#array(depth)
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return this.#number()
    if (first === 0x74) return this.#word('true', boolean)
    if (first === 0x66) return this.#word('false', boolean)
    if (first === 0x6e) return this.#word('null', unseen)
    throw Invalid
  }

  #object(depth: number, like: Type): Type {
    const shape = new FieldTypes(like)
    this.at += 1
    if (this.#next() === '}') return this.#closed(shape.type())
    for (;;) {
      const name = this.#fieldName()
      shape.add(name, this.#value(depth + 1, shape.expected(name)))
      if (this.#isLast('}')) return this.#closed(shape.type())
    }
  }

  /** A top-level object. Yields after each field, and after each element of an array in it. */
  *#members(): Generator<void, Type> {
    const shape = new FieldTypes(unseen)
    this.at += 1
    if (this.#next() === '}') return this.#closed(shape.type())
    for (;;) {
      const name = this.#fieldName()
      shape.add(name, this.#next() === '[' ? yield* this.#elements(1) : this.#value(1, unseen))
      if (this.#isLast('}')) return this.#closed(shape.type())
      yield
    }
  }

  /** Reads up to the value. */
  #fieldName(): string {
    if (this.#next() !== '"') throw Invalid
    const name = this.#name()
    if (this.#next() !== ':') throw Invalid
    this.at += 1
    return name
  }

  /** Whether `end` follows a field or element; else passes over the comma. */
  #isLast(end: string): boolean {
    if (this.#next() === end) return true
    if (this.#text[this.at] !== ',') throw Invalid
    this.at += 1
    return false
  }

  #array(depth: number): Type {
    const elements = this.#elements(depth)
    for (;;) {
      const { done, value } = elements.next()
      if (done) return value
    }
  }

  /** Yields after each element. */
  *#elements(depth: number): Generator<void, Type> {
    let element: Type = unseen
    let last: Type = unseen
    const own: OwnStructs = new WeakSet()
    let count = 0
    this.at += 1
    if (this.#next() === ']') return this.#closed({ kind: 'array', element, count })
    for (;;) {
      const value = this.#value(depth + 1, last)
      if (value !== last) element = widen(element, value, own)
      last = value
      count += 1
      if (this.#isLast(']')) return this.#closed({ kind: 'array', element, count })
      yield
    }
  }

  #closed(type: Type): Type {
    this.at += 1
    return type
  }

  #next(): string {
    if (!this.skipBlanks()) throw Incomplete
    return this.#text[this.at]!
  }

  #name(): string {
    const start = this.at
    this.#string()
    const quoted = this.#text.slice(start, this.at)
    return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  }

  #string(): Type {
    for (let at = this.at + 1; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at)
      if (code === 0x22) {
        this.at = at + 1
        return string
      }
      if (code === 0x5c) at = this.#escapeEnd(at + 1)
      else if (code < 0x20) throw Invalid
    }
    throw Incomplete
  }

  /** The last character of the escape whose letter stands at `at`. */
  #escapeEnd(at: number): number {
    if (at >= this.#text.length) throw Incomplete
    if (this.#text[at] !== 'u') {
      if (!'"\\/bfnrt'.includes(this.#text[at]!)) throw Invalid
      return at
    }
    const digits = this.#text.slice(at + 1, at + 5)
    if (!/^[\da-f]*$/i.test(digits)) throw Invalid
    if (digits.length < 4) throw Incomplete
    return at + 4
  }

  #number(): Type {
    number.lastIndex = this.at
    const found = number.exec(this.#text)
    if (!found) throw this.at + 1 >= this.#text.length ? Incomplete : Invalid
    this.at = number.lastIndex
    if (this.at === this.#text.length) throw Incomplete
    if (found[1] || found[2]) return double
    return integerType(found[0], int)
  }

  #word(word: string, type: Type): Type {
    const here = this.#text.slice(this.at, this.at + word.length)
    if (here !== word) throw word.startsWith(here) && this.at + here.length === this.#text.length ? Incomplete : Invalid
    this.at += word.length
    return type
  }
}

/** `small` when it fits 32 bits, else bigint; a double beyond 64 bits. */
export function integerType(digits: string, small: Type): Type {
  if (digits.length <= 9) return small
  // An amount of work that grows with the square of the digits.
  if (digits.length > mostDigits) digits = digits.replace(/^(-?)0+/, '$1')
  if (digits.length > mostDigits) return double
  const value = BigInt(digits)
  if (value >= -2147483648n && value <= 2147483647n) return small
  return BigInt.asIntN(64, value) === value ? bigint : double
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
