import { readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './files.ts'
import type { Log } from './log.ts'
import { segmentName } from './segment.ts'
import { encodeSnapshot } from './snapshot.ts'

/** Brings everything appended so far to the disk (fsync) with indexes and a snapshot of the producers, so that a start checks nothing before it.
 *  Answers the new recovery point. Other requests go on meanwhile. */
export async function flushLog(log: Log): Promise<number> {
  const point = log.endOffset
  if (log.closed || (point === log.recoveryPoint && point > log.startOffset)) return log.recoveryPoint
  const snapshot = encodeSnapshot(log.producers)
  const dirty = log.segments.slice(log.segmentIndex(log.recoveryPoint))
  log.unflushedBytes = log.unflushedRecords = 0
  log.lastFlushMs = Date.now()
  for (const segment of dirty) {
    segment.flushIndexes()
    await syncFile(segment.path)
  }
  if (log.closed) return log.recoveryPoint
  replaceFile(join(log.dir, `${segmentName(point)}.snapshot`), snapshot, { durable: false })
  log.recoveryPoint = point
  return point
}

/** Keeps the two newest snapshots up to the recovery point: to be called once the checkpoint with that point is written. */
export function dropOldSnapshots(log: Log): void {
  const offsets = readdirSync(log.dir)
    .filter(name => /^\d{20}\.snapshot$/.test(name))
    .map(name => Number(name.slice(0, 20)))
    .sort((a, b) => b - a)
  for (const offset of offsets.filter(at => at <= log.recoveryPoint).slice(2)) {
    rmSync(join(log.dir, `${segmentName(offset)}.snapshot`), { force: true })
  }
}

async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+')
    try {
      await file.datasync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
