import { existsSync, ftruncateSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { headerBytes, readHeader, type BatchHeader } from '../records/batch.ts'
import { DamagedSegment, plausibleSize, seekBatch, type Place, type SegmentBytes } from './damage.ts'
import type { OpenFiles } from './open-files.ts'
import { SparseIndex } from './sparse-index.ts'
import { atOnce } from './turns.ts'

/** 20 digits, as Kafka names the files of a segment. */
export const segmentName = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

/** Positions in a segment: [from, to). */
export interface ByteRange {
  from: number
  to: number
}

/** One file of a partition's log, batches back to back, with its two indexes. */
export class Segment implements SegmentBytes {
  readonly baseOffset: number
  readonly path: string
  readonly #dir: string
  readonly #files: OpenFiles
  sizeBytes: number
  offsets: SparseIndex
  times: SparseIndex
  #indexesLoaded = false
  #unindexedBytes = 0
  /** Of all records, -1 while there are none. */
  #maxTimestamp = -1
  #maxTimestampOffset = -1
  /** Of the first batch; what `segment.ms` counts from. */
  firstTimestamp: number | undefined
  /** Its indexes were made anew from the log, so what looks damaged is. */
  rescanned = false
  /** What is known to hold no good batch. */
  damage: ByteRange[] = []
  readonly createdMs: number
  /** Bytes [from, to) were written or checked by this process; the rest is checked when it is read. */
  verified: ByteRange = { from: 0, to: 0 }
  /** Where a reader went on last time: most reads are sequential. */
  #hint = { offset: -1, position: 0 }

  constructor(dir: string, baseOffset: number, files: OpenFiles) {
    this.#dir = dir
    this.#files = files
    this.baseOffset = baseOffset
    const name = join(dir, segmentName(baseOffset))
    this.path = `${name}.log`
    this.offsets = new SparseIndex(`${name}.index`, 8)
    this.times = new SparseIndex(`${name}.timeindex`, 12)
    const stat = statSync(this.path, { throwIfNoEntry: false })
    this.sizeBytes = stat?.size ?? 0
    this.createdMs = stat?.birthtimeMs ?? Date.now()
    if (!stat) this.#indexesLoaded = true
  }

  get #fd(): number {
    return this.#files.get(this.path)
  }

  /** Makes the file, so that an empty segment is seen after a restart. */
  create(): void {
    void this.#fd
  }

  /** Loads both indexes; false when one is missing or bad and the segment has to be scanned. */
  loadIndexes(): boolean {
    if (this.#indexesLoaded) return true
    this.#indexesLoaded = true
    const loaded = this.offsets.load() && this.times.load() && this.#indexesFit()
    if (loaded && this.times.count > 0) {
      this.#maxTimestamp = this.times.key(this.times.count - 1)
      this.#maxTimestampOffset = this.baseOffset + this.times.value(this.times.count - 1)
    }
    return loaded
  }

  #indexesFit(): boolean {
    if (this.sizeBytes > 0 && this.times.count === 0) return false
    return this.offsets.count === 0 || this.offsets.value(this.offsets.count - 1) < this.sizeBytes
  }

  /** Cheaper than loading them: enough for a segment that was flushed as a whole. */
  hasIndexFiles(): boolean {
    return existsSync(this.offsets.path) && existsSync(this.times.path)
  }

  clearIndexes(): void {
    this.#indexesLoaded = true
    this.#hint = { offset: -1, position: 0 }
    this.offsets.truncate(0)
    this.times.truncate(0)
    this.#maxTimestamp = this.#maxTimestampOffset = -1
    this.#unindexedBytes = 0
  }

  get maxTimestamp(): number {
    this.loadIndexes()
    return this.#maxTimestamp
  }

  /** Takes note of a batch that is, or is about to be, at `position`. */
  note(header: BatchHeader, position: number, indexIntervalBytes: number): void {
    if (position === 0) this.firstTimestamp = header.maxTimestamp
    if (header.maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = header.maxTimestamp
      this.#maxTimestampOffset = header.lastOffset
    }
    if (this.#unindexedBytes > indexIntervalBytes) {
      this.offsets.push(header.lastOffset - this.baseOffset, position)
      this.#pushTime()
      this.#unindexedBytes = 0
    }
    this.#unindexedBytes += header.sizeBytes
  }

  #pushTime(): void {
    if (this.#maxTimestampOffset < 0) return
    const { count } = this.times
    if (count > 0 && this.times.key(count - 1) >= this.#maxTimestamp) return
    this.times.push(this.#maxTimestamp, this.#maxTimestampOffset - this.baseOffset)
  }

  /** Writes a batch to the end. A failed write (disk full) is taken back. */
  append(batch: Buffer, header: BatchHeader, indexIntervalBytes: number): void {
    const fd = this.#fd
    const position = this.sizeBytes
    try {
      for (let done = 0; done < batch.length;) done += writeSync(fd, batch, done, batch.length - done, position + done)
    } catch (error) {
      ftruncateSync(fd, position)
      throw error
    }
    this.note(header, position, indexIntervalBytes)
    this.sizeBytes = position + batch.length
    if (this.verified.to === position) this.verified.to = this.sizeBytes
    this.#hint = { offset: header.baseOffset, position }
  }

  /** Fills `target` from `position` on; answers how many bytes there were. */
  read(target: Buffer, position: number, length = target.length): number {
    const wanted = Math.min(length, this.sizeBytes - position)
    let done = 0
    while (done < wanted) {
      const got = readSync(this.#fd, target, done, wanted - done, position + done)
      if (got === 0) break
      done += got
    }
    return done
  }

  /** The same file with empty indexes, to be scanned beside this one. */
  view(): Segment {
    const view = new Segment(this.#dir, this.baseOffset, this.#files)
    view.clearIndexes()
    return view
  }

  /** Takes over what a scan of the whole file has found. */
  takeScan(view: Segment, damage: ByteRange[]): void {
    this.offsets = view.offsets
    this.times = view.times
    this.#indexesLoaded = true
    this.#maxTimestamp = view.#maxTimestamp
    this.#maxTimestampOffset = view.#maxTimestampOffset
    this.#unindexedBytes = view.#unindexedBytes
    this.#hint = { offset: -1, position: 0 }
    this.damage = damage
    this.rescanned = true
  }

  /** The next batch header from `position` on. Known damage is hopped over: then the place found lies further on. Undefined at the end. Throws
   *  `DamagedSegment` at bad bytes while nobody has scanned the segment. */
  batchAt(position: number, scratch = Buffer.allocUnsafe(headerBytes)): Place | undefined {
    const known = this.damage.find(({ from, to }) => position >= from && position < to)
    if (known) return this.batchAt(known.to, scratch)
    if (position + headerBytes <= this.sizeBytes && this.read(scratch, position, headerBytes) === headerBytes) {
      const header = readHeader(scratch)
      if (plausibleSize(header) && position + header.sizeBytes <= this.sizeBytes && header.baseOffset >= this.baseOffset) {
        return { position, header }
      }
    }
    if (position >= this.sizeBytes) return undefined
    if (!this.rescanned) throw new DamagedSegment(this, `${segmentName(this.baseOffset)}.log is damaged at byte ${position}`)
    return atOnce(seekBatch(this, position))
  }

  /** The batch with `offset`, or the first one after it when it lies in a gap. Undefined past the end. */
  locate(offset: number): Place | undefined {
    this.loadIndexes()
    const entry = this.offsets.floor(offset - this.baseOffset)
    let position = entry < 0 ? 0 : this.offsets.value(entry)
    if (this.#hint.offset >= 0 && this.#hint.offset <= offset && this.#hint.position > position) position = this.#hint.position
    const scratch = Buffer.allocUnsafe(headerBytes)
    for (;;) {
      const place = this.batchAt(position, scratch)
      if (!place || place.header.lastOffset >= offset) return place
      position = place.position + place.header.sizeBytes
    }
  }

  remember(offset: number, position: number): void {
    this.#hint = { offset, position }
  }

  /** Where to begin looking for the first record at or after `timestamp`. */
  positionForTimestamp(timestamp: number): number {
    this.loadIndexes()
    const entry = this.times.floor(timestamp - 1)
    const index = entry < 0 ? -1 : this.offsets.floor(this.times.value(entry))
    return index < 0 ? 0 : this.offsets.value(index)
  }

  /** Where to begin so that every batch from `position` on is seen. */
  indexedPositionBefore(position: number): number {
    this.loadIndexes()
    for (let i = this.offsets.count - 1; i >= 0; i--) if (this.offsets.value(i) <= position) return this.offsets.value(i)
    return 0
  }

  /** Forgets index entries of batches after `position`; they are noted again by a scan from there. */
  truncateIndexes(position: number): void {
    let count = this.offsets.count
    while (count > 0 && this.offsets.value(count - 1) > position) count--
    const last = count > 0 ? this.offsets.key(count - 1) : -1
    this.offsets.truncate(count)
    let times = this.times.count
    while (times > 0 && this.times.value(times - 1) > last) times--
    this.times.truncate(times)
    this.#maxTimestamp = times > 0 ? this.times.key(times - 1) : -1
    this.#maxTimestampOffset = times > 0 ? this.baseOffset + this.times.value(times - 1) : -1
    this.#unindexedBytes = 0
  }

  /** Cuts the file at `position`. */
  truncate(position: number): void {
    ftruncateSync(this.#fd, position)
    this.sizeBytes = position
    this.#hint = { offset: -1, position: 0 }
    this.verified.to = Math.min(this.verified.to, position)
  }

  /** Writes the indexes; the latest timestamp gets its entry, so that a restart knows it without a scan. */
  flushIndexes(): void {
    if (!this.#indexesLoaded) return
    this.#pushTime()
    this.offsets.flush()
    this.times.flush()
  }

  fileTimeMs(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  }

  close(): void {
    this.#files.close(this.path)
  }

  /** Removes all files of this segment. */
  delete(): void {
    this.close()
    const name = join(this.#dir, segmentName(this.baseOffset))
    for (const suffix of ['log', 'index', 'timeindex', 'txnindex', 'snapshot']) rmSync(`${name}.${suffix}`, { force: true })
  }
}
