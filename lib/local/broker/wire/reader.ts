/** The bytes are not what the protocol says; the connection they came on is closed. */
export class MalformedRequest extends Error {
  override name = 'MalformedRequest'
}

/** Elements of all arrays of one request. Each takes tens of bytes of memory for as little as one byte on the wire. */
const maxElements = 1_000_000

/** Reads Kafka's primitive types (big-endian) from one frame. Throws `MalformedRequest` past the end, never returns partial values. */
export class Reader {
  readonly buffer: Buffer
  offset: number
  #elements = 0

  constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer
    this.offset = offset
  }

  get remaining(): number {
    return this.buffer.length - this.offset
  }

  #take(bytes: number): number {
    const start = this.offset
    if (bytes < 0 || start + bytes > this.buffer.length) {
      throw new MalformedRequest(`${bytes} bytes wanted at byte ${start} of a frame of ${this.buffer.length}`)
    }
    this.offset = start + bytes
    return start
  }

  boolean(): boolean {
    return this.buffer[this.#take(1)] !== 0
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4))
  }

  /** As a number: offsets and times are below 2^53; greater values lose their low bits. */
  int64(): number {
    const start = this.#take(8)
    return this.buffer.readInt32BE(start) * 0x1_0000_0000 + this.buffer.readUInt32BE(start + 4)
  }

  nullableString(): string | null {
    const length = this.int16()
    if (length === -1) return null
    const start = this.#take(length)
    return this.buffer.toString('utf8', start, start + length)
  }

  string(): string {
    const value = this.nullableString()
    if (value === null) throw new MalformedRequest(`a null string at byte ${this.offset - 2} where one is required`)
    return value
  }

  /** A view of the frame, not a copy. */
  nullableBytes(): Buffer | null {
    const length = this.int32()
    if (length === -1) return null
    const start = this.#take(length)
    return this.buffer.subarray(start, start + length)
  }

  bytes(): Buffer {
    const value = this.nullableBytes()
    if (value === null) throw new MalformedRequest(`null bytes at byte ${this.offset - 4} where some are required`)
    return value
  }

  /** The count of an array (-1: null), checked against what the frame can hold before anything is allocated for it. */
  arrayLength(): number {
    const length = this.int32()
    if (length === -1) return length
    this.#elements += length
    if (length < -1 || length > this.remaining || this.#elements > maxElements) {
      throw new MalformedRequest(`an array of ${length} elements at byte ${this.offset - 4}, ${this.remaining} bytes left`)
    }
    return length
  }
}
