import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'

/** The two index files of a segment, sorted by their first column, one entry for about every `index.interval.bytes` of log:
 *
 *     .index      relativeOffset i32 | position i32       the batch that ends with this offset starts at this position
 *     .timeindex  timestamp i64      | relativeOffset i32 no record up to this offset is later than this timestamp
 *
 *  Kept in memory in the form of the file; disposable, rebuilt from the log. */
export class SparseIndex {
  readonly path: string
  readonly #entryBytes: 8 | 12
  #entries: Buffer
  #count = 0
  #flushed = 0

  constructor(path: string, entryBytes: 8 | 12) {
    this.path = path
    this.#entryBytes = entryBytes
    this.#entries = Buffer.alloc(0)
  }

  /** Reads the file; false when it is missing, cut or unsorted. Zeroed entries at the end (a file preallocated by Kafka) are left out. */
  load(): boolean {
    if (!existsSync(this.path)) return false
    const entries = readFileSync(this.path)
    if (entries.length % this.#entryBytes !== 0) return false
    this.#entries = entries
    this.#count = entries.length / this.#entryBytes
    while (this.#count > 0 && this.#isZero(this.#count - 1)) this.#count--
    this.#flushed = this.#count * this.#entryBytes === entries.length ? this.#count : -1
    return this.#isSorted() || this.#discard()
  }

  #isSorted(): boolean {
    for (let i = 0; i < this.#count; i++) {
      if (this.value(i) < 0 || (this.#entryBytes === 8 && this.key(i) < 0)) return false
      if (i > 0 && (this.key(i) < this.key(i - 1) || this.value(i) < this.value(i - 1))) return false
    }
    return true
  }

  #discard(): false {
    this.truncate(0)
    return false
  }

  #isZero(i: number): boolean {
    const start = i * this.#entryBytes
    return this.#entries.subarray(start, start + this.#entryBytes).every(byte => byte === 0)
  }

  get count(): number {
    return this.#count
  }

  key(i: number): number {
    const at = i * this.#entryBytes
    if (this.#entryBytes === 8) return this.#entries.readInt32BE(at)
    return this.#entries.readInt32BE(at) * 0x1_0000_0000 + this.#entries.readUInt32BE(at + 4)
  }

  value(i: number): number {
    return this.#entries.readInt32BE((i + 1) * this.#entryBytes - 4)
  }

  /** The last entry whose key is at most `key`, or -1. */
  floor(key: number): number {
    let low = -1
    for (let high = this.#count - 1; low < high;) {
      const middle = Math.ceil((low + high) / 2)
      if (this.key(middle) <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  push(key: number, value: number): void {
    const at = this.#count * this.#entryBytes
    if (at + this.#entryBytes > this.#entries.length) {
      const grown = Buffer.alloc(Math.max(256 * this.#entryBytes, this.#entries.length * 2))
      this.#entries.copy(grown, 0, 0, at)
      this.#entries = grown
    }
    if (this.#entryBytes === 12) {
      const high = Math.floor(key / 0x1_0000_0000)
      this.#entries.writeInt32BE(high, at)
      this.#entries.writeUInt32BE(key - high * 0x1_0000_0000, at + 4)
    } else this.#entries.writeInt32BE(key, at)
    this.#entries.writeInt32BE(value, at + this.#entryBytes - 4)
    this.#count++
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    if (count >= this.#count) return
    this.#count = count
    this.#flushed = -1
  }

  /** Writes what is new to the file. */
  flush(): void {
    if (this.#flushed === this.#count) return
    const rewrite = this.#flushed < 0 || !existsSync(this.path)
    const from = rewrite ? 0 : this.#flushed * this.#entryBytes
    const fd = openSync(this.path, rewrite ? 'w' : 'r+')
    try {
      const end = this.#count * this.#entryBytes
      if (end > from) writeSync(fd, this.#entries, from, end - from, from)
      ftruncateSync(fd, end)
    } finally {
      closeSync(fd)
    }
    this.#flushed = this.#count
  }
}
