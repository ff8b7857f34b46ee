import { crc32c } from '../records/crc32c.ts'
import { headerBytes, magicAt, readHeader, sizeAt, type BatchHeader } from '../records/batch.ts'

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

/** The first whole and intact batch after the bad bytes at `position`: candidates are told by magic, length and offsets (from `leastOffset` on, and
 *  none that the bytes before have no room for, however well packed), and proved by their crc. */
export function findBatch(segment: SegmentBytes, position: number, leastOffset = segment.baseOffset): Place | undefined {
  const buffer = Buffer.allocUnsafe(Math.min(window, segment.sizeBytes - position))
  for (let start = position + 1; start + headerBytes <= segment.sizeBytes; start += window - headerBytes) {
    const length = segment.read(buffer, start)
    for (let at = 0; at + headerBytes <= length; at++) {
      if (magicAt(buffer, at) !== 2 || buffer[at] !== 0) continue
      const sizeBytes = sizeAt(buffer, at)
      if (sizeBytes < headerBytes || start + at + sizeBytes > segment.sizeBytes) continue
      const header = readHeader(buffer, at)
      if (!plausibleSize(header) || header.baseOffset < leastOffset) continue
      if (header.baseOffset > leastOffset + (start + at) * 1024) continue
      if (isIntactAt(segment, start + at, header)) return { position: start + at, header }
    }
  }
  return undefined
}

/** Reads a batch and checks its crc. */
export function isIntactAt(segment: SegmentBytes, position: number, header: BatchHeader): boolean {
  const batch = Buffer.allocUnsafe(header.sizeBytes)
  return segment.read(batch, position) === header.sizeBytes && crc32c(batch, 21) === header.crc
}
