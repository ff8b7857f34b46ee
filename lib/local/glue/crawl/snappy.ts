import { copyBack, type Unpacked } from './unpacked.ts'

/** The most that snappy gains: a copy of 64 bytes takes 3. A block that declares more than this is damaged. */
const mostGain = 22

/**
 * The first `most` bytes of an object in the framing format, in Hadoop's blocks (big-endian lengths before each) or in one raw block. Work and memory are
 * bounded by `most` and the bytes there are, whatever sizes these declare. Throws on damage.
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
  return unsnapBlock(packed, most)
}

function unsnapFrames(packed: Buffer, most: number): Unpacked {
  const parts: Uint8Array[] = []
  let left = most
  let at = 0
  while (at + 4 <= packed.length && left > 0) {
    const end = at + 4 + packed.readUIntLE(at + 1, 3)
    const type = packed[at]!
    const body = type > 0x01 ? undefined : part(packed, at + 8, end)
    if (body) {
      parts.push(type === 0x00 ? unsnapBlock(body, left).bytes : body.subarray(0, left))
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
      const { bytes } = unsnapBlock(part(packed, at + 4, end), left)
      parts.push(bytes)
      done += bytes.length
      left -= bytes.length
      at = end
    }
  }
  return { bytes: Buffer.concat(parts), packedBytes: at }
}

function part(packed: Buffer, from: number, end: number): Buffer {
  if (end < from || end > packed.length) throw damaged()
  return packed.subarray(from, end)
}

/** One raw block: its length, then literals and copies (google/snappy, "format_description.txt"). */
function unsnapBlock(packed: Buffer, most: number): Unpacked {
  const { length, start } = declaredLength(packed)
  if (length > packed.length * mostGain) throw damaged()
  const out = new Uint8Array(Math.min(length, most))
  let filled = 0
  let at = start
  while (filled < out.length) {
    const element = readElement(packed, at)
    if (filled + element.length > length || element.offset > filled) throw damaged()
    const room = Math.min(element.length, out.length - filled)
    at = element.end
    if (element.offset > 0) copyBack(out, filled, { offset: element.offset, length: room })
    else out.set(packed.subarray(at - element.length, at - element.length + room), filled)
    filled += room
  }
  if (filled === length && at < packed.length) throw damaged()
  return { bytes: out, packedBytes: at }
}

function declaredLength(packed: Buffer): { length: number; start: number } {
  let length = 0
  for (let at = 0; at < 5; at += 1) {
    const byte = packed.readUInt8(at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { length, start: at + 1 }
  }
  throw damaged()
}

/** A literal (`offset` 0, its bytes before `end`) or a copy. Reads beyond the block throw a `RangeError`. */
function readElement(packed: Buffer, at: number): { length: number; offset: number; end: number } {
  const tag = packed.readUInt8(at)
  const kind = tag & 3
  if (kind === 0) {
    const bytes = Math.max(0, (tag >>> 2) - 59)
    const length = (bytes > 0 ? packed.readUIntLE(at + 1, bytes) : tag >>> 2) + 1
    const end = at + 1 + bytes + length
    if (end > packed.length) throw damaged()
    return { length, offset: 0, end }
  }
  const bytes = kind === 3 ? 4 : kind
  const low = packed.readUIntLE(at + 1, bytes)
  const offset = kind === 1 ? ((tag >>> 5) << 8) | low : low
  if (offset === 0) throw damaged()
  return { length: kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1, offset, end: at + 1 + bytes }
}

const damaged = (): Error => new Error('the snappy data is damaged')
