import type { Consumer as KafkaConsumer, EachBatchPayload } from 'kafkajs'
import type { LabError } from '../errors.ts'
import { kafkaClient, kafkaError, topicMetadata, withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { sleep } from '../wait.ts'

/** A record as it came from a partition. */
export interface KafkaRecord {
  partition: number
  offset: number
  /** The record's own time, milliseconds since 1970. */
  timestamp: number
  key: string | null
  /** The key as it came, whatever its bytes are. */
  keyBytes: Buffer | null
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
  /** Takes records of one partition, in order; the next ones come when it is done. It answers false when it stopped before the last of them, which
   *  are not counted as read then. An error ends the consumer. */
  onRecords: (partition: number, records: KafkaRecord[]) => Promise<boolean>
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

const rebalanceCodes = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
])

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
    // kafkajs starts a consumer again for ever, a closed one too, which would come back as a member that nobody reads for.
    retry: { retries: 5, restartOnFailure: async () => !closed },
  })
  let closed = false
  let generation = 0
  let assigned: number[] = []
  let failure: LabError | undefined
  const positions = new Map<number, number>()
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (closed) return void stop(consumer)
    generation++
    assigned = payload.memberAssignment[topic] ?? []
    positions.clear()
    onAssign?.(assigned)
  })
  // Batches of which no record reaches the handler: control records, aborted transactions.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) positions.set(payload.partition, Number(payload.lastOffset) + 1)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart && !closed) failure ??= kafkaError(`group ${group}, topic ${topic}`, payload.error)
  })
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, heartbeat, isStale, isRunning } = payload
    if (failure || isStale() || !isRunning()) return
    const before = generation
    try {
      const records = batch.messages.map(message => toRecord(batch.partition, message))
      if (!(await onRecords(batch.partition, records))) return
    } catch (error) {
      failure ??= kafkaError(`group ${group}, topic ${topic}`, error)
      return
    }
    // With several brokers one may bring a rebalance while another's batch is being handled: what was read belongs to the time before.
    if (isStale() || generation !== before) return
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
        const failed = kafkaError(`group ${group}`, error)
        const isStarting = failed.message.includes('Consumer group was not initialized')
        if (!rebalanceCodes.has(failed.code) && !isStarting) throw failed
      })
    },
    seek(partition, offset) {
      positions.delete(partition)
      consumer.seek({ topic, partition, offset: String(offset) })
    },
    throwIfFailed() {
      if (failure) throw failure
    },
    close() {
      closed = true
      return stop(consumer)
    },
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
    keyBytes: message.key,
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
  const offsets = await withAdmin(lab, `topic ${topic}`, async admin => {
    await topicMetadata(admin, topic)
    return admin.fetchTopicOffsets(topic)
  })
  return offsets
    .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition)
}
