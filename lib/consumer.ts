import type { Consumer as KafkaConsumer, EachBatchPayload } from 'kafkajs'
import { LabError } from './errors.ts'
import { kafkaClient, kafkaError, withAdmin } from './kafka.ts'
import type { Lab } from './lab.ts'
import { sleep, waitFor } from './wait.ts'

/** A record as it came from a partition. */
export interface KafkaRecord {
  partition: number
  offset: number
  /** The record's own time, milliseconds since 1970. */
  timestamp: number
  key: string | null
  value: Buffer | null
  headers: Record<string, string>
}

export interface CommittedOffset {
  partition: number
  /** Offset of the next record to be read; -1 when the group has committed none. */
  offset: number
  metadata: string
}

export interface ConsumerOptions {
  group: string
  /** Where a group without committed offsets begins; default true: at the first record. */
  fromBeginning?: boolean
  /** A member that is silent for so long is taken for dead; default 10,000. */
  sessionTimeoutMs?: number
  /** Told when this member got its partitions, at the start and after each rebalance. What was read and not committed comes again. */
  onAssign?: (partitions: number[]) => void
  /** Takes records of one partition, in order; the next ones come when it is done. An error ends the
   *  consumer. */
  onRecords: (partition: number, records: KafkaRecord[]) => Promise<void>
}

/** A running member of a consumer group. It commits only what it is told to. */
export interface GroupConsumer {
  /** Partitions this member has now. */
  assigned(): number[]
  /** Next offset to be read of a partition from which something was handled since it was assigned. */
  position(partition: number): number | undefined
  /** Does nothing while the group rebalances: what is not committed is read again, by whoever has the partition then. */
  commit(offsets: CommittedOffset[]): Promise<void>
  /** Reads on from another offset; records on their way from the old one are dropped. */
  seek(partition: number, offset: number): void
  /** Throws what ended the consumer, if something did. */
  throwIfFailed(): void
  /** Leaves the group; within 5 s even when the broker is gone. */
  close(): Promise<void>
}

const rebalanceCodes = new Set(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

/** Joins the group and reads the topic. Throws `LabError` when the topic is not there or Kafka cannot be reached. */
export async function openConsumer(lab: Lab, topic: string, options: ConsumerOptions): Promise<GroupConsumer> {
  const { group, fromBeginning = true, sessionTimeoutMs = 10_000, onAssign, onRecords } = options
  const consumer = (await kafkaClient(lab)).consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
    heartbeatInterval: Math.min(1000, Math.floor(sessionTimeoutMs / 3)),
    maxWaitTimeInMs: 250, // a stop waits for the fetch under way
    maxBytesPerPartition: 2_097_152,
    allowAutoTopicCreation: false,
    retry: { retries: 5 },
  })
  let assigned: number[] = []
  let failure: LabError | undefined
  const positions = new Map<number, number>()
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assigned = payload.memberAssignment[topic] ?? []
    positions.clear()
    onAssign?.(assigned)
  })
  // Batches of which no record reaches the handler: control records, aborted transactions.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) positions.set(payload.partition, Number(payload.lastOffset) + 1)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) failure ??= kafkaError(`group ${group}, topic ${topic}`, payload.error)
  })
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, heartbeat, isStale, isRunning } = payload
    if (failure || isStale() || !isRunning()) return
    try {
      await onRecords(
        batch.partition,
        batch.messages.map(message => toRecord(batch.partition, message)),
      )
    } catch (error) {
      failure ??= kafkaError(`group ${group}, topic ${topic}`, error)
      return
    }
    if (isStale()) return
    resolveOffset(batch.lastOffset())
    positions.set(batch.partition, Number(batch.lastOffset()) + 1)
    await heartbeat()
  }
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch })
  } catch (error) {
    await stop(consumer)
    throw kafkaError(`topic ${topic}`, error)
  }
  return {
    assigned: () => assigned,
    position: partition => positions.get(partition),
    async commit(offsets) {
      const all = offsets.map(({ partition, offset, metadata }) => ({ topic, partition, offset: String(offset), metadata }))
      await consumer.commitOffsets(all).catch((error: unknown) => {
        const { code } = kafkaError(`group ${group}`, error)
        if (!rebalanceCodes.has(code)) throw kafkaError(`group ${group}`, error)
      })
    },
    seek(partition, offset) {
      positions.delete(partition)
      consumer.seek({ topic, partition, offset: String(offset) })
    },
    throwIfFailed() {
      if (failure) throw failure
    },
    close: () => stop(consumer),
  }
}

/** kafkajs may wait for ever for a broker that is gone, so stop and disconnect share five seconds. */
async function stop(consumer: KafkaConsumer): Promise<void> {
  const orderly = consumer.stop().then(() => consumer.disconnect())
  const controller = new AbortController()
  await Promise.race([orderly.catch(() => undefined), sleep(5000, controller.signal).catch(() => undefined)])
  controller.abort()
}

function toRecord(partition: number, message: EachBatchPayload['batch']['messages'][number]): KafkaRecord {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers ?? {}))
    headers[name] = String(Array.isArray(value) ? value[0] : value)
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : String(message.key),
    value: message.value,
    headers,
  }
}

/** What the group has committed for each partition of the topic. */
export async function committedOffsets(lab: Lab, group: string, topic: string): Promise<CommittedOffset[]> {
  return withAdmin(lab, `group ${group}`, async admin => {
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return (found?.partitions ?? []).map(({ partition, offset, metadata }) => ({
      partition,
      offset: Number(offset),
      metadata: metadata ?? '',
    }))
  })
}

/** First and next offset of each partition. `end` is exclusive. */
export async function topicOffsets(lab: Lab, topic: string): Promise<{ partition: number; start: number; end: number }[]> {
  const offsets = await withAdmin(lab, `topic ${topic}`, admin => admin.fetchTopicOffsets(topic))
  return offsets
    .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition)
}

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
    onAssign: () => handled.clear(),
    async onRecords(partition, batch) {
      for (const record of batch) {
        if (records >= take || signal?.aborted) return
        await each(record)
        records++
        partitions[partition] = (partitions[partition] ?? 0) + 1
        handled.set(partition, record.offset + 1)
      }
    },
  })
  const commit = () => consumer.commit([...handled].map(([partition, offset]) => ({ partition, offset, metadata: '' })))
  const deadline = timeMs === undefined ? Infinity : performance.now() + timeMs
  try {
    await waitFor(
      `end of topic ${topic}`,
      async () => {
        consumer.throwIfFailed()
        if (records >= take || signal?.aborted || performance.now() >= deadline) return true
        const open = ends.filter(
          ({ partition, start, end }) => end > start && (consumer.position(partition) ?? handled.get(partition) ?? -1) < end,
        )
        if (open.length === 0) return true
        if (
          timeMs !== undefined ||
          open.some(({ partition }) => consumer.assigned().includes(partition) && handled.has(partition))
        )
          return false
        if (handled.size > 0) await commit()
        const committed = new Map((await committedOffsets(lab, group, topic)).map(({ partition, offset }) => [partition, offset]))
        return open.every(({ partition, end }) => (committed.get(partition) ?? -1) >= end)
      },
      { timeoutMs: Infinity, maxIntervalMs: 100 },
    )
    if (handled.size > 0) await commit()
  } finally {
    await consumer.close()
  }
  return { topic, group, records, partitions }
}

export interface PeekOptions {
  /** Only this partition. */
  partition?: number
  /** First offset to show; negative counts from the end. Default 0. */
  offset?: number
  /** At most so many records; default 10. */
  take?: number
}

/** Looks at records without being seen: a group of its own that commits nothing and is deleted again. Ordered by partition and offset. */
export async function peek(lab: Lab, topic: string, options: PeekOptions = {}): Promise<KafkaRecord[]> {
  const { partition: only, offset = 0, take = 10 } = options
  const ends = await topicOffsets(lab, topic)
  if (only !== undefined && !ends.some(({ partition }) => partition === only)) {
    throw new LabError(
      'UNKNOWN_PARTITION',
      `topic ${topic}: there is no partition ${only}. It has ${ends.length}, numbered from 0.`,
    )
  }
  const wanted = new Map<number, { from: number; end: number }>()
  for (const { partition, start, end } of ends) {
    const from = Math.max(start, offset < 0 ? end + offset : offset)
    if ((only === undefined || only === partition) && from < end) wanted.set(partition, { from, end: Math.min(end, from + take) })
  }
  if (wanted.size === 0) return []
  const group = `peek-${crypto.randomUUID()}`
  const found = new Map<string, KafkaRecord>()
  const open = new Set(wanted.keys())
  const consumer = await openConsumer(lab, topic, {
    group,
    async onRecords(partition, records) {
      const range = wanted.get(partition)
      if (!range || !open.has(partition)) return
      for (const record of records)
        if (record.offset >= range.from && record.offset < range.end) found.set(`${partition}/${record.offset}`, record)
      if ((records.at(-1)?.offset ?? -1) + 1 >= range.end) open.delete(partition)
    },
  })
  try {
    for (const [partition, { from }] of wanted) consumer.seek(partition, from)
    await waitFor(
      `records of topic ${topic}`,
      () => {
        consumer.throwIfFailed()
        for (const partition of open)
          if ((consumer.position(partition) ?? 0) >= wanted.get(partition)!.end) open.delete(partition)
        return open.size === 0
      },
      { maxIntervalMs: 50 },
    )
  } finally {
    await consumer.close()
    await withAdmin(lab, `group ${group}`, admin => admin.deleteGroups([group])).catch(() => undefined)
  }
  return [...found.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset).slice(0, take)
}
