import { headerBytes } from '../records/batch.ts'
import { decompress } from '../records/compression.ts'
import { readRecords } from '../records/records.ts'
import { DamagedSegment } from './damage.ts'
import type { Log } from './log.ts'
import { rebuildIndexesInTurns } from './recovery.ts'
import type { Segment } from './segment.ts'

export interface TimestampOffset {
  timestamp: number
  offset: number
}

/** The first record at or after `timestamp` (ms), exact inside a batch, compressed or not. Undefined when all are earlier. */
export async function offsetForTimestamp(log: Log, timestamp: number): Promise<TimestampOffset | undefined> {
  for (const segment of [...log.segments]) {
    if (segment.maxTimestamp < timestamp && segment.maxTimestamp >= 0) continue
    const found = await findReadable(log, segment, timestamp)
    if (found) return found
  }
  return undefined
}

async function findReadable(log: Log, segment: Segment, timestamp: number): Promise<TimestampOffset | undefined> {
  try {
    return await findInSegment(log, segment, timestamp)
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error
    await rebuildIndexesInTurns(segment, log.config().indexIntervalBytes)
    return findInSegment(log, segment, timestamp)
  }
}

async function findInSegment(log: Log, segment: Segment, timestamp: number): Promise<TimestampOffset | undefined> {
  for (let position = segment.positionForTimestamp(timestamp); ;) {
    const place = segment.batchAt(position)
    if (!place) return undefined
    const { header } = place
    position = place.position + header.sizeBytes
    if (header.maxTimestamp < timestamp || header.lastOffset < log.startOffset || header.isControl) continue
    const batch = Buffer.allocUnsafe(header.sizeBytes)
    segment.read(batch, place.position)
    const body = await decompress(header.compression, batch.subarray(headerBytes))
    for (const record of readRecords(header, body)) {
      if (record.timestamp >= timestamp && record.offset >= log.startOffset) return record
    }
  }
}
