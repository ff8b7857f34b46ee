import { join } from 'node:path'
import type { BatchHeader } from '../records/batch.ts'
import { appendAborted, loadAborted, type AbortedTxn } from './aborted-txns.ts'
import type { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-states.ts'
import { latestSnapshot, listSegments, scanSegment, type ScannedBatch } from './recovery.ts'
import { Segment, segmentName } from './segment.ts'

/** What a partition's folder holds, checked. */
export interface Recovered {
  segments: Segment[]
  producers: ProducerStates
  aborted: AbortedTxn[]
  endOffset: number
  recoveryPoint: number
}

/** This much of the end is checked even below the recovery point: it costs milliseconds, and that is where disks and editors do their damage. */
const alwaysChecked = 4 << 20

/** Opens a partition's folder: rebuilds missing indexes, checks what was written after the recovery point, cuts a torn tail, rebuilds producers. */
export function openLog(log: PartitionLog, recoveryPoint: number): Recovered {
  const bases = listSegments(log.dir)
  if (bases.length === 0) bases.push(log.startOffset)
  const segments = bases.map(base => new Segment(log.dir, base, log.files))
  segments.at(-1)!.create()
  const snapshot = latestSnapshot(log.dir, recoveryPoint)
  const recovered: Recovered = {
    segments,
    producers: snapshot?.states ?? new ProducerStates(),
    aborted: [],
    endOffset: 0,
    recoveryPoint: snapshot?.offset ?? segments[0]!.baseOffset,
  }
  recovered.aborted = loadAborted(log.dir, recovered.recoveryPoint)
  segments.forEach((segment, i) => recoverSegment(log, recovered, segment, i === segments.length - 1))
  if (recovered.endOffset < recovered.recoveryPoint) return reopenShorter(log, recovered)
  return recovered
}

/** The tail that the checkpoint vouched for is gone: what it says of producers is about records that no longer exist. */
function reopenShorter(log: PartitionLog, recovered: Recovered): Recovered {
  log.report(`ends at offset ${recovered.endOffset}, its checkpoint says ${recovered.recoveryPoint}: flushed records are missing`)
  for (const segment of recovered.segments) segment.close()
  return openLog(log, recovered.endOffset)
}

function recoverSegment(log: PartitionLog, recovered: Recovered, segment: Segment, isLast: boolean): void {
  const { segments, recoveryPoint } = recovered
  const next = segments[segments.indexOf(segment) + 1]
  const indexed = segment.sizeBytes === 0 || isIndexed(segment, next, recoveryPoint)
  if (!indexed) segment.clearIndexes()
  if (indexed && next && next.baseOffset <= recoveryPoint) return
  recovered.endOffset = Math.max(recovered.endOffset, segment.baseOffset)
  const from = scanStart(segment, recoveryPoint)
  segment.truncateIndexes(from)
  const interval = log.config().indexIntervalBytes
  const onBatch = (batch: ScannedBatch): void => {
    segment.note(batch.header, batch.position, interval)
    recovered.endOffset = batch.header.lastOffset + 1
    if (batch.header.lastOffset >= recoveryPoint) trackProducer(log, recovered, segment, batch.header, batch.isCommit)
  }
  let checkedFrom = from
  const onDamage = (start: number, end: number): void => {
    checkedFrom = end
    segment.damage.push({ from: start, to: end })
    log.report(
      `${segmentName(segment.baseOffset)}.log is damaged from byte ${start} to ${end}; the records there cannot be read, later ones can`,
    )
  }
  const end = scanSegment(segment, from, onBatch, onDamage)
  segment.verified = { from: checkedFrom, to: end }
  if (end === segment.sizeBytes) return
  if (isLast) cutTail(log, segment, end)
  else onDamage(end, segment.sizeBytes)
}

function isIndexed(segment: Segment, next: Segment | undefined, recoveryPoint: number): boolean {
  if (next && next.baseOffset <= recoveryPoint) return segment.hasIndexFiles()
  return segment.loadIndexes()
}

function scanStart(segment: Segment, recoveryPoint: number): number {
  const checked = segment.indexedPositionBefore(Math.max(0, segment.sizeBytes - alwaysChecked))
  if (recoveryPoint <= segment.baseOffset) return 0
  const entry = segment.offsets.floor(recoveryPoint - segment.baseOffset - 1)
  return Math.min(checked, entry < 0 ? 0 : segment.offsets.value(entry))
}

function cutTail(log: PartitionLog, segment: Segment, end: number): void {
  const name = `${segmentName(segment.baseOffset)}.log`
  log.report(`${name} ended in ${segment.sizeBytes - end} bytes that are no whole batch; cut at byte ${end}`)
  segment.truncate(end)
}

function trackProducer(log: PartitionLog, recovered: Recovered, segment: Segment, header: BatchHeader, isCommit: boolean): void {
  const ended = recovered.producers.update(header, isCommit)
  if (!ended?.aborted) return
  const { producerId, firstOffset, lastOffset } = ended
  const txn = {
    producerId,
    firstOffset,
    lastOffset,
    lastStableOffset: recovered.producers.firstUnstableOffset() ?? lastOffset + 1,
  }
  recovered.aborted.push(txn)
  appendAborted(join(log.dir, `${segmentName(segment.baseOffset)}.txnindex`), txn)
}
