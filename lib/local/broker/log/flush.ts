import { readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './files.ts'
import type { Log } from './log.ts'
import { segmentName } from './segment.ts'
import { encodeSnapshot } from './snapshot.ts'

/** Writes indexes and a snapshot of the producers, so that a start checks nothing of what was appended so far. Answers the new recovery point. With
 *  `sync` everything is on the disk (fsync) before; without it is with the operating system, which is enough for all but a power cut. */
export async function flushLog(log: Log, { sync }: { sync: boolean }): Promise<number> {
  const point = log.endOffset
  const from = sync ? log.syncedPoint : log.recoveryPoint
  if (log.closed || (point === from && point === log.recoveryPoint && point > log.startOffset)) return log.recoveryPoint
  const snapshot = encodeSnapshot(log.producers)
  const dirty = log.segments.slice(log.segmentIndex(from))
  log.unflushedBytes = log.unflushedRecords = 0
  log.lastFlushMs = Date.now()
  for (const segment of dirty) {
    segment.flushIndexes()
    if (sync) await syncFile(segment.path)
  }
  if (log.closed) return log.recoveryPoint
  replaceFile(join(log.dir, `${segmentName(point)}.snapshot`), snapshot, { durable: false })
  log.recoveryPoint = point
  if (sync) log.syncedPoint = point
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
