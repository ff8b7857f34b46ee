/** From this size on, bytes are passed through to the socket instead of being copied. */
const passThrough = 2048

/** Writes Kafka's primitive types (big-endian) into a list of buffers, ready for one gathered socket write. */
export class Writer {
  #done: Buffer[] = []
  #doneBytes = 0
  #buffer: Buffer
  #offset = 0

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity)
  }

  #reserve(bytes: number): number {
    const start = this.#offset
    if (start + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, start + bytes))
      this.#buffer.copy(grown, 0, 0, start)
      this.#buffer = grown
    }
    this.#offset = start + bytes
    return start
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const start = this.#reserve(1)
    this.#buffer.writeInt8(value, start)
  }

  int16(value: number): void {
    const start = this.#reserve(2)
    this.#buffer.writeInt16BE(value, start)
  }

  int32(value: number): void {
    const start = this.#reserve(4)
    this.#buffer.writeInt32BE(value, start)
  }

  /** Values beyond int64 are clamped: 2^63 - 1 is read as the number 2^63. */
  int64(value: number): void {
    const start = this.#reserve(8)
    if (value >= 0x8000_0000_0000_0000) this.#buffer.fill(0xff, start, start + 8).writeInt8(0x7f, start)
    else {
      const high = Math.floor(value / 0x1_0000_0000)
      this.#buffer.writeInt32BE(Math.max(high, -0x8000_0000), start)
      this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, start + 4)
    }
  }

  nullableString(value: string | null): void {
    if (value === null) return this.int16(-1)
    const length = Buffer.byteLength(value)
    this.int16(length)
    const start = this.#reserve(length)
    this.#buffer.write(value, start, length, 'utf8')
  }

  nullableBytes(value: Buffer | null): void {
    if (value === null) return this.int32(-1)
    this.int32(value.length)
    this.raw(value)
  }

  raw(value: Buffer): void {
    if (value.length < passThrough) {
      const start = this.#reserve(value.length)
      value.copy(this.#buffer, start)
      return
    }
    this.#close()
    this.#done.push(value)
    this.#doneBytes += value.length
    this.#buffer = Buffer.allocUnsafe(256)
  }

  #close(): void {
    if (this.#offset > 0) this.#done.push(this.#buffer.subarray(0, this.#offset))
    this.#doneBytes += this.#offset
    this.#offset = 0
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#doneBytes + this.#offset
  }

  /** All that was written, in order. The writer must not be used again. */
  chunks(): Buffer[] {
    this.#close()
    this.#buffer = Buffer.alloc(0)
    return this.#done
  }

  toBuffer(): Buffer {
    const chunks = this.chunks()
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  }
}
