import { createRequire } from 'node:module'
import { part, type Unpacked } from './unpacked.ts'

const require = createRequire(import.meta.url)

const magic = 0x184d2204
/** By the bits of the block descriptor. */
const blockBytes: Record<number, number> = { 4: 64 * 1024, 5: 256 * 1024, 6: 1024 * 1024, 7: 4 * 1024 * 1024 }
/** How far back a linked block may reach. */
const windowBytes = 64 * 1024
const damage = 'the LZ4 data is damaged'

/**
 * The first `most` bytes of LZ4 frames (lz4/lz4, "lz4_Frame_format.md"); checksums are not verified. The library unpacks frames only as a whole, whatever
 * their size; so they are opened here, and it unpacks block by block: memory is bounded by `most` and one block. Throws on damage.
 */
export function unpackLz4(packed: Buffer, most: number): Unpacked {
  const out: Output = { parts: [], left: most }
  let at = 0
  while (at < packed.length && out.left > 0) {
    if (packed.readUInt32LE(at) >>> 4 === 0x184d2a5) at += 8 + packed.readUInt32LE(at + 4)
    else at = unpackFrame(packed, at, out)
  }
  return { bytes: Buffer.concat(out.parts), packedBytes: Math.min(at, packed.length) }
}

interface Output {
  parts: Uint8Array[]
  left: number
}

/** Answers where the frame ends, or where the output was full. */
function unpackFrame(packed: Buffer, start: number, out: Output): number {
  const flags = packed.readUInt8(start + 4)
  const most = blockBytes[(packed.readUInt8(start + 5) >>> 4) & 7]
  if (packed.readUInt32LE(start) !== magic || flags >>> 6 !== 1 || most === undefined) throw new Error(damage)
  // Flags, block size, content size, dictionary id, header checksum.
  let at = start + 6 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1
  let before: Buffer = Buffer.alloc(0)
  while (out.left > 0) {
    const size = packed.readUInt32LE(at)
    at += 4
    if (size === 0) return at + (flags & 0x04 ? 4 : 0)
    const end = at + (size & 0x7fffffff)
    const block = part(packed, { from: at, end, damage })
    const isLinked = (flags & 0x20) === 0
    const bytes = size >>> 31 ? block : unpackBlock(block, most, isLinked ? before : undefined)
    if (isLinked) before = Buffer.concat([before, bytes.subarray(-windowBytes)]).subarray(-windowBytes)
    out.parts.push(bytes.subarray(0, out.left))
    out.left -= Math.min(out.left, bytes.length)
    at = end + (flags & 0x10 ? 4 : 0)
  }
  return at
}

/** The library wants the size first, and takes a larger one. */
function unpackBlock(block: Buffer, most: number, before: Buffer | undefined): Buffer {
  const { uncompressSync } = require('lz4-napi') as { uncompressSync(block: Buffer, dictionary?: Buffer): Buffer }
  const size = Buffer.alloc(4)
  size.writeUInt32LE(Math.min(most, block.length * 255))
  return uncompressSync(Buffer.concat([size, block]), before)
}
