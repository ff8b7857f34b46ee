import { headerBytes, readHeader } from './records/batch.ts'
import { isCommit } from './records/control.ts'
import { buildBatch, readRecords, type BatchOptions, type NewRecord } from './records/records.ts'
import type { BatchHeader } from './records/batch.ts'
import { KafkaError } from './errors.ts'
import type { Log } from './log/log.ts'
import type { Batches } from './log/read.ts'
import type { Maintenance } from './maintenance.ts'
import type { Topics } from './topics/store.ts'
import { flushLog } from './log/flush.ts'
import { inTurns } from './log/turns.ts'

/** From this size on a log is written anew, unless its content alone is that large. */
const compactFrom = 16 << 20

/** What a replay meets: a record, or the end of a transaction. */
export interface Replay {
  record(key: Buffer, value: Buffer | null, header: BatchHeader): void
  marker(header: BatchHeader, commit: boolean): void
}

/** The one partition of an internal topic: the broker's own state as records, in Kafka's formats. Where Kafka compacts, this log is now and then
 *  written anew as a whole and its older segments are dropped. */
export class InternalLog {
  readonly topic: string
  readonly #topics: Topics
  readonly #maintenance: Maintenance
  #compactAt = compactFrom
  #compacting = false

  constructor(topic: string, topics: Topics, maintenance: Maintenance) {
    this.topic = topic
    this.#topics = topics
    this.#maintenance = maintenance
  }

  /** The topic is made when it is first needed, as Kafka does. */
  ensure(): Log {
    const topic = this.#topics.get(this.topic) ?? this.#topics.create(this.topic, 1, { 'segment.bytes': '104857600' })
    return topic.partitions[0]!
  }

  replay(handler: Replay): void {
    const log = this.#topics.partition(this.topic, 0)
    if (!log) return
    for (let offset = log.startOffset; offset < log.endOffset;) {
      const { bytes, nextOffset } = readOrSkip(log, offset)
      for (let at = 0; at < bytes.length;) {
        const header = readHeader(bytes, at)
        const body = bytes.subarray(at + headerBytes, at + header.sizeBytes)
        if (header.isControl) handler.marker(header, isCommit(header, body))
        else for (const { key, value } of readRecords(header, body)) if (key) handler.record(key, value, header)
        at += header.sizeBytes
      }
      if (nextOffset <= offset) break
      offset = nextOffset
    }
  }

  append(records: NewRecord[], options: Partial<BatchOptions> = {}): void {
    if (records.length === 0) return
    this.appendBatch(buildBatch(records, { timestamp: Date.now(), ...options }))
  }

  appendBatch(batch: Buffer, marker = false): void {
    const log = this.ensure()
    log.append(batch, { marker })
    void this.#maintenance.appended(log)
  }

  /** Writes the log anew when it has grown: `state` gives all records that still count, or undefined when this is not the moment. They are written in turns
   *  with everything else: what changes meanwhile is appended as ever, and a later record of a key counts. */
  async compact(state: () => Iterable<NewRecord> | undefined): Promise<void> {
    const log = this.#topics.partition(this.topic, 0)
    if (!log || this.#compacting || log.sizeBytes < this.#compactAt) return
    this.#compacting = true
    try {
      // the caller has just appended and not yet taken it into its state
      await Promise.resolve()
      const records = state()
      if (!records) return
      log.roll()
      const keep = log.segments.length - 1
      const start = log.endOffset
      await inTurns(this.#appendAll(log, records))
      if (log.closed) return
      await flushLog(log, { sync: true })
      this.#topics.saveRecoveryPoints()
      if (log.segments[keep]?.baseOffset === start) log.dropSegments(keep)
      this.#compactAt = Math.max(compactFrom, log.sizeBytes * 4)
    } catch (error) {
      this.#compactAt = log.sizeBytes * 2
      log.report(`could not be written anew, it goes on growing: ${(error as Error).message}`)
    } finally {
      this.#compacting = false
    }
  }

  *#appendAll(log: Log, records: Iterable<NewRecord>): Generator<undefined, void> {
    for (const batch of batchesOf(records)) {
      if (log.closed) return
      this.append(batch)
      yield
    }
  }
}

/** Records in batches of a thousand. */
function* batchesOf(records: Iterable<NewRecord>): Generator<NewRecord[]> {
  let batch: NewRecord[] = []
  for (const record of records) {
    if (batch.push(record) < 1000) continue
    yield batch
    batch = []
  }
  yield batch
}

/** Damage, which the log reports, costs the records in it and not the start of the broker. */
function readOrSkip(log: Log, offset: number): Batches {
  try {
    return log.read(offset, 1 << 20)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return { bytes: Buffer.alloc(0), nextOffset: offset + 1 }
  }
}
