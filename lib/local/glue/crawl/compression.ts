import { closeSync, createReadStream, openSync, readSync, type ReadStream } from 'node:fs'
import { createGunzip, createInflateRaw, gunzipSync, type Gunzip, type InflateRaw } from 'node:zlib'
import { unpackLz4 } from './lz4.ts'
import { unsnap } from './snappy.ts'

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
/** Snappy and LZ4 are read as a whole, and no more than this; larger objects are left unread. */
const mostInMemory = 64 * 1024 * 1024
/** The end of a zip archive: 22 bytes and a comment. */
const mostZipTail = 22 + 0xffff

/** The first `limit` bytes of a file's content, whatever it is wrapped in (found by its first bytes, not by its name). Throws on damaged wrapping. */
export async function readHead({ path, key, sizeBytes }: Stored, limit: number): Promise<Head> {
  const start = readBytes(path, Math.min(sizeBytes, Math.max(limit, smallFile)))
  const compression = compressionOf(start, key)
  if (compression === 'none')
    return { compression, bytes: start.subarray(0, limit), storedBytes: Math.min(limit, sizeBytes), whole: sizeBytes <= limit }
  if (compression === 'gzip') return gunzipHead(path, { start, sizeBytes, limit })
  if (compression === 'zip') return unzipHead({ path, key, sizeBytes }, limit)
  if (compression === 'bzip2' || sizeBytes > mostInMemory)
    return { compression, bytes: new Uint8Array(), storedBytes: 0, whole: false }
  const packed = start.length === sizeBytes ? start : readBytes(path, sizeBytes)
  // One byte more tells whether something follows.
  const { bytes, packedBytes } = (compression === 'lz4' ? unpackLz4 : unsnap)(packed, limit + 1)
  const whole = bytes.length <= limit
  return {
    compression,
    bytes: bytes.subarray(0, limit),
    storedBytes: whole ? sizeBytes : (packedBytes * limit) / bytes.length,
    whole,
  }
}

function readBytes(path: string, length: number, position = 0): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, position))
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
  return { compression: 'gzip', ...(await streamHead(createReadStream(path), createGunzip(), { sizeBytes, limit })) }
}

/** The one file of a zip archive, found by the directory at its end; Glue reads no archive of several. */
async function unzipHead({ path, sizeBytes }: Stored, limit: number): Promise<Head> {
  const tail = readBytes(path, Math.min(sizeBytes, mostZipTail), Math.max(0, sizeBytes - mostZipTail))
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end === -1) throw new Error('the zip archive has no directory')
  if (tail.readUInt16LE(end + 10) !== 1) throw new Error('the zip archive holds more than one file')
  const entry = readBytes(path, 46, tail.readUInt32LE(end + 16))
  const method = entry.readUInt16LE(10)
  const packed = entry.readUInt32LE(20)
  const start = entry.readUInt32LE(42)
  const local = readBytes(path, 30, start)
  const from = start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  if (method !== 0 && method !== 8) throw new Error(`the zip archive is packed by method ${method}`)
  if (packed === 0 || from + packed > sizeBytes) throw new Error('the zip archive is damaged')
  const source = createReadStream(path, { start: from, end: from + packed - 1 })
  return {
    compression: 'zip',
    ...(await streamHead(source, method === 8 ? createInflateRaw() : undefined, { sizeBytes, limit })),
  }
}

/** Unpacks no more of a stream than `limit` bytes. */
async function streamHead(
  source: ReadStream,
  unpack: Gunzip | InflateRaw | undefined,
  { sizeBytes, limit }: { sizeBytes: number; limit: number },
): Promise<Omit<Head, 'compression'>> {
  const parts: Buffer[] = []
  let length = 0
  const stream = unpack ? source.pipe(unpack) : source
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
  const storedBytes = whole ? sizeBytes : ((unpack?.bytesWritten ?? length) * limit) / length
  return { bytes: Buffer.concat(parts).subarray(0, limit), storedBytes, whole }
}
