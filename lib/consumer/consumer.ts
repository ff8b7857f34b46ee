import type { Consumer as KafkaConsumer, EachBatchPayload } from 'kafkajs'
import type { LabError } from '../errors.ts'
import { kafkaClient, kafkaError, topicMetadata, withAdmin, type RecordHeaders } from '../kafka.ts'
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
  /** As text; of a name that came several times, the first. */
  headers: Record<string, string>
  /** As they came: bytes, and each value of a name. */
  headerBytes: RecordHeaders
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
  const { group, fromBeginning = true, sessionTimeoutMs = 10_000 } = options
  const life = { closed: false }
  const client = (await kafkaClient(lab)).consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
    heartbeatInterval: Math.min(1000, Math.floor(sessionTimeoutMs / 3)),
    maxWaitTimeInMs: 250, // a stop waits for the fetch under way
    maxBytesPerPartition: 2_097_152,
    allowAutoTopicCreation: false,
    // kafkajs starts a consumer again for ever, a closed one too, which would come back as a member that nobody reads for.
    retry: { retries: 5, restartOnFailure: async () => !life.closed },
  })
  const member = new Member(client, topic, options, life)
  try {
    await client.connect()
    await client.subscribe({ topics: [topic], fromBeginning })
    await client.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: batch => member.take(batch) })
  } catch (error) {
    await stop(client)
    throw kafkaError(`topic ${topic}`, error)
  }
  return member
}

class Member implements GroupConsumer {
  readonly #client: KafkaConsumer
  readonly #topic: string
  readonly #options: ConsumerOptions
  readonly #life: { closed: boolean }
  #generation = 0
  #assigned: number[] = []
  #failure: LabError | undefined
  readonly #positions = new Map<number, number>()

  constructor(client: KafkaConsumer, topic: string, options: ConsumerOptions, life: { closed: boolean }) {
    this.#client = client
    this.#topic = topic
    this.#options = options
    this.#life = life
    client.on(client.events.GROUP_JOIN, ({ payload }) => this.#join(payload.memberAssignment[topic] ?? []))
    // Batches of which no record reaches the handler: control records, aborted transactions.
    client.on(client.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#positions.set(payload.partition, Number(payload.lastOffset) + 1)
    })
    client.on(client.events.CRASH, ({ payload }) => {
      if (!payload.restart && !life.closed) this.#fail(payload.error)
    })
  }

  #join(partitions: number[]): void {
    if (this.#life.closed) return void stop(this.#client)
    this.#generation++
    this.#assigned = partitions
    this.#positions.clear()
    this.#options.onAssign?.(partitions)
  }

  #fail(error: unknown): void {
    this.#failure ??= kafkaError(`group ${this.#options.group}, topic ${this.#topic}`, error)
  }

  /** Hands a batch over and remembers how far it was read. */
  async take({ batch, resolveOffset, heartbeat, isStale, isRunning }: EachBatchPayload): Promise<void> {
    if (this.#failure || isStale() || !isRunning()) return
    const generation = this.#generation
    try {
      const records = batch.messages.map(message => toRecord(batch.partition, message))
      if (!(await this.#options.onRecords(batch.partition, records))) return
    } catch (error) {
      return this.#fail(error)
    }
    // With several brokers one may bring a rebalance while another's batch is being handled: what was read belongs to the time before.
    if (isStale() || generation !== this.#generation) return
    resolveOffset(batch.lastOffset())
    this.#positions.set(batch.partition, Number(batch.lastOffset()) + 1)
    await heartbeat()
  }

  assigned(): number[] {
    return this.#assigned
  }

  position(partition: number): number | undefined {
    return this.#positions.get(partition)
  }

  async commit(offsets: CommittedOffset[]): Promise<void> {
    const topic = this.#topic
    const all = offsets.map(({ partition, offset, metadata }) => ({ topic, partition, offset: String(offset), metadata }))
    await this.#client.commitOffsets(all).catch((error: unknown) => {
      const failed = kafkaError(`group ${this.#options.group}`, error)
      const isStarting = failed.message.includes('Consumer group was not initialized')
      if (!rebalanceCodes.has(failed.code) && !isStarting) throw failed
    })
  }

  seek(partition: number, offset: number): void {
    this.#positions.delete(partition)
    this.#client.seek({ topic: this.#topic, partition, offset: String(offset) })
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure
  }

  close(): Promise<void> {
    this.#life.closed = true
    return stop(this.#client)
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
    headerBytes: message.headers ?? {},
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
