import { gzipSync, zstdCompressSync } from 'node:zlib'
import { headerBytes, sealBatch } from '../../../lib/local/broker/records/batch.ts'
import { crc32c } from '../../../lib/local/broker/records/crc32c.ts'
import { pushVarint } from '../../../lib/local/broker/records/varint.ts'

export interface TestRecord {
  key?: string | null
  value?: string | null
  /** Relative to the batch's timestamp. */
  delta?: number
  headers?: [string, string][]
}

export interface TestBatch {
  records?: TestRecord[]
  timestamp?: number
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  transactional?: boolean
  compression?: 'none' | 'gzip' | 'zstd'
  attributes?: number
}

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  pushVarint(bytes, value)
  return Buffer.from(bytes)
}

const part = (value: string | null | undefined): Buffer => {
  if (value === null || value === undefined) return varint(-1)
  const encoded = Buffer.from(value)
  return Buffer.concat([varint(encoded.length), encoded])
}

function record({ key, value, delta = 0, headers = [] }: TestRecord, offsetDelta: number): Buffer {
  const pairs = headers.flatMap(([name, text]) => [part(name), part(text)])
  const body = Buffer.concat([
    Buffer.of(0),
    varint(delta),
    varint(offsetDelta),
    part(key),
    part(value),
    varint(headers.length),
    ...pairs,
  ])
  return Buffer.concat([varint(body.length), body])
}

/** A batch as a producer sends it. */
export function batch(options: TestBatch = {}): Buffer {
  const { records = [{ value: 'a' }], timestamp = Date.now(), compression = 'none', transactional = false } = options
  const plain = Buffer.concat(records.map(record))
  const body = compression === 'gzip' ? gzipSync(plain) : compression === 'zstd' ? zstdCompressSync(plain) : plain
  const codec = compression === 'gzip' ? 1 : compression === 'zstd' ? 4 : 0
  return sealBatch(Buffer.concat([Buffer.alloc(headerBytes), body]), {
    attributes: codec | (transactional ? 16 : 0) | (options.attributes ?? 0),
    baseTimestamp: timestamp,
    maxTimestamp: timestamp + Math.max(...records.map(({ delta = 0 }) => delta)),
    producerId: options.producerId ?? -1,
    producerEpoch: options.producerEpoch ?? -1,
    baseSequence: options.baseSequence ?? -1,
    count: records.length,
  })
}

export const values = (count: number, prefix = 'v'): TestRecord[] =>
  Array.from({ length: count }, (_, i) => ({ value: `${prefix}${i}` }))

/** Sets the crc anew after a test has changed something behind it. */
export function reseal(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}
