import type { Lab } from '../lab.ts'
import { waitFor } from '../wait.ts'
import { openConsumer, topicOffsets, type GroupConsumer, type KafkaRecord } from './consumer.ts'
import { GroupProgress } from './group-progress.ts'

export interface ConsumeOptions {
  /** Default: LAB_GROUP. What was read is committed for it, so the next run goes on from there. */
  group?: string
  /** Where a group without committed offsets begins; default true. */
  fromBeginning?: boolean
  /** End after so many records. */
  take?: number
  /** End after so many milliseconds; default: when caught up with what was there at the start. */
  timeMs?: number
  /** Ends the run, without an error. */
  signal?: AbortSignal
  sessionTimeoutMs?: number
}

export interface ConsumeReport {
  topic: string
  group: string
  records: number
  /** How many came from which partition. */
  partitions: Record<number, number>
}

/** Reads a topic in a consumer group and hands each record to `each`; commits what was handed over. Ends when caught up with the records that were
 *  there at the start, after `take` records, after `timeMs`, or by the signal. */
export async function consume(
  lab: Lab,
  topic: string,
  options: ConsumeOptions,
  each: (record: KafkaRecord) => unknown,
): Promise<ConsumeReport> {
  const { group = lab.config.group, fromBeginning, take = Infinity, timeMs, signal, sessionTimeoutMs } = options
  const ends = (await topicOffsets(lab, topic)).filter(({ start, end }) => end > start)
  const run: Handover = new Handover(each, () => run.records >= take || Boolean(signal?.aborted))
  const consumer = await openConsumer(lab, topic, {
    group,
    fromBeginning,
    sessionTimeoutMs,
    onAssign: partitions => run.keep(partitions),
    onRecords: (partition, records) => run.take(partition, records),
  })
  const progress = new GroupProgress(lab, group, topic)
  const deadline = timeMs === undefined ? Infinity : performance.now() + timeMs
  const isDone = async (): Promise<boolean> => {
    consumer.throwIfFailed()
    if (run.isStopped() || performance.now() >= deadline) return true
    if (timeMs !== undefined) return false
    const open = ends.filter(({ partition, end }) => (consumer.position(partition) ?? run.next(partition)) < end)
    if (open.length === 0) return true
    if (open.some(({ partition }) => consumer.assigned().includes(partition) && run.next(partition) >= 0)) return false
    return progress.hasReached(open, () => commit(consumer, run))
  }
  try {
    await waitFor(`end of topic ${topic}`, isDone, { timeoutMs: Infinity, maxIntervalMs: 100 })
    await commit(consumer, run)
  } finally {
    await consumer.close()
  }
  return { topic, group, records: run.records, partitions: run.partitions }
}

/** Commits how far this member has come. A position may lie behind the last record: what no reader sees (commit markers, aborted records) counts as
 *  read too. */
async function commit(consumer: GroupConsumer, run: Handover): Promise<void> {
  const at = (partition: number): number => Math.max(run.next(partition), consumer.position(partition) ?? -1)
  const read = consumer.assigned().filter(partition => at(partition) >= 0)
  if (read.length > 0) await consumer.commit(read.map(partition => ({ partition, offset: at(partition), metadata: '' })))
}

/** Hands records over, each once, until it is told to stop. */
class Handover {
  records = 0
  /** How many came from which partition. */
  readonly partitions: Record<number, number> = {}
  readonly isStopped: () => boolean
  readonly #each: (record: KafkaRecord) => unknown
  readonly #next = new Map<number, number>()

  constructor(each: (record: KafkaRecord) => unknown, isStopped: () => boolean) {
    this.#each = each
    this.isStopped = isStopped
  }

  /** Next offset to be handed over; -1 where there was none yet. */
  next(partition: number): number {
    return this.#next.get(partition) ?? -1
  }

  /** A partition that stays with this member comes again from its committed offset; what was handed over before is not handed over twice. */
  keep(partitions: number[]): void {
    for (const partition of this.#next.keys()) if (!partitions.includes(partition)) this.#next.delete(partition)
  }

  /** Answers false when it stopped before the last record. */
  async take(partition: number, records: KafkaRecord[]): Promise<boolean> {
    for (const record of records) {
      if (this.isStopped()) return false
      if (record.offset < this.next(partition)) continue
      await this.#each(record)
      this.records++
      this.partitions[partition] = (this.partitions[partition] ?? 0) + 1
      this.#next.set(partition, record.offset + 1)
    }
    return true
  }
}
