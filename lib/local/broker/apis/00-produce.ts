import { codeOf, errors, KafkaError } from '../errors.ts'
import type { Appended, Log } from '../log/log.ts'
import { readHeader } from '../records/batch.ts'
import { checkBatches, cutBatches, validateRecords } from '../records/validate.ts'
import { isInternal } from '../topics/topic.ts'
import { array, int16, int32, int64, nullableBytes, nullableString, since, string, struct } from '../wire/schema.ts'
import { MalformedRequest } from '../wire/reader.ts'
import { api, type Context } from './api.ts'

/** Produce (0), versions 0-8.
 *
 *     request  => transactionalId nullable string (3+), acks i16, timeoutMs i32, topics [name, partitions [index i32, records bytes]]
 *     response => topics [name, partitions [index i32, errorCode i16, baseOffset i64, logAppendTimeMs i64 (2+), logStartOffset i64 (5+),
 *                 recordErrors [batchIndex i32, message] (8+), errorMessage (8+)]], throttleTimeMs i32 (1+)
 *
 *  acks=0 is not answered; an error then closes the connection. Left out: record formats before v2 (magic 0 and 1; UNSUPPORTED_FOR_MESSAGE_FORMAT), recompression by `compression.type`. */
export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [0, 8],
  request: struct({
    transactionalId: since(3, nullableString, null),
    acks: int16,
    timeoutMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, records: nullableBytes })) })),
  }),
  response: struct({
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: since(2, int64, -1),
            logStartOffset: since(5, int64, -1),
            recordErrors: since(8, array(struct({ batchIndex: int32, message: nullableString })), []),
            errorMessage: since(8, nullableString, null),
          }),
        ),
      }),
    ),
    throttleTimeMs: since(1, int32, 0),
  }),
  async handle(context, request) {
    const topics = []
    for (const { name, partitions } of request.topics) {
      const results = []
      for (const { index, records } of partitions) results.push(await append(context, request, name, index, records))
      topics.push({ name, partitions: results })
    }
    if (request.acks !== 0) return { topics, throttleTimeMs: 0 }
    const failed = topics.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== errors.NONE)
    if (failed) throw new MalformedRequest(`Produce with acks=0 failed with error ${failed.errorCode}`)
    return undefined
  },
})

interface ProduceRequest {
  transactionalId: string | null
  acks: number
}

/** Errors that come without the start of the log, though they are found while appending. */
const withoutStart = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'CORRUPT_MESSAGE', 'KAFKA_STORAGE_ERROR'])

async function append(context: Context, request: ProduceRequest, topic: string, index: number, records: Buffer | null) {
  const { topics, maintenance, log: report } = context.broker
  const result = {
    index,
    errorCode: errors.NONE as number,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    errorMessage: null,
  }
  const log = topics.partition(topic, index)
  let appending = false
  try {
    if (request.acks < -1 || request.acks > 1) throw new KafkaError('INVALID_REQUIRED_ACKS', 'Invalid required acks')
    const batches = cutBatches(records, context.version)
    if (!log) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
    if (isInternal(topic)) throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Cannot append to internal topic ${topic}`)
    for (const batch of batches) checkTransaction(context, request, topic, log, batch)
    appending = true
    const { baseOffset, logAppendTime } = await appendAll(context, request, topic, log, batches)
    const flushed = maintenance.appended(log)
    if (flushed) await flushed
    return { ...result, baseOffset, logAppendTimeMs: logAppendTime, logStartOffset: log.startOffset }
  } catch (error) {
    if (!(error instanceof KafkaError)) report(`produce to ${topic}-${index} failed: ${(error as Error).stack}`)
    const withStart = appending && !withoutStart.has((error as Error).name)
    return { ...result, errorCode: codeOf(error), logStartOffset: withStart ? log!.startOffset : -1 }
  }
}

/** Checks everything before it writes the first; answers where that one is. */
async function appendAll(
  context: Context,
  request: ProduceRequest,
  topic: string,
  log: Log,
  batches: Buffer[],
): Promise<Appended> {
  const config = log.config()
  checkBatches(batches, config)
  let unpacked = false
  for (const batch of batches) {
    const unpacking = validateRecords(batch, config)
    if (!unpacking) continue
    await unpacking
    unpacked = true
  }
  // while a batch was being unpacked its transaction may have ended, its partition may have gone
  if (unpacked) for (const batch of batches) checkTransaction(context, request, topic, log, batch)
  if (log.closed) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
  const [first] = batches.map(batch => log.append(batch))
  return first!
}

/** A transactional batch needs its transaction: the partition must have been added to it. */
function checkTransaction({ broker }: Context, request: ProduceRequest, topic: string, log: Log, batch: Buffer): void {
  const header = readHeader(batch)
  if (!header.isTransactional) return
  if (request.transactionalId === null) {
    throw new KafkaError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'Transactional Id authorization failed.')
  }
  const open = log.producers.producers.get(header.producerId)
  if (header.producerId < 0) return
  if (open?.txnFirstOffset !== undefined && open.epoch === header.producerEpoch) return
  broker.transactions.verifyPartition(
    request.transactionalId,
    header.producerId,
    header.producerEpoch,
    topic,
    Number(log.name.slice(topic.length + 1)),
  )
}
