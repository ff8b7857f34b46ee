import { createRequire } from 'node:module'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { createGunzip, gunzipSync, inflateRawSync } from 'node:zlib'
import { decompressFrameSync } from 'lz4-napi'

/** Values of the table parameter `compressionType`. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'zip' | 'bzip2' | 'lz4'

/** The start of an object's content, decompressed. */
export interface Head {
  compression: Compression
  bytes: Uint8Array
  /** Bytes of the object that `bytes` stand for. */
  storedBytes: number
  /** Nothing follows `bytes`. */
  whole: boolean
}

/** An object as far as reading it needs it. */
export interface Stored {
  key: string
  path: string
  sizeBytes: number
}

const smallFile = 64 * 1024
/** Snappy and zip are opened in memory, and no further than this; larger ones are left unread. */
const mostInMemory = 64 * 1024 * 1024
/** lz4 has no limit of its own on what comes out, at most 255 times as much. */
const mostLz4 = 1024 * 1024

/** The first `limit` bytes of a file's content, whatever it is wrapped in (found by its first bytes, not by its name). Throws on damaged wrapping. */
export async function readHead({ path, key, sizeBytes }: Stored, limit: number): Promise<Head> {
  const start = readBytes(path, Math.min(sizeBytes, Math.max(limit, smallFile)))
  const compression = compressionOf(start, key)
  if (compression === 'none')
    return { compression, bytes: start.subarray(0, limit), storedBytes: Math.min(limit, sizeBytes), whole: sizeBytes <= limit }
  if (compression === 'gzip') return gunzipHead(path, { start, sizeBytes, limit })
  if (compression === 'bzip2' || sizeBytes > (compression === 'lz4' ? mostLz4 : mostInMemory))
    return { compression, bytes: new Uint8Array(), storedBytes: 0, whole: false }
  const packed = start.length === sizeBytes ? start : readBytes(path, sizeBytes)
  const all = compression === 'zip' ? unzipOne(packed) : compression === 'lz4' ? decompressFrameSync(packed) : unsnap(packed)
  const whole = all.length <= limit
  return { compression, bytes: all.subarray(0, limit), storedBytes: whole ? sizeBytes : (sizeBytes * limit) / all.length, whole }
}

function readBytes(path: string, length: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0))
  } finally {
    closeSync(file)
  }
}

const starts = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, at) => bytes[at] === byte)

function compressionOf(bytes: Uint8Array, key: string): Compression {
  if (starts(bytes, 0x1f, 0x8b)) return 'gzip'
  if (starts(bytes, 0x42, 0x5a, 0x68)) return 'bzip2'
  if (starts(bytes, 0x50, 0x4b, 0x03, 0x04)) return 'zip'
  if (starts(bytes, 0x04, 0x22, 0x4d, 0x18)) return 'lz4'
  if (starts(bytes, 0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)) return 'snappy'
  // Hadoop's and raw snappy have no magic: only the name tells.
  return /\.(snappy|sz)$/i.test(key) ? 'snappy' : 'none'
}

async function gunzipHead(
  path: string,
  { start, sizeBytes, limit }: { start: Buffer; sizeBytes: number; limit: number },
): Promise<Head> {
  if (sizeBytes <= smallFile) {
    try {
      const bytes = gunzipSync(start, { maxOutputLength: limit })
      return { compression: 'gzip', bytes, storedBytes: sizeBytes, whole: true }
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    }
  }
  const parts: Buffer[] = []
  let length = 0
  const source = createReadStream(path)
  const gunzip = createGunzip()
  const stream = source.pipe(gunzip)
  source.on('error', error => stream.destroy(error))
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part)
      length += part.length
      if (length > limit) break
    }
  } finally {
    source.destroy()
    stream.destroy()
  }
  const whole = length <= limit
  const storedBytes = whole ? sizeBytes : (gunzip.bytesWritten * limit) / length
  return { compression: 'gzip', bytes: Buffer.concat(parts).subarray(0, limit), storedBytes, whole }
}

/** The one file of a zip archive; Glue reads no archive of several. */
function unzipOne(bytes: Buffer): Uint8Array {
  const tail = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (tail === -1) throw new Error('the zip archive has no directory')
  if (bytes.readUInt16LE(tail + 10) !== 1) throw new Error('the zip archive holds more than one file')
  const directory = bytes.readUInt32LE(tail + 16)
  const method = bytes.readUInt16LE(directory + 10)
  const packed = bytes.readUInt32LE(directory + 20)
  const local = bytes.readUInt32LE(directory + 42)
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const body = bytes.subarray(from, from + packed)
  return method === 0 ? body : inflateRawSync(body, { maxOutputLength: mostInMemory })
}

/** The framing format, Hadoop's blocks (big-endian lengths before each), or one raw block. */
function unsnap(bytes: Buffer): Uint8Array {
  if (starts(bytes, 0xff, 0x06, 0x00, 0x00)) return unsnapFrames(bytes)
  if (bytes.length > 8 && bytes.readUInt32BE(4) <= bytes.length - 8) {
    try {
      return unsnapBlocks(bytes)
    } catch {
      // Not Hadoop's blocks after all.
    }
  }
  return unsnapBlock(bytes)
}

function unsnapFrames(bytes: Buffer): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const type = bytes[at]!
    const length = bytes.readUIntLE(at + 1, 3)
    const body = bytes.subarray(at + 8, at + 4 + length)
    if (type === 0x00) parts.push(unsnapBlock(body))
    else if (type === 0x01) parts.push(body)
    at += 4 + length
  }
  return Buffer.concat(parts)
}

function unsnapBlocks(bytes: Buffer): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at)
    at += 4
    for (let done = 0; done < size;) {
      const packed = bytes.readUInt32BE(at)
      const part = unsnapBlock(bytes.subarray(at + 4, at + 4 + packed))
      parts.push(part)
      done += part.length
      at += 4 + packed
    }
  }
  return Buffer.concat(parts)
}

/** One raw block. snappyjs ends on damaged data with an error, where hyparquet's reader may not end at all. */
function unsnapBlock(bytes: Uint8Array): Uint8Array {
  const { uncompress } = createRequire(import.meta.url)('snappyjs') as {
    uncompress(input: Uint8Array, mostBytes: number): Uint8Array
  }
  return uncompress(bytes, mostInMemory)
}
