import type { ICustomPartitioner, RecordMetadata } from 'kafkajs'
import { LabError } from './errors.ts'
import { kafkaClient, kafkaError, topicMetadata, withAdmin, type RecordHeaders } from './kafka.ts'
import type { Lab } from './lab.ts'
import { encodeQuote, type Quote } from './quote.ts'
import { sleep } from './wait.ts'

export interface ProduceOptions {
  /** Default: LAB_TOPIC. */
  topic?: string
  /** Quotes in one send; default 1,000. */
  batchSize?: number
  /** Send what there is so many milliseconds after the first of it came; default: wait until the batch is full, or the source ends. */
  lingerMs?: number
  /** Who must have a record before it counts as sent: all replicas in sync (-1, the default, and then idempotent), the leader (1), nobody (0). */
  acks?: -1 | 0 | 1
  /** Default: not compressed. */
  gzip?: boolean
  /** Told after each send how many quotes were acknowledged so far. */
  onProgress?: (sent: number) => void
}

export interface ProduceReport {
  topic: string
  /** Quotes that Kafka acknowledged. */
  sent: number
  /** How many of them went to which partition. */
  partitions: Record<number, number>
  seconds: number
  perSecond: number
}

/** A message to be sent as it is; the text or bytes are not looked at. */
export interface RawMessage {
  key?: string | Uint8Array | null
  value: string | Uint8Array | null
  headers?: RecordHeaders
  /** Default: the key decides. */
  partition?: number
}

/** Sends quotes, keyed by symbol, and ends when the source ends. Idempotent, all replicas acknowledge, one batch is prepared while the one before is
 *  under way, so the source is read only as fast as Kafka takes. The record's time is now, never the trade date: brokers delete records that look a week
 *  old. Throws `LabError` with what was acknowledged before. */
export async function produce(
  lab: Lab,
  source: AsyncIterable<Quote> | Iterable<Quote>,
  options: ProduceOptions = {},
): Promise<ProduceReport> {
  return send(lab, source, quote => ({ key: quote.symbol, value: encodeQuote(quote) }), options)
}

/** Sends messages as they are: for events that are not quotes, and for lessons about what happens then. */
export async function produceRaw(
  lab: Lab,
  messages: AsyncIterable<RawMessage> | Iterable<RawMessage>,
  options: ProduceOptions = {},
): Promise<ProduceReport> {
  return send(lab, messages, message => message, options)
}

async function send<T>(
  lab: Lab,
  source: AsyncIterable<T> | Iterable<T>,
  encode: (item: T) => RawMessage,
  options: ProduceOptions,
): Promise<ProduceReport> {
  const { topic = lab.config.topic, batchSize = 1000, lingerMs, onProgress } = options
  const start = performance.now()
  const partitions: Record<number, number> = {}
  let sent = 0
  const sender = await openSender(lab, topic, options)
  let underWay: Promise<void> | undefined
  try {
    for await (const batch of lingerMs === undefined
      ? batches(source, encode, batchSize)
      : lingering(source, encode, batchSize, lingerMs)) {
      await underWay
      underWay = sender.send(batch).then(counts => {
        for (const [partition, count] of counts) partitions[partition] = (partitions[partition] ?? 0) + count
        sent += batch.length
        onProgress?.(sent)
      })
      underWay.catch(() => undefined) // looked at on the next turn, or below
    }
    await underWay
  } catch (error) {
    await underWay?.catch(() => undefined)
    const { code, message } = kafkaError(`topic ${topic}`, error)
    throw new LabError(code, sent > 0 ? `${message} (${sent} were acknowledged before.)` : message, { cause: error })
  } finally {
    await sender.close()
  }
  const seconds = (performance.now() - start) / 1000
  return { topic, sent, partitions, seconds: Number(seconds.toFixed(3)), perSecond: Math.round(sent / Math.max(seconds, 0.001)) }
}

async function* batches<T>(
  source: AsyncIterable<T> | Iterable<T>,
  encode: (item: T) => RawMessage,
  size: number,
): AsyncGenerator<RawMessage[]> {
  let batch: RawMessage[] = []
  for await (const item of source) {
    batch.push(encode(item))
    if (batch.length >= size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** Batches of a source that pauses: one is also given `lingerMs` after its first item. */
async function* lingering<T>(
  source: AsyncIterable<T> | Iterable<T>,
  encode: (item: T) => RawMessage,
  size: number,
  lingerMs: number,
): AsyncGenerator<RawMessage[]> {
  const items = (async function* () {
    yield* source
  })()
  const ahead = (): Promise<IteratorResult<T, void>> => {
    const item = items.next()
    item.catch(() => undefined) // looked at on its turn, which may be after the batch before is sent
    return item
  }
  let batch: RawMessage[] = []
  let next = ahead()
  // One timer for each batch: one for each item takes longer than sending it.
  let pause: { over: Promise<void>; controller: AbortController } | undefined
  for (;;) {
    const item = await (pause ? Promise.race([next, pause.over]) : next)
    if (item && !item.done) {
      batch.push(encode(item.value))
      next = ahead()
    }
    if (batch.length > 0 && (!item || item.done || batch.length >= size)) {
      pause?.controller.abort()
      pause = undefined
      yield batch
      batch = []
    } else if (batch.length > 0 && !pause) {
      const controller = new AbortController()
      pause = { over: sleep(lingerMs, controller.signal).catch(() => undefined), controller }
    }
    if (item?.done) return
  }
}

/** A connected idempotent producer for one topic. */
export interface Sender {
  /** Sends a batch and answers how many records each partition acknowledged. */
  send(messages: RawMessage[]): Promise<Map<number, number>>
  close(): Promise<void>
}

/** Connects an idempotent producer. The topic must exist: a wrong name is an error here, not a new topic. */
export async function openSender(
  lab: Lab,
  topic: string,
  { acks = -1, gzip = false }: Pick<ProduceOptions, 'acks' | 'gzip'> = {},
): Promise<Sender> {
  const placed = new Map<object, number>()
  // kafkajs keeps sequences in order only with one request in flight (kafkajs issues 598 and 980).
  const producer = (await kafkaClient(lab)).producer({
    idempotent: acks === -1,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: await placing(placed),
  })
  try {
    // Asked first, because kafkajs takes a missing topic for one that is about to be there, and tries for a quarter of a minute.
    await withAdmin(lab, `topic ${topic}`, admin => topicMetadata(admin, topic))
    await producer.connect()
  } catch (error) {
    throw kafkaError(`topic ${topic}`, error)
  }
  return {
    async send(messages) {
      placed.clear()
      const answers = await producer.send({
        topic,
        acks,
        compression: gzip ? 1 : 0,
        messages: messages.map(({ key, value, headers, partition }) => ({
          key: asBuffer(key ?? null),
          value: asBuffer(value),
          headers,
          partition,
        })),
      })
      checkAnswers(topic, answers)
      const counts = new Map<number, number>()
      for (const partition of placed.values()) counts.set(partition, (counts.get(partition) ?? 0) + 1)
      return counts
    },
    close: () => producer.disconnect().catch(() => undefined),
  }
}

/** Kafka's own partitioner, and a note of where it put each message: kafkajs asks again on each retry, and a record without a key must not move to
 *  another partition then. */
async function placing(placed: Map<object, number>): Promise<ICustomPartitioner> {
  const { loadKafkajs } = await import('./kafkajs.ts')
  const partitioner = loadKafkajs().Partitioners.DefaultPartitioner()
  return () => args => {
    const partition = placed.get(args.message) ?? partitioner(args)
    placed.set(args.message, partition)
    return partition
  }
}

function checkAnswers(topic: string, answers: RecordMetadata[]): void {
  const failed = answers.find(({ errorCode }) => errorCode !== 0)
  if (failed)
    throw new LabError(
      'PRODUCE_FAILED',
      `topic ${topic}: partition ${failed.partition} refused the records with Kafka's error ${failed.errorCode}.`,
    )
}

function asBuffer(value: RawMessage['value']): string | Buffer | null {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}
