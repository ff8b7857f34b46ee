/** Longest number: 64 bits in groups of seven. */
const mostBytes = 10

/**
 * Walks one struct of Thrift's compact protocol and throws when a number in it has more bytes than 64 bits take: a Parquet reader's work on such a number grows
 * with the square of its bytes.
 */
export function checkThrift(bytes: Buffer): void {
  new Walker(bytes).struct()
}

class Walker {
  #at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  struct(): void {
    for (;;) {
      const head = this.#bytes.readUInt8(this.#at)
      this.#at += 1
      if ((head & 15) === 0) return
      if (head >>> 4 === 0) this.#number()
      this.#value(head & 15)
    }
  }

  /** By the protocol's type numbers; a boolean's value is its type. */
  #value(type: number): void {
    if (type === 1 || type === 2) return
    if (type === 3) this.#at += 1
    else if (type >= 4 && type <= 6) this.#number()
    else if (type === 7) this.#at += 8
    else if (type === 8) this.#skip(this.#number())
    else if (type === 9) this.#list()
    else if (type === 12) this.struct()
    else throw damaged()
  }

  #skip(length: number): void {
    this.#at += length
  }

  #list(): void {
    const head = this.#bytes.readUInt8(this.#at)
    this.#at += 1
    const size = head >>> 4 === 15 ? this.#number() : head >>> 4
    const type = head & 15
    // A boolean takes a byte in a list.
    for (let left = size; left > 0 && this.#at < this.#bytes.length; left -= 1) this.#value(type === 1 || type === 2 ? 3 : type)
  }

  #number(): number {
    let value = 0
    for (let count = 0; count < mostBytes; count += 1) {
      const byte = this.#bytes.readUInt8(this.#at + count)
      value += (byte & 0x7f) * 2 ** (7 * count)
      if (byte >= 0x80) continue
      this.#at += count + 1
      return value
    }
    throw damaged()
  }
}

const damaged = (): Error => new Error('the Parquet footer is damaged')
