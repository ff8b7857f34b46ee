import type { BatchHeader } from './batch.ts'
import { headerBytes, sealBatch } from './batch.ts'
import { pushVarint, readVarint, type Cursor } from './varint.ts'

/** One record of a batch:
 *
 *     length varint | attributes i8 | timestampDelta varlong | offsetDelta varint | key | value | header count varint | headers
 *
 *  where key, value and a header's two parts are a varint length (-1: null) and the bytes. */
export interface LogRecord {
  offset: number
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: [string, Buffer | null][]
}

function part(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor)
  if (cursor.at < 0 || length < 0) return null
  const start = cursor.at
  cursor.at = start + length > cursor.end ? -1 : start + length
  return cursor.buffer.subarray(start, start + length)
}

/** The records of one batch whose (decompressed) records part is `body`. Ends early where the bytes are bad. */
export function* readRecords(header: BatchHeader, body: Buffer): Generator<LogRecord> {
  const cursor: Cursor = { buffer: body, at: 0, end: body.length }
  for (let i = 0; i < header.count && cursor.at >= 0; i++) {
    readVarint(cursor)
    if (cursor.at < 0) return
    cursor.at++
    const timestamp = header.logAppendTime ? (readVarint(cursor), header.maxTimestamp) : header.baseTimestamp + readVarint(cursor)
    const offset = header.baseOffset + readVarint(cursor)
    const key = part(cursor)
    const value = part(cursor)
    const headers: [string, Buffer | null][] = []
    for (let h = readVarint(cursor); h > 0 && cursor.at >= 0; h--) headers.push([String(part(cursor)), part(cursor)])
    if (cursor.at >= 0) yield { offset, timestamp, key, value, headers }
  }
}

/** What is wrong with the records of a batch, or undefined: lengths, offset deltas 0, 1, 2 …, and the count that the header tells. */
export function recordsProblem(count: number, body: Buffer): string | undefined {
  const cursor: Cursor = { buffer: body, at: 0, end: body.length }
  for (let i = 0; i < count; i++) {
    const length = readVarint(cursor)
    const start = cursor.at
    const end = start + length
    if (start < 0 || length < 0 || end > body.length) return `record ${i} of ${count} is not whole`
    cursor.at = start + 1
    readVarint(cursor)
    const offsetDelta = readVarint(cursor)
    if (cursor.at < 0 || cursor.at > end) return `record ${i} of ${count} is malformed`
    if (offsetDelta !== i) return `record ${i} of ${count} has the offset delta ${offsetDelta}`
    if (!isRecordBody(cursor, end)) return `record ${i} of ${count} is malformed`
  }
  return cursor.at === body.length ? undefined : `${body.length - cursor.at} bytes after the last of ${count} records`
}

/** Walks over key, value and headers; true when they end exactly at `end`. */
function isRecordBody(cursor: Cursor, end: number): boolean {
  const skip = (nullable: boolean): boolean => {
    const length = readVarint(cursor)
    if (cursor.at < 0 || length < (nullable ? -1 : 0)) return false
    if (length > 0) cursor.at += length
    return cursor.at <= end
  }
  if (!skip(true) || !skip(true)) return false
  const count = readVarint(cursor)
  if (cursor.at < 0 || count < 0) return false
  for (let h = 0; h < count; h++) if (!skip(false) || !skip(true)) return false
  return cursor.at === end
}

export interface NewRecord {
  key: Buffer | null
  value: Buffer | null
}

export interface BatchOptions {
  timestamp: number
  producerId?: number
  producerEpoch?: number
  isTransactional?: boolean
  isControl?: boolean
}

/** A batch of the broker's own records: offsets, transaction states, markers. */
export function buildBatch(records: NewRecord[], options: BatchOptions): Buffer {
  const { timestamp, producerId = -1, producerEpoch = -1, isTransactional = false, isControl = false } = options
  const parts: Buffer[] = [Buffer.alloc(headerBytes)]
  records.forEach(({ key, value }, i) => {
    const head: number[] = [0]
    pushVarint(head, 0)
    pushVarint(head, i)
    pushVarint(head, key ? key.length : -1)
    const middle: number[] = []
    pushVarint(middle, value ? value.length : -1)
    const length: number[] = []
    pushVarint(length, head.length + (key?.length ?? 0) + middle.length + (value?.length ?? 0) + 1)
    parts.push(
      Buffer.from([...length, ...head]),
      key ?? Buffer.alloc(0),
      Buffer.from(middle),
      value ?? Buffer.alloc(0),
      Buffer.from([0]),
    )
  })
  return sealBatch(Buffer.concat(parts), {
    attributes: (isTransactional ? 16 : 0) | (isControl ? 32 : 0),
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId,
    producerEpoch,
    baseSequence: -1,
    count: records.length,
  })
}
