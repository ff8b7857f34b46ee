import { copyBack, type Unpacked } from './unpacked.ts'

/** The most that LZ4 gains: a byte that lengthens a match stands for 255. */
const mostGain = 255
const magic = 0x184d2204

/**
 * The first `most` bytes of LZ4 frames (lz4/lz4, "lz4_Frame_format.md" and "lz4_Block_format.md"); checksums are not verified. Work and memory are bounded by
 * `most` and the bytes there are, whatever sizes these declare. Throws on damage.
 */
export function unpackLz4(packed: Buffer, most: number): Unpacked {
  const reader = new FrameReader(packed, Math.min(most, packed.length * mostGain))
  while (!reader.isDone()) reader.frame()
  return { bytes: reader.out.subarray(0, reader.filled), packedBytes: reader.at }
}

class FrameReader {
  readonly out: Uint8Array
  filled = 0
  at = 0
  readonly #packed: Buffer

  constructor(packed: Buffer, most: number) {
    this.#packed = packed
    this.out = new Uint8Array(most)
  }

  isDone(): boolean {
    return this.filled === this.out.length || this.at >= this.#packed.length
  }

  frame(): void {
    const start = this.#uint32()
    if (start >>> 4 === 0x184d2a5) {
      const skipped = this.#uint32()
      this.at += skipped
      return
    }
    const flags = this.#packed.readUInt8(this.at)
    if (start !== magic || flags >>> 6 !== 1) throw damaged()
    // Flags, block size, content size, dictionary id, header checksum.
    this.at += 2 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1
    while (this.#block(flags)) if (this.filled === this.out.length) return
    if (flags & 0x04) this.at += 4
  }

  /** Whether it was not the end mark. */
  #block(flags: number): boolean {
    const size = this.#uint32()
    if (size === 0) return false
    const end = this.at + (size & 0x7fffffff)
    if (end > this.#packed.length) throw damaged()
    if (size >>> 31) this.#literals(end - this.at)
    else this.#sequences(end)
    if (this.filled < this.out.length) this.at = end + (flags & 0x10 ? 4 : 0)
    return true
  }

  #sequences(end: number): void {
    while (this.at < end && this.filled < this.out.length) {
      const token = this.#packed[this.at]!
      this.at += 1
      const literals = this.#length(token >>> 4)
      if (this.at + literals > end) throw damaged()
      this.#literals(literals)
      if (this.at >= end || this.filled === this.out.length) return
      const offset = this.#packed.readUInt16LE(this.at)
      this.at += 2
      const length = Math.min(this.#length(token & 15) + 4, this.out.length - this.filled)
      if (offset === 0 || offset > this.filled) throw damaged()
      copyBack(this.out, this.filled, { offset, length })
      this.filled += length
    }
  }

  #length(short: number): number {
    if (short < 15) return short
    for (let length = short; ;) {
      const byte = this.#packed.readUInt8(this.at)
      this.at += 1
      length += byte
      if (byte < 255) return length
    }
  }

  #literals(length: number): void {
    const room = Math.min(length, this.out.length - this.filled)
    this.out.set(this.#packed.subarray(this.at, this.at + room), this.filled)
    this.filled += room
    this.at += length
  }

  #uint32(): number {
    const value = this.#packed.readUInt32LE(this.at)
    this.at += 4
    return value
  }
}

const damaged = (): Error => new Error('the LZ4 data is damaged')
