import type { Kafka } from 'kafkajs'
import { clusterOf, type FetchedMessage } from '../cluster.ts'
import { filterAborted } from '../kafkajs.ts'

/** A record of a partition as it lies there, bytes and all. */
export interface RawRecord {
  partition: number
  offset: number
  /** Milliseconds since 1970. */
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: NonNullable<FetchedMessage['headers']>
}

/** Reads partitions of one topic without being a member of a group: it needs no right on any group and leaves no trace. */
export interface PartitionReader {
  /** What lies at the offsets, whole transactions only, as much as one answer of each broker holds; waits up to `waitMs` where there is nothing yet.
   *  `next` is where to go on, for every partition asked; `end` is the offset behind the last one that may be read now (open transactions may not). */
  read(
    from: ReadonlyMap<number, number>,
    waitMs?: number,
  ): Promise<{ records: RawRecord[]; next: Map<number, number>; end: Map<number, number> }>
  close(): Promise<void>
}

const answerBytes = 4_194_304
const readCommitted = 1

/** Opens a reader of a topic that exists. kafkajs has consumers in groups only; this asks its cluster to fetch. */
export async function openReader(kafka: Kafka, topic: string): Promise<PartitionReader> {
  const cluster = clusterOf(kafka)
  await cluster.connect()
  await cluster.addTargetTopic(topic)
  const fetchFrom = async (nodeId: string, partitions: number[], from: ReadonlyMap<number, number>, waitMs: number) => {
    const broker = await cluster.findBroker({ nodeId })
    const { responses } = await broker.fetch({
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: answerBytes,
      isolationLevel: readCommitted,
      topics: [
        {
          topic,
          partitions: partitions.map(partition => ({
            partition,
            fetchOffset: String(from.get(partition)),
            maxBytes: answerBytes,
          })),
        },
      ],
    })
    return responses.flatMap(({ partitions: fetched }) => fetched)
  }
  return {
    async read(from, waitMs = 0) {
      const records: RawRecord[] = []
      const next = new Map(from)
      const end = new Map<number, number>()
      const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [...from.keys()]))
      const answers = await Promise.all(leaders.map(([nodeId, partitions]) => fetchFrom(nodeId, partitions, from, waitMs))).catch(
        async (error: unknown) => {
          // The leader may have moved: the next read asks whoever leads then.
          await cluster.refreshMetadata().catch(() => undefined)
          throw error
        },
      )
      for (const { partition, messages, abortedTransactions, highWatermark, lastStableOffset } of answers.flat()) {
        end.set(partition, Number(lastStableOffset ?? highWatermark))
        const start = from.get(partition)!
        const fresh = messages.filter(({ offset }) => Number(offset) >= start)
        for (const message of filterAborted({ messages: fresh, abortedTransactions }) as FetchedMessage[]) {
          const { offset, timestamp, key, value, headers = {}, isControlRecord } = message
          if (!isControlRecord)
            records.push({ partition, offset: Number(offset), timestamp: Number(timestamp), key, value, headers })
        }
        if (fresh.length > 0) next.set(partition, Number(fresh.at(-1)!.offset) + 1)
      }
      return { records, next, end }
    },
    close: () => cluster.disconnect().catch(() => undefined),
  }
}
