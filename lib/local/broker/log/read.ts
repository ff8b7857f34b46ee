import { headerBytes, isIntact, readHeader } from '../records/batch.ts'
import { DamagedSegment, plausibleSize, type Place } from './damage.ts'
import type { PartitionLog } from './partition-log.ts'
import { rebuildIndexes, rebuildIndexesInTurns } from './recovery.ts'
import { segmentName, type Segment } from './segment.ts'

/** Whole batches of a log, as stored. */
export interface Batches {
  bytes: Buffer
  /** The offset after the last of them; that of the request when there are none. */
  nextOffset: number
}

const nothing = Buffer.alloc(0)

/** See `Log.read`. Throws CORRUPT_MESSAGE when the batch with `offset` is damaged. Indexes are disposable: before damage is believed, they are made
 *  anew once. */
export function readBatches(log: PartitionLog, offset: number, maxBytes: number, upTo: number): Batches {
  for (;;) {
    try {
      return find(log, offset, maxBytes, upTo)
    } catch (error) {
      rebuildIndexes(doubted(log, error), log.config().indexIntervalBytes)
    }
  }
}

/** The same for a broker that is at work: others have their turns while a segment is scanned. */
export async function fetchBatches(log: PartitionLog, offset: number, maxBytes: number, upTo: number): Promise<Batches> {
  for (;;) {
    try {
      return find(log, offset, maxBytes, upTo)
    } catch (error) {
      await rebuildIndexesInTurns(doubted(log, error), log.config().indexIntervalBytes)
    }
  }
}

/** The segment that has to be scanned before such an error counts; throws the error when it was, or is another one. */
function doubted(log: PartitionLog, error: unknown): Segment {
  const segment = error instanceof DamagedSegment ? (error.segment as Segment) : undefined
  if (segment && !segment.rescanned) return segment
  if (segment) log.report((error as Error).message)
  throw error
}

function find(log: PartitionLog, offset: number, maxBytes: number, upTo: number): Batches {
  if (offset >= upTo) return { bytes: nothing, nextOffset: offset }
  for (let i = log.segmentIndex(offset); i < log.segments.length; i++) {
    const segment = log.segments[i]!
    const place = segment.locate(offset)
    if (!place) continue
    const after = log.segments[i + 1]?.baseOffset ?? log.endOffset
    if (place.header.lastOffset >= after) {
      throw damaged(segment, offset, `what looks like a batch at byte ${place.position} has offset ${place.header.baseOffset}`)
    }
    if (place.header.baseOffset > offset && place.header.baseOffset >= upTo) break
    if (place.header.baseOffset > offset && isDamagedBefore(segment, place)) {
      throw damaged(segment, offset, `the next readable offset is ${place.header.baseOffset}`)
    }
    const end = endPosition(log, segment, i, upTo)
    const wanted = Math.min(Math.max(maxBytes, place.header.sizeBytes), end - place.position)
    if (wanted <= 0) break
    return readFrom(segment, place, wanted)
  }
  return { bytes: nothing, nextOffset: offset }
}

/** Bytes of [offset, upTo) without reading them, for a fetch that waits for more. Counts at most one segment. */
export function bytesAfter(log: PartitionLog, offset: number, upTo: number): number {
  if (offset >= upTo) return 0
  const i = log.segmentIndex(offset)
  const segment = log.segments[i]!
  const place = segment.locate(offset)
  return place ? Math.max(1, endPosition(log, segment, i, upTo) - place.position) : 1
}

/** Where the batches before `upTo` end in a segment. */
function endPosition(log: PartitionLog, segment: Segment, i: number, upTo: number): number {
  const after = log.segments[i + 1]?.baseOffset ?? log.endOffset
  if (upTo >= after) return segment.sizeBytes
  return segment.locate(upTo)?.position ?? segment.sizeBytes
}

/** True when the gap before `place` is not one between batches but bad bytes. */
function isDamagedBefore(segment: Segment, place: Place): boolean {
  let position = 0
  for (const start = segment.indexedPositionBefore(place.position - 1); ;) {
    if (position < start) position = start
    const found = segment.batchAt(position)
    if (!found || found.position !== position) return true
    if (position >= place.position) return false
    position += found.header.sizeBytes
  }
}

function readFrom(segment: Segment, place: Place, wanted: number): Batches {
  const bytes = Buffer.allocUnsafeSlow(wanted)
  const length = segment.read(bytes, place.position, wanted)
  const { verified } = segment
  let at = 0
  let nextOffset = place.header.baseOffset
  while (at + headerBytes <= length) {
    const header = readHeader(bytes, at)
    if (!plausibleSize(header) || header.baseOffset < nextOffset) break
    if (at + header.sizeBytes > length) break
    const position = place.position + at
    const known = position >= verified.from && position + header.sizeBytes <= verified.to
    if (!known && !isIntact(bytes, at, header.sizeBytes)) break
    if (!known) extend(verified, position, position + header.sizeBytes)
    nextOffset = header.lastOffset + 1
    at += header.sizeBytes
  }
  if (at === 0)
    throw damaged(segment, place.header.baseOffset, `its batch has ${place.header.sizeBytes} bytes at byte ${place.position}`)
  segment.remember(nextOffset, place.position + at)
  return { bytes: at === wanted ? bytes : bytes.subarray(0, at), nextOffset }
}

/** Grows the checked range when the new piece touches it; a reader that begins elsewhere starts a new one if that is longer. */
function extend(verified: { from: number; to: number }, from: number, to: number): void {
  if (from === verified.to) verified.to = to
  else if (to === verified.from) verified.from = from
}

function damaged(segment: Segment, offset: number, where: string): DamagedSegment {
  return new DamagedSegment(segment, `${segmentName(segment.baseOffset)}.log is damaged at offset ${offset}: ${where}`)
}
