import type { Lab } from '../lab.ts'
import { waitFor } from '../wait.ts'
import { committedOffsets, openConsumer, topicOffsets, type KafkaRecord } from './consumer.ts'

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
  const ends = await topicOffsets(lab, topic)
  const partitions: Record<number, number> = {}
  const handled = new Map<number, number>()
  let records = 0
  const consumer = await openConsumer(lab, topic, {
    group,
    fromBeginning,
    sessionTimeoutMs,
    // A partition that stays with this member comes again from its committed offset; what was handed over before is not handed over twice.
    onAssign(assigned) {
      for (const partition of handled.keys()) if (!assigned.includes(partition)) handled.delete(partition)
    },
    async onRecords(partition, batch) {
      for (const record of batch) {
        if (records >= take || signal?.aborted) return false
        if (record.offset < (handled.get(partition) ?? 0)) continue
        await each(record)
        records++
        partitions[partition] = (partitions[partition] ?? 0) + 1
        handled.set(partition, record.offset + 1)
      }
      return true
    },
  })
  const commit = async (): Promise<void> => {
    // A position may lie behind the last record: what no reader sees (commit markers, aborted records) counts as read too.
    const at = (partition: number): number => Math.max(handled.get(partition) ?? -1, consumer.position(partition) ?? -1)
    const read = consumer.assigned().filter(partition => at(partition) >= 0)
    if (read.length > 0) await consumer.commit(read.map(partition => ({ partition, offset: at(partition), metadata: '' })))
  }
  const deadline = timeMs === undefined ? Infinity : performance.now() + timeMs
  try {
    await waitFor(
      `end of topic ${topic}`,
      async () => {
        consumer.throwIfFailed()
        if (records >= take || signal?.aborted || performance.now() >= deadline) return true
        if (timeMs !== undefined) return false
        const open = ends.filter(
          ({ partition, start, end }) => end > start && (consumer.position(partition) ?? handled.get(partition) ?? -1) < end,
        )
        if (open.length === 0) return true
        if (open.some(({ partition }) => consumer.assigned().includes(partition) && handled.has(partition))) return false
        await commit()
        const committed = new Map((await committedOffsets(lab, group, topic)).map(({ partition, offset }) => [partition, offset]))
        return open.every(({ partition, end }) => (committed.get(partition) ?? -1) >= end)
      },
      { timeoutMs: Infinity, maxIntervalMs: 100 },
    )
    await commit()
  } finally {
    await consumer.close()
  }
  return { topic, group, records, partitions }
}
