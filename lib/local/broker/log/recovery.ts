import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { headerBytes, readHeader, type BatchHeader } from '../records/batch.ts'
import { crc32c } from '../records/crc32c.ts'
import { isCommit } from '../records/control.ts'
import { plausibleSize, seekBatch } from './damage.ts'
import type { ProducerStates } from './producer-states.ts'
import { segmentName, type ByteRange, type Segment } from './segment.ts'
import { decodeSnapshot } from './snapshot.ts'
import { atOnce, inTurns } from './turns.ts'

/** A batch that a scan found whole. `isCommit` only tells something of control batches. */
export interface ScannedBatch {
  header: BatchHeader
  position: number
  isCommit: boolean
}

const chunkBytes = 1 << 20

/** Walks over a segment from `position` on and checks every batch. Answers where the good bytes end; `onDamage` hears of bad bytes that have good
 *  batches after them. */
export function scanSegment(segment: Segment, position: number, onBatch: OnBatch, onDamage: OnDamage): number {
  return atOnce(scanning(segment, position, onBatch, onDamage))
}

type OnBatch = (batch: ScannedBatch) => void
type OnDamage = (from: number, to: number) => void

function* scanning(segment: Segment, position: number, onBatch: OnBatch, onDamage: OnDamage): Generator<undefined, number> {
  let chunk = Buffer.allocUnsafe(Math.min(chunkBytes, segment.sizeBytes - position))
  // offsets have no gaps, for nothing is compacted here; a scan from the middle takes the first one as it is
  let nextOffset = position === 0 ? segment.baseOffset : undefined
  while (position < segment.sizeBytes) {
    let length = segment.read(chunk, position)
    let at = 0
    while (at + headerBytes <= length) {
      const header = readHeader(chunk, at)
      if (!plausibleSize(header) || position + at + header.sizeBytes > segment.sizeBytes) break
      if (nextOffset === undefined ? header.baseOffset < segment.baseOffset : header.baseOffset !== nextOffset) break
      if (at + header.sizeBytes > length) {
        if (at > 0) break
        chunk = Buffer.allocUnsafe(header.sizeBytes)
        length = segment.read(chunk, position)
      }
      if (crc32c(chunk, at + 21, at + header.sizeBytes) !== header.crc) break
      const body = chunk.subarray(at + headerBytes, at + header.sizeBytes)
      onBatch({ header, position: position + at, isCommit: header.isControl && isCommit(header, body) })
      nextOffset = header.lastOffset + 1
      at += header.sizeBytes
    }
    if (at > 0) position += at
    else {
      const next = yield* seekBatch(segment, position, nextOffset)
      if (!next) return position
      onDamage(position, next.position)
      nextOffset = next.header.baseOffset
      position = next.position
    }
    yield
  }
  return position
}

/** Makes a segment's indexes anew from its batches, and finds what is damaged. */
export function rebuildIndexes(segment: Segment, intervalBytes: number): void {
  atOnce(rebuilding(segment, intervalBytes))
}

const rebuilds = new WeakMap<Segment, Promise<void>>()

/** The same for a broker that is at work: a large segment takes seconds. */
export function rebuildIndexesInTurns(segment: Segment, intervalBytes: number): Promise<void> {
  let rebuild = rebuilds.get(segment)
  if (!rebuild) {
    rebuild = inTurns(rebuilding(segment, intervalBytes)).finally(() => rebuilds.delete(segment))
    rebuilds.set(segment, rebuild)
  }
  return rebuild
}

/** On a view of its own, because the segment may be read and appended to meanwhile. */
function* rebuilding(segment: Segment, intervalBytes: number): Generator<undefined, void> {
  const view = segment.view()
  const damage: ByteRange[] = []
  let position = 0
  do {
    view.sizeBytes = segment.sizeBytes
    position = yield* scanning(
      view,
      position,
      batch => view.note(batch.header, batch.position, intervalBytes),
      (from, to) => damage.push({ from, to }),
    )
  } while (view.sizeBytes < segment.sizeBytes)
  if (position < segment.sizeBytes) damage.push({ from: position, to: segment.sizeBytes })
  segment.takeScan(view, damage)
}

/** The segments of a partition's folder, in order. Files of removed segments are cleared away. */
export function listSegments(dir: string): number[] {
  const offsets: number[] = []
  for (const name of readdirSync(dir)) {
    if (name.endsWith('.deleted') || name.endsWith('.tmp')) rmSync(join(dir, name), { force: true })
    else if (/^\d{20}\.log$/.test(name)) offsets.push(Number(name.slice(0, 20)))
  }
  return offsets.sort((a, b) => a - b)
}

/** The newest snapshot of producers not beyond `offset`, and its offset; older ones and later ones are left alone. */
export function latestSnapshot(dir: string, offset: number): { offset: number; states: ProducerStates } | undefined {
  const offsets = readdirSync(dir)
    .filter(name => /^\d{20}\.snapshot$/.test(name))
    .map(name => Number(name.slice(0, 20)))
    .filter(at => at <= offset)
    .sort((a, b) => b - a)
  for (const at of offsets) {
    const path = join(dir, `${segmentName(at)}.snapshot`)
    const states = existsSync(path) ? decodeSnapshot(readFileSync(path)) : undefined
    if (states) return { offset: at, states }
  }
  return undefined
}
