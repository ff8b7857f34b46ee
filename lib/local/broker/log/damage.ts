import { KafkaError } from '../errors.ts'
import { crc32c } from '../records/crc32c.ts'
import { headerBytes, magicPosition, readHeader, sizeAt, type BatchHeader } from '../records/batch.ts'

/** A batch's place in a segment. */
export interface Place {
  position: number
  header: BatchHeader
}

/** What a look at the bytes of a segment needs. */
export interface SegmentBytes {
  readonly baseOffset: number
  sizeBytes: number
  read(target: Buffer, position: number, length?: number): number
}

/** Whether a header can be one at all: what a walk over a log relies on. */
export const plausibleSize = (header: BatchHeader): boolean =>
  header.magic === 2 && header.sizeBytes >= headerBytes && header.lastOffsetDelta >= 0 && header.baseOffset >= 0

const window = 1 << 20

/** Bad bytes were met: CORRUPT_MESSAGE. */
export class DamagedSegment extends KafkaError {
  readonly segment: SegmentBytes

  constructor(segment: SegmentBytes, message: string) {
    super('CORRUPT_MESSAGE', message)
    this.segment = segment
  }
}

/** The first whole and intact batch after the bad bytes at `position`: candidates are told by magic, length and offsets (from `leastOffset` on, and
 *  none that the bytes before have no room for, however well packed), and proved by their crc. Yields after each window, for a caller in no hurry. */
export function* seekBatch(
  segment: SegmentBytes,
  position: number,
  leastOffset = segment.baseOffset,
): Generator<undefined, Place | undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(window, segment.sizeBytes - position))
  for (let start = position + 1; start + headerBytes <= segment.sizeBytes; start += window - headerBytes) {
    const bytes = buffer.subarray(0, segment.read(buffer, start))
    for (let at = nextCandidate(bytes, 0); at + headerBytes <= bytes.length; at = nextCandidate(bytes, at + 1)) {
      const sizeBytes = sizeAt(bytes, at)
      if (sizeBytes < headerBytes || start + at + sizeBytes > segment.sizeBytes) continue
      const header = readHeader(bytes, at)
      if (!plausibleSize(header) || header.baseOffset < leastOffset) continue
      if (header.baseOffset > leastOffset + (start + at) * 1024) continue
      if (isIntactAt(segment, start + at, header)) return { position: start + at, header }
    }
    yield
  }
  return undefined
}

/** Where the next header may begin from `at` on: an offset below 2^56, magic 2. At the end where there is none. */
function nextCandidate(bytes: Buffer, at: number): number {
  const end = bytes.length - magicPosition
  while (at < end && (bytes[at + magicPosition] !== 2 || bytes[at] !== 0)) at++
  return at
}

/** Reads a batch and checks its crc. */
export function isIntactAt(segment: SegmentBytes, position: number, header: BatchHeader): boolean {
  const batch = Buffer.allocUnsafe(header.sizeBytes)
  return segment.read(batch, position) === header.sizeBytes && crc32c(batch, 21) === header.crc
}
