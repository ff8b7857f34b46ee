import type { Log } from './log.ts'
import type { Segment } from './segment.ts'

/** Removes whole segments from the front, as Kafka does: those whose newest record is older than `retention.ms`, those above `retention.bytes`, those
 *  before the start offset. The active segment goes too when all of it is too old; an empty one takes its place. */
export function applyRetention(log: Log, now: number): void {
  const { retentionMs, retentionBytes } = log.config()
  dropWhile(log, 'retention.ms', segment => retentionMs >= 0 && now - timeOf(segment) > retentionMs)
  let excess = retentionBytes >= 0 ? log.sizeBytes - retentionBytes : -1
  dropWhile(log, 'retention.bytes', segment => {
    if (excess - segment.sizeBytes < 0) return false
    excess -= segment.sizeBytes
    return true
  })
  const before = log.segments.findIndex((_, i) => (log.segments[i + 1]?.baseOffset ?? Infinity) > log.startOffset)
  if (before > 0) log.dropSegments(before)
}

/** The newest record's time; the file's own when the records have none or one before 1970. */
const timeOf = (segment: Segment): number => (segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.fileTimeMs())

function dropWhile(log: Log, why: string, expired: (segment: Segment) => boolean): void {
  let count = 0
  while (count < log.segments.length && log.segments[count]!.sizeBytes > 0 && expired(log.segments[count]!)) count++
  if (count === 0) return
  if (count === log.segments.length) log.roll()
  const from = log.startOffset
  log.dropSegments(count)
  log.report(`${why} removed the records from offset ${from} to ${log.startOffset - 1}`)
}
