import { createRequire } from 'node:module'
import { part, type Unpacked } from './unpacked.ts'

const require = createRequire(import.meta.url)

/** The most that snappy gains: a copy of 64 bytes takes 3. A block that declares more than this is damaged. */
const mostGain = 22
/** A block is unpacked as a whole; those of files are of 32 to 256 KB. */
const mostBlockBytes = 64 * 1024 * 1024
const damage = 'the snappy data is damaged'

/**
 * The first `most` bytes of an object in the framing format, in Hadoop's blocks (big-endian lengths before each) or in one raw block. Memory is bounded by
 * `most` and one block, whatever sizes are declared. Throws on damage.
 */
export function unsnap(packed: Buffer, most: number): Unpacked {
  if (packed.length >= 4 && packed.readUInt32BE(0) === 0xff060000) return unsnapFrames(packed, most)
  if (packed.length > 8 && packed.readUInt32BE(4) <= packed.length - 8) {
    try {
      return unsnapHadoop(packed, most)
    } catch {
      // Not Hadoop's blocks after all.
    }
  }
  const bytes = unsnapBlock(packed)
  return { bytes: bytes.subarray(0, most), packedBytes: packed.length }
}

function unsnapFrames(packed: Buffer, most: number): Unpacked {
  const parts: Uint8Array[] = []
  let left = most
  let at = 0
  while (at + 4 <= packed.length && left > 0) {
    const end = at + 4 + packed.readUIntLE(at + 1, 3)
    const type = packed[at]!
    if (type <= 0x01) {
      const body = part(packed, { from: at + 8, end, damage })
      const bytes = type === 0x00 ? unsnapBlock(body) : body
      parts.push(bytes.subarray(0, left))
      left -= parts.at(-1)!.length
    }
    at = end
  }
  return { bytes: Buffer.concat(parts), packedBytes: Math.min(at, packed.length) }
}

function unsnapHadoop(packed: Buffer, most: number): Unpacked {
  const parts: Uint8Array[] = []
  let left = most
  let at = 0
  while (at < packed.length && left > 0) {
    const size = packed.readUInt32BE(at)
    at += 4
    for (let done = 0; done < size && left > 0;) {
      const end = at + 4 + packed.readUInt32BE(at)
      const bytes = unsnapBlock(part(packed, { from: at + 4, end, damage }))
      parts.push(bytes.subarray(0, left))
      done += bytes.length
      left -= Math.min(left, bytes.length)
      at = end
    }
  }
  return { bytes: Buffer.concat(parts), packedBytes: at }
}

/** The library takes the memory that a block declares, before it looks at the rest. */
function unsnapBlock(block: Buffer): Buffer {
  const length = declaredLength(block)
  if (length > block.length * mostGain) throw new Error(damage)
  if (length > mostBlockBytes) throw new Error(`a snappy block of ${length} bytes is more than this crawler opens`)
  const { uncompressSync } = require('snappy') as { uncompressSync(block: Buffer): Buffer }
  return uncompressSync(block)
}

function declaredLength(block: Buffer): number {
  let length = 0
  for (let at = 0; at < 5; at += 1) {
    const byte = block.readUInt8(at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length
  }
  throw new Error(damage)
}
