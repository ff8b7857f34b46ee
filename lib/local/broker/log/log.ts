import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { KafkaError } from '../errors.ts'
import { assignOffset, readHeader, setAppendTime, type BatchHeader } from '../records/batch.ts'
import { appendAborted, type AbortedTxn } from './aborted-txns.ts'
import type { OpenFiles } from './open-files.ts'
import { ProducerStates } from './producer-states.ts'
import type { LogConfig } from './config.ts'
import { openLog, type Recovered } from './open.ts'
import type { PartitionLog } from './partition-log.ts'
import { fetchBatches, readBatches, type Batches } from './read.ts'
import { Segment, segmentName } from './segment.ts'

export interface LogOptions {
  dir: string
  /** `<topic>-<partition>`, for messages. */
  name: string
  /** Asked for at each use: topic configs change. */
  config: () => LogConfig
  files: OpenFiles
  log: (line: string) => void
  /** Everything before it was flushed and is not checked again at the start. */
  recoveryPoint?: number
  startOffset?: number
}

/** What an append did. `duplicate` tells that the batch was there already. */
export interface Appended {
  baseOffset: number
  /** -1 with CreateTime. */
  logAppendTime: number
  duplicate: boolean
}

/** The log of one partition: segments, producers, aborted transactions. Offsets: [startOffset, endOffset). One replica, so the high watermark
 *  is the end. All writes are synchronous: what `append` returned is with the operating system and survives kill -9. */
export class Log implements PartitionLog {
  readonly dir: string
  readonly name: string
  readonly config: () => LogConfig
  readonly files: OpenFiles
  readonly report: (line: string) => void
  segments: Segment[] = []
  startOffset: number
  endOffset = 0
  producers = new ProducerStates()
  aborted: AbortedTxn[] = []
  /** Up to here there are indexes and a snapshot of the producers. */
  recoveryPoint: number
  /** Up to here this process has brought everything to the disk. */
  syncedPoint: number
  unflushedBytes = 0
  unflushedRecords = 0
  lastFlushMs = Date.now()
  closed = false
  /** Called after each append with the size of what was added, and without when the log ends (deleted, closed). */
  readonly listeners = new Set<() => void>()

  constructor({ dir, name, config, files, log, recoveryPoint = 0, startOffset = 0 }: LogOptions) {
    this.dir = dir
    this.name = name
    this.config = config
    this.files = files
    this.report = line => log(`${name}: ${line}`)
    this.startOffset = startOffset
    mkdirSync(dir, { recursive: true })
    const recovered: Recovered = openLog(this, recoveryPoint)
    this.segments = recovered.segments
    this.producers = recovered.producers
    this.aborted = recovered.aborted
    this.endOffset = recovered.endOffset
    this.recoveryPoint = recovered.recoveryPoint
    this.syncedPoint = this.segments[0]!.baseOffset
    this.startOffset = Math.min(Math.max(startOffset, this.segments[0]!.baseOffset), this.endOffset)
  }

  get active(): Segment {
    return this.segments[this.segments.length - 1]!
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  /** Up to here read_committed sees: the first open transaction, or the end. */
  get lastStableOffset(): number {
    return this.producers.firstUnstableOffset() ?? this.endOffset
  }

  /** Appends one batch that was checked before; sets its offset in place. Throws what the producer is to be told. */
  append(batch: Buffer, { marker, now = Date.now() }: { marker?: boolean; now?: number } = {}): Appended {
    const sent = readHeader(batch)
    const idempotent = sent.producerId >= 0
    if (idempotent && marker === undefined) {
      const same = this.producers.check(sent)
      if (same) return { baseOffset: same.firstOffset, logAppendTime: same.timestamp, duplicate: true }
    }
    const { logAppendTime } = this.config()
    assignOffset(batch, this.endOffset)
    if (logAppendTime) setAppendTime(batch, now)
    const header = readHeader(batch)
    this.#write(batch, header)
    if (idempotent) this.#trackProducer(header, marker === true)
    this.#wake()
    return { baseOffset: header.baseOffset, logAppendTime: logAppendTime ? now : -1, duplicate: false }
  }

  #write(batch: Buffer, header: BatchHeader): void {
    const config = this.config()
    if (this.#mustRoll(header, config)) this.roll()
    try {
      this.active.append(batch, header, config.indexIntervalBytes)
    } catch (error) {
      this.report(`an append of ${batch.length} bytes failed: ${(error as Error).message}`)
      throw new KafkaError('KAFKA_STORAGE_ERROR', `${this.name} cannot be written: ${(error as Error).message}`)
    }
    this.endOffset = header.lastOffset + 1
    this.unflushedBytes += batch.length
    this.unflushedRecords += header.count
  }

  #trackProducer(header: BatchHeader, isCommit: boolean): void {
    const ended = this.producers.update(header, isCommit)
    if (!ended?.aborted) return
    const { producerId, firstOffset, lastOffset } = ended
    const txn = { producerId, firstOffset, lastOffset, lastStableOffset: this.lastStableOffset }
    this.aborted.push(txn)
    appendAborted(join(this.dir, `${segmentName(this.active.baseOffset)}.txnindex`), txn)
  }

  #wake(): void {
    if (this.listeners.size > 0) for (const listener of [...this.listeners]) listener()
  }

  #mustRoll(header: BatchHeader, config: LogConfig): boolean {
    const segment = this.active
    if (segment.sizeBytes === 0) return false
    if (segment.sizeBytes + header.sizeBytes > config.segmentBytes) return true
    if (header.lastOffset - segment.baseOffset > 0x7fff_ffff) return true
    if ((segment.offsets.count + 1) * 8 > config.segmentIndexBytes) return true
    const first = this.#firstTimestamp(segment)
    return (first >= 0 ? header.maxTimestamp - first : Date.now() - segment.createdMs) > config.segmentMs
  }

  #firstTimestamp(segment: Segment): number {
    try {
      segment.firstTimestamp ??= segment.batchAt(0)?.header.maxTimestamp ?? -1
    } catch {
      segment.firstTimestamp = -1
    }
    return segment.firstTimestamp
  }

  /** Begins a new segment at the end. */
  roll(): void {
    this.active.flushIndexes()
    const segment = new Segment(this.dir, this.endOffset, this.files)
    segment.create()
    this.segments.push(segment)
  }

  /** Whole batches from the one with `offset` on, of one segment, up to `maxBytes` but at least one batch (Kafka's rule) and not past `upTo`. */
  read(offset: number, maxBytes: number, upTo = this.endOffset): Batches {
    return readBatches(this, offset, maxBytes, upTo)
  }

  /** As `read`, while others wait: damage that has to be scanned for is scanned in turns with everything else. */
  fetch(offset: number, maxBytes: number, upTo = this.endOffset): Promise<Batches> {
    return fetchBatches(this, offset, maxBytes, upTo)
  }

  /** The segment that holds `offset`. */
  segmentIndex(offset: number): number {
    let low = 0
    for (let high = this.segments.length - 1; low < high;) {
      const middle = Math.ceil((low + high) / 2)
      if (this.segments[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Aborted transactions that a reader of [start, end) has to know. */
  abortedIn(start: number, end: number): AbortedTxn[] {
    return this.aborted.filter(txn => txn.lastOffset >= start && txn.firstOffset < end)
  }

  /** Drops whole segments before `segments[count]`; the log then starts there. */
  dropSegments(count: number): void {
    for (const segment of this.segments.splice(0, count)) segment.delete()
    this.advanceStart(this.segments[0]!.baseOffset)
  }

  advanceStart(offset: number): void {
    this.startOffset = Math.max(this.startOffset, offset)
    this.aborted = this.aborted.filter(txn => txn.lastOffset >= this.startOffset)
  }

  /** Ends the log's life in memory; waiting fetches are woken. */
  detach(): void {
    this.closed = true
    this.#wake()
    for (const segment of this.segments) segment.close()
  }
}
