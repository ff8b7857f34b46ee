import { createRequire } from 'node:module'
import { gunzip, zstdDecompress } from 'node:zlib'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
const gunzipAsync = promisify(gunzip)
const zstdAsync = promisify(zstdDecompress)

/** Above this a batch is refused: a few hundred KB can unpack to gigabytes. */
const maxOutputLength = 256 * 1024 * 1024

/** The records part of a batch, unpacked. `compression` is the codec of its attributes. Throws whatever the codec finds wrong. */
export async function decompress(compression: number, body: Buffer): Promise<Buffer> {
  switch (compression) {
    case 0:
      return body
    case 1:
      return gunzipAsync(body, { maxOutputLength })
    case 2:
      return unsnappy(body)
    case 3:
      return lz4(body)
    case 4:
      return zstdAsync(body, { maxOutputLength })
    default:
      throw new Error(`unknown compression type ${compression}`)
  }
}

/** Java frames snappy in blocks (`\x82SNAPPY\0`, two i32 versions, then i32 length and block each); librdkafka sends one raw block. */
const snappyMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

function unsnappy(body: Buffer): Buffer {
  if (!body.subarray(0, 8).equals(snappyMagic)) return unsnappyBlock(body)
  const blocks: Buffer[] = []
  let total = 0
  for (let at = 16; at < body.length;) {
    const length = body.readInt32BE(at)
    if (length < 0 || at + 4 + length > body.length) throw new Error('a snappy block is not whole')
    const block = unsnappyBlock(body.subarray(at + 4, at + 4 + length), maxOutputLength - total)
    total += block.length
    blocks.push(block)
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

/** A block begins with the length it unpacks to, a varint; the library takes that much memory before it looks at the rest. */
function unsnappyBlock(block: Buffer, limit: number = maxOutputLength): Buffer {
  const { uncompressSync } = require('snappy') as { uncompressSync(input: Buffer): Buffer }
  let length = 0
  for (let at = 0; at < 5; at++) {
    length += (block[at] & 0x7f) * 2 ** (7 * at)
    if (!(block[at] & 0x80)) break
  }
  if (!(length <= limit)) throw new Error(`a snappy block says that it unpacks to ${length} bytes`)
  return uncompressSync(block)
}

function lz4(body: Buffer): Promise<Buffer> {
  const { decompressFrame } = require('lz4-napi') as { decompressFrame(input: Buffer): Promise<Buffer> }
  return decompressFrame(body)
}
