import { crc32c } from './crc32c.ts'

/** Bytes of a record batch v2 before its records:
 *
 *     baseOffset i64 | batchLength i32 (from byte 12 on) | partitionLeaderEpoch i32 | magic i8 = 2 | crc u32 | attributes i16 | lastOffsetDelta i32
 *     baseTimestamp i64 | maxTimestamp i64 | producerId i64 | producerEpoch i16 | baseSequence i32 | recordCount i32 | records
 *
 *  The crc covers byte 21 to the end, so offset and leader epoch are set in place. */
export const headerBytes = 61

/** baseOffset and batchLength: what must be there to know a batch's size. */
export const lengthPrefixBytes = 12

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

/** The header of one batch, decoded. `lastOffset` is inclusive. */
export interface BatchHeader {
  baseOffset: number
  sizeBytes: number
  magic: number
  crc: number
  attributes: number
  compression: number
  isTransactional: boolean
  isControl: boolean
  logAppendTime: boolean
  lastOffsetDelta: number
  lastOffset: number
  baseTimestamp: number
  maxTimestamp: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  count: number
}

const int64 = (buffer: Buffer, at: number): number => buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4)

export const baseOffsetAt = (buffer: Buffer, at: number): number => int64(buffer, at)
/** Size of the whole batch, prefix included. */
export const sizeAt = (buffer: Buffer, at: number): number => buffer.readInt32BE(at + 8) + lengthPrefixBytes
export const magicPosition = 16
export const magicAt = (buffer: Buffer, at: number): number => buffer.readInt8(at + magicPosition)
export const lastOffsetAt = (buffer: Buffer, at: number): number => int64(buffer, at) + buffer.readInt32BE(at + 23)
export const maxTimestampAt = (buffer: Buffer, at: number): number => int64(buffer, at + 35)

/** Decodes the header at `at`; 61 bytes must be there. */
export function readHeader(buffer: Buffer, at = 0): BatchHeader {
  const baseOffset = int64(buffer, at)
  const attributes = buffer.readInt16BE(at + 21)
  const lastOffsetDelta = buffer.readInt32BE(at + 23)
  return {
    baseOffset,
    sizeBytes: sizeAt(buffer, at),
    magic: magicAt(buffer, at),
    crc: buffer.readUInt32BE(at + 17),
    attributes,
    compression: attributes & 7,
    logAppendTime: (attributes & 8) !== 0,
    isTransactional: (attributes & 16) !== 0,
    isControl: (attributes & 32) !== 0,
    lastOffsetDelta,
    lastOffset: baseOffset + lastOffsetDelta,
    baseTimestamp: int64(buffer, at + 27),
    maxTimestamp: int64(buffer, at + 35),
    producerId: int64(buffer, at + 43),
    producerEpoch: buffer.readInt16BE(at + 51),
    baseSequence: buffer.readInt32BE(at + 53),
    count: buffer.readInt32BE(at + 57),
  }
}

/** Whether the crc of the complete batch at `at` is right. */
export const isIntact = (buffer: Buffer, at: number, sizeBytes: number): boolean =>
  crc32c(buffer, at + 21, at + sizeBytes) === buffer.readUInt32BE(at + 17)

function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}

/** Gives a batch its place in the log; the client's bytes and crc stay. */
export function assignOffset(batch: Buffer, baseOffset: number): void {
  writeInt64(batch, baseOffset, 0)
  batch.writeInt32BE(0, 12)
}

/** `message.timestamp.type=LogAppendTime`: attribute bit 3, maxTimestamp and crc anew; the records' own deltas stay. */
export function setAppendTime(batch: Buffer, timestamp: number): void {
  batch.writeInt16BE(batch.readInt16BE(21) | 8, 21)
  writeInt64(batch, timestamp, 35)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
}

/** Writes the header in front of `records` (61 bytes are left free at the start of `batch`) and the crc over all. */
export function sealBatch(
  batch: Buffer,
  fields: Pick<
    BatchHeader,
    'attributes' | 'baseTimestamp' | 'maxTimestamp' | 'producerId' | 'producerEpoch' | 'baseSequence' | 'count'
  >,
): Buffer {
  writeInt64(batch, 0, 0)
  batch.writeInt32BE(batch.length - lengthPrefixBytes, 8)
  batch.writeInt32BE(0, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(fields.attributes, 21)
  batch.writeInt32BE(fields.count - 1, 23)
  writeInt64(batch, fields.baseTimestamp, 27)
  writeInt64(batch, fields.maxTimestamp, 35)
  writeInt64(batch, fields.producerId, 43)
  batch.writeInt16BE(fields.producerEpoch, 51)
  batch.writeInt32BE(fields.baseSequence, 53)
  batch.writeInt32BE(fields.count, 57)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}
