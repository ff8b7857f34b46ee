import { unseen, widen, type Type } from './types.ts'

/** The fields of one object: those of the object before as long as they agree, a map of its own from the first that does not. */
export class FieldTypes {
  readonly #before: Type
  readonly #entries: [string, Type][]
  #agreed = 0
  #own: Map<string, Type> | undefined

  constructor(before: Type) {
    this.#before = before
    this.#entries = before.kind === 'struct' ? entriesOf(before.fields) : []
  }

  expected(name: string): Type {
    const entry = this.#own ? undefined : this.#entries[this.#agreed]
    return entry?.[0] === name ? entry[1] : unseen
  }

  add(name: string, type: Type): void {
    if (!this.#own) {
      const entry = this.#entries[this.#agreed]
      if (entry && entry[0] === name && entry[1] === type) {
        this.#agreed += 1
        return
      }
      this.#own = new Map(this.#entries.slice(0, this.#agreed))
    }
    const old = this.#own.get(name)
    this.#own.set(name, old ? widen(old, type) : type)
  }

  type(): Type {
    if (this.#own) return { kind: 'struct', fields: this.#own }
    if (this.#before.kind === 'struct' && this.#agreed === this.#entries.length) return this.#before
    return { kind: 'struct', fields: new Map(this.#entries.slice(0, this.#agreed)) }
  }
}

const entries = new WeakMap<Map<string, Type>, [string, Type][]>()

function entriesOf(fields: Map<string, Type>): [string, Type][] {
  let found = entries.get(fields)
  if (!found) {
    found = [...fields]
    entries.set(fields, found)
  }
  return found
}
