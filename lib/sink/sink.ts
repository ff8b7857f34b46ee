import { ensureBucket, putObject, recordKey } from '../bucket.ts'
import {
  committedOffsets,
  openConsumer,
  topicOffsets,
  type CommittedOffset,
  type GroupConsumer,
  type KafkaRecord,
} from '../consumer/consumer.ts'
import { GroupProgress } from '../consumer/group-progress.ts'
import { LabError } from '../errors.ts'
import { withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { waitFor } from '../wait.ts'
import { Chain, findStart, type ChainPlace } from './chain.ts'
import { DeadLetters } from './dead-letters.ts'

export interface SinkOptions {
  /** Default: LAB_TOPIC. Bad events go to `<topic>.dlq`. */
  topic?: string
  /** Default: LAB_GROUP. */
  group?: string
  /** Default: LAB_BUCKET; made when missing. */
  bucket?: string
  /** Default: LAB_PREFIX. */
  prefix?: string
  /** Records in one object at most; default 10,000. */
  maxRecords?: number
  /** Bytes of JSON in one object, before gzip; default 4 MiB. */
  maxBytes?: number
  /** Store what waits after so many milliseconds, full or not; default 60,000. */
  maxAgeMs?: number
  /** End after so many records, good and bad. */
  take?: number
  /** End after so many milliseconds; default: when the group has caught up with what was in the topic at the start. */
  timeMs?: number
  /** Ends the sink; what waits is stored before. */
  signal?: AbortSignal
  /** The tutorial's way: one object for each record, numbered from 0 in each run, so a second run overwrites the first. For the lesson only. */
  perRecord?: boolean
  /** A member that is silent for so long is taken for dead; default 10,000. */
  sessionTimeoutMs?: number
  /** Told of progress after each object. */
  onProgress?: (progress: { records: number; objects: number }) => void
}

export interface SinkReport {
  topic: string
  group: string
  /** Where the objects lie: `s3://…/`. */
  location: string
  /** Records stored by this run. */
  records: number
  objects: number
  /** Bytes of these objects as stored. */
  bytes: number
  /** Records read again that were in the bucket already (another sink, or a crash before the commit). */
  alreadyStored: number
  /** Bad records, now in the dead-letter topic. */
  deadLetters: number
  /** Offsets that retention had deleted before anyone read them; `end` exclusive. */
  lost: { partition: number; start: number; end: number }[]
  ended: 'caught up' | 'records' | 'time' | 'signal'
}

/** Moves the valid records of a topic into the bucket, each exactly once whatever crashes and however many sinks run: conditional writes first, commits
 *  after (README, "Delivery"). Bad records go to the dead-letter topic with the reason. Throws `LabError`, TOPIC_REPLACED when the bucket holds
 *  another topic's objects. */
export async function sink(lab: Lab, options: SinkOptions = {}): Promise<SinkReport> {
  const { topic = lab.config.topic, group = lab.config.group, bucket = lab.config.bucket, prefix = lab.config.prefix } = options
  await ensureBucket(lab, bucket)
  const ends = await topicOffsets(lab, topic)
  const clusterId = await withAdmin(lab, 'cluster', async admin => (await admin.describeCluster()).clusterId)
  const run = new SinkRun({ lab, clusterId, topic, group, bucket, prefix }, options)
  const ended = await run.start(ends)
  return { topic, group, location: `s3://${bucket}/${prefix}`, ...run.totals(), ended }
}

class SinkRun {
  readonly #place: ChainPlace
  readonly #options: SinkOptions
  readonly #deadLetters: DeadLetters
  readonly #group: GroupProgress
  #chains = new Map<number, Chain>()
  /** Counts of chains that are no more: their partitions were given out anew. */
  #past = { records: 0, objects: 0, bytes: 0, alreadyStored: 0 }
  #handled = 0
  #lost: SinkReport['lost'] = []
  #consumer!: GroupConsumer
  #turn: Promise<unknown> = Promise.resolve()

  constructor(place: ChainPlace, options: SinkOptions) {
    this.#place = place
    this.#options = options
    this.#deadLetters = new DeadLetters(place.lab, place.topic)
    this.#group = new GroupProgress(place.lab, place.group, place.topic)
  }

  totals(): Omit<SinkReport, 'topic' | 'group' | 'location' | 'ended'> {
    const totals = { ...this.#past }
    for (const chain of this.#chains.values()) addCounts(totals, chain)
    return { ...totals, deadLetters: this.#deadLetters.count, lost: this.#lost }
  }

  async start(ends: { partition: number; start: number; end: number }[]): Promise<SinkReport['ended']> {
    const { lab, topic } = this.#place
    const { signal, take = Infinity, timeMs = Infinity, sessionTimeoutMs, maxAgeMs = 60_000 } = this.#options
    const deadline = performance.now() + timeMs
    await this.#checkCommitted(ends)
    this.#consumer = await openConsumer(lab, topic, {
      group: this.#place.group,
      sessionTimeoutMs,
      onAssign: () => {
        for (const chain of this.#chains.values()) {
          addCounts(this.#past, chain)
          this.#handled -= chain.waiting // they come again
        }
        this.#chains = new Map()
      },
      onRecords: (partition, records) => this.#exclusive(() => this.#takeRecords(partition, records)),
    })
    try {
      const ended = await waitFor(
        `end of topic ${topic}`,
        async () => {
          this.#consumer.throwIfFailed()
          if (signal?.aborted) return 'signal'
          if (this.#handled >= take) return 'records'
          if (performance.now() >= deadline) return 'time'
          await this.#flush(chain => performance.now() - chain.waitingSince >= maxAgeMs)
          return timeMs === Infinity && (await this.#caughtUp(ends)) && 'caught up'
        },
        { timeoutMs: Infinity, maxIntervalMs: 250 },
      )
      await this.#flush(() => true)
      return ended
    } finally {
      await this.#consumer.close()
      await this.#deadLetters.close()
    }
  }

  /** Committed offsets outside of the log, seen before kafkajs silently replaces them by its default. */
  async #checkCommitted(ends: { partition: number; start: number; end: number }[]): Promise<void> {
    const { lab, topic } = this.#place
    for (const { partition, offset } of await committedOffsets(lab, this.#place.group, topic)) {
      const { start, end } = ends.find(found => found.partition === partition) ?? { start: 0, end: Infinity }
      if (offset > end) throw replacedOffsets(this.#place.group, topic, partition, offset, end)
      if (offset >= 0 && offset < start) this.#lost.push({ partition, start: offset, end: start })
    }
  }

  /** Records and flushes take turns, so that a chain is never used by two at once. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Answers false when it ended before the last record. */
  async #takeRecords(partition: number, records: KafkaRecord[]): Promise<boolean> {
    const { take = Infinity, maxRecords = 10_000, maxBytes = 4_194_304, perRecord, signal } = this.#options
    if (perRecord) return this.#storeEach(partition, records)
    const chain = this.#chains.get(partition) ?? (await this.#openChain(partition, records[0]))
    if (!chain) return false
    for (const record of records) {
      if (this.#handled >= take || signal?.aborted) return false
      if (chain.endsBefore(record)) await this.#store(chain)
      if (chain.add(record)) this.#handled++
      if (chain.isFull({ maxRecords, maxBytes })) await this.#store(chain)
    }
    return true
  }

  /** Opens the chain at a boundary. When that lies elsewhere than the records in hand, reading goes on there and undefined is answered. */
  async #openChain(partition: number, first: KafkaRecord): Promise<Chain | undefined> {
    const { lab, topic } = this.#place
    const none: CommittedOffset = { partition, offset: -1, metadata: '' }
    const committed = (await committedOffsets(lab, this.#place.group, topic)).find(found => found.partition === partition) ?? none
    const { start: logStart } = (await topicOffsets(lab, topic)).find(found => found.partition === partition)!
    const start = await findStart(
      this.#place,
      partition,
      { ...committed, offset: committed.offset < 0 ? -1 : Math.max(committed.offset, logStart) },
      logStart,
    )
    const chain = new Chain(this.#place, partition, start, committed.offset)
    this.#chains.set(partition, chain)
    if (start.offset >= first.offset) return chain
    this.#consumer.seek(partition, start.offset)
    return undefined
  }

  async #storeEach(partition: number, records: KafkaRecord[]): Promise<boolean> {
    const { lab, bucket, prefix } = this.#place
    const { take = Infinity, signal, onProgress } = this.#options
    let last: KafkaRecord | undefined
    for (const record of records) {
      if (this.#handled >= take || signal?.aborted) break
      this.#handled++
      last = record
      const { bytes } = await putObject(lab, recordKey(prefix, this.#past.records), record.value ?? '', bucket)
      addCounts(this.#past, { records: 1, objects: 1, bytes, alreadyStored: 0 })
      onProgress?.(this.#past)
    }
    if (last) await this.#consumer.commit([{ partition, offset: last.offset + 1, metadata: '' }])
    return last === records.at(-1)
  }

  async #flush(which: (chain: Chain) => boolean): Promise<void> {
    for (const chain of [...this.#chains.values()]) if (which(chain)) await this.#exclusive(() => this.#store(chain))
  }

  /** Stores what waits and commits how far that is: behind the last record, or behind what no reader sees after it (commit markers). */
  async #store(chain: Chain): Promise<void> {
    await chain.flush(bad => this.#deadLetters.bury(bad))
    const offset = Math.max(chain.next, this.#consumer.position(chain.partition) ?? 0)
    if (offset === chain.committed || this.#chains.get(chain.partition) !== chain) return
    await this.#consumer.commit([{ partition: chain.partition, offset, metadata: chain.lastKey }])
    chain.committed = offset
    this.#options.onProgress?.(this.totals())
  }

  /** True when every offset that was there at the start is stored and committed, by this sink or by others of its group. */
  async #caughtUp(ends: { partition: number; start: number; end: number }[]): Promise<boolean> {
    const mine = new Set(this.#consumer.assigned())
    const open = ends.filter(({ start, end }) => end > start)
    const read = (partition: number): number =>
      Math.max(this.#consumer.position(partition) ?? -1, this.#chains.get(partition)?.next ?? -1)
    // Nothing comes from a partition that was read to its end before this run, so its committed offset counts.
    const unread = open.filter(({ partition, end }) => mine.has(partition) && read(partition) < end)
    if (unread.length > 0 && !(await this.#group.hasReached(unread))) return false
    await this.#flush(() => true)
    for (const { partition, end } of open) {
      // Nothing but what no reader sees: there is no chain, and still the group is behind it.
      const offset = this.#consumer.position(partition) ?? -1
      if (!mine.has(partition) || this.#chains.has(partition) || this.#options.perRecord || offset < end) continue
      await this.#consumer.commit([{ partition, offset, metadata: '' }])
    }
    const others = open.filter(({ partition }) => !mine.has(partition))
    return others.length === 0 || this.#group.hasReached(others)
  }
}

interface Counts {
  records: number
  objects: number
  bytes: number
  alreadyStored: number
}

function addCounts(totals: Counts, { records, objects, bytes, alreadyStored }: Counts): void {
  totals.records += records
  totals.objects += objects
  totals.bytes += bytes
  totals.alreadyStored += alreadyStored
}

function replacedOffsets(group: string, topic: string, partition: number, offset: number, end: number): LabError {
  return new LabError(
    'TOPIC_REPLACED',
    `group ${group}: has committed offset ${offset} of topic ${topic}, partition ${partition}, which ends at ${end}: the topic was made anew. ` +
      `Delete the group (npx tickerlake groups delete ${group}) and empty the prefix, or use another group and prefix.`,
  )
}
