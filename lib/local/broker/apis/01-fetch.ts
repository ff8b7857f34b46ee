import { codeOf, errors, KafkaError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { bytesAfter } from '../log/read.ts'
import { array, int16, int32, int64, int8, nullableArray, nullableBytes, since, string, struct, within } from '../wire/schema.ts'
import { setImmediate } from 'node:timers/promises'
import { checkLeaderEpoch } from '../log/leader-epoch.ts'
import { api, type Context } from './api.ts'

/** Fetch (1), versions 0-11 (0-3 are answered with UNSUPPORTED_VERSION for each partition: their clients expect older record formats, and Kafka
 *  with `log.message.downconversion.enable=false` answers so).
 *
 *     request  => replicaId i32, maxWaitMs i32, minBytes i32, maxBytes i32 (3+), isolationLevel i8 (4+), sessionId i32 (7+), sessionEpoch i32 (7+),
 *                 topics [name, partitions [index i32, currentLeaderEpoch i32 (9+), fetchOffset i64, logStartOffset i64 (5+), partitionMaxBytes i32]],
 *                 forgottenTopics [name, partitions [i32]] (7+), rackId (11+)
 *     response => throttleTimeMs i32 (1+), errorCode i16 (7+), sessionId i32 (7+), topics [name, partitions [index i32, errorCode i16, highWatermark i64,
 *                 lastStableOffset i64 (4+), logStartOffset i64 (5+), abortedTransactions nullable [producerId i64, firstOffset i64] (4+),
 *                 preferredReadReplica i32 (11+), records bytes]]
 *
 *  Long poll: answered when minBytes are there, when maxWaitMs are over, or when a partition has an error. The first partition with data gives at
 *  least one batch, however large. Left out: fetch sessions (sessionId 0 in each answer tells clients so), conversion to older formats, replicas. */
export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [0, 11],
  request: struct({
    replicaId: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: since(3, int32, 0x7fff_ffff),
    isolationLevel: since(4, int8, 0),
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            currentLeaderEpoch: since(9, int32, -1),
            fetchOffset: int64,
            logStartOffset: since(5, int64, -1),
            partitionMaxBytes: int32,
          }),
        ),
      }),
    ),
    forgottenTopics: since(7, array(struct({ name: string, partitions: array(int32) })), []),
    rackId: since(11, string, ''),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: since(7, int16, 0),
    sessionId: since(7, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: since(4, int64, -1),
            logStartOffset: since(5, int64, -1),
            abortedTransactions: within(4, Infinity, nullableArray(struct({ producerId: int64, firstOffset: int64 })), null),
            preferredReadReplica: since(11, int32, -1),
            records: nullableBytes,
          }),
        ),
      }),
    ),
  }),
  async handle(context, request) {
    const wanted = request.topics.flatMap(({ name, partitions }) =>
      partitions.map(partition => ({ topic: name, replicaId: request.replicaId, ...partition })),
    )
    const committed = request.isolationLevel === 1
    // full fetches have the session epochs 0 and -1; there are no sessions that could be gone on with
    if (request.sessionEpoch > 0 || request.sessionId !== 0) {
      return { throttleTimeMs: 0, errorCode: errors.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, topics: [] }
    }
    await enoughOrLate(context, wanted, committed, request)
    let left = Math.min(request.maxBytes, context.broker.properties.number('fetch.max.bytes'))
    let first = true
    const topics = []
    let sinceTurn = 0
    for (const { name, partitions } of request.topics) {
      const results = []
      for (const partition of partitions) {
        const result = await read(context, { topic: name, replicaId: request.replicaId, ...partition }, committed, left, first)
        const length = result.records?.length ?? 0
        if (length > 0) first = false
        left = Math.max(0, left - length)
        results.push(result)
        if ((sinceTurn += length) > turnBytes) {
          sinceTurn = 0
          await setImmediate()
        }
      }
      if (results.length > 0) topics.push({ name, partitions: results })
    }
    return { throttleTimeMs: 0, errorCode: errors.NONE, sessionId: 0, topics }
  },
})

/** After reading this much, others get their turn. */
const turnBytes = 8 << 20

interface Wanted {
  topic: string
  replicaId: number
  index: number
  currentLeaderEpoch: number
  fetchOffset: number
  partitionMaxBytes: number
}

/** The log and the offset up to which this reader may see. Throws what the partition is answered with. */
function readable({ broker, version }: Context, wanted: Wanted, committed: boolean): { log: Log; upTo: number } {
  const log = broker.topics.partition(wanted.topic, wanted.index)
  if (!log || log.closed) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'unknown topic or partition')
  if (wanted.replicaId >= 0) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', `broker ${wanted.replicaId} is no replica`)
  if (wanted.partitionMaxBytes < 0) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'a negative size')
  if (version < 4) throw new KafkaError('UNSUPPORTED_VERSION', 'record formats before v2 are not served')
  checkLeaderEpoch(wanted.currentLeaderEpoch)
  if (wanted.fetchOffset < log.startOffset || wanted.fetchOffset > log.endOffset) {
    throw new KafkaError('OFFSET_OUT_OF_RANGE', `offset ${wanted.fetchOffset} is not in ${log.startOffset} to ${log.endOffset}`)
  }
  return { log, upTo: committed ? log.lastStableOffset : log.endOffset }
}

async function read(context: Context, wanted: Wanted, committed: boolean, left: number, first: boolean) {
  const { index, fetchOffset, partitionMaxBytes } = wanted
  const none = {
    index,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    preferredReadReplica: -1,
  }
  try {
    const { log, upTo } = readable(context, wanted, committed)
    const max = Math.min(partitionMaxBytes, left)
    const { bytes, nextOffset } =
      first || max > 0 ? await log.fetch(fetchOffset, max, upTo) : { bytes: Buffer.alloc(0), nextOffset: fetchOffset }
    const records = !first && bytes.length > max ? Buffer.alloc(0) : bytes
    const aborted = committed ? log.abortedIn(fetchOffset, Math.max(nextOffset, fetchOffset)) : null
    return {
      index,
      errorCode: errors.NONE as number,
      highWatermark: log.endOffset,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: aborted,
      preferredReadReplica: -1,
      records,
    }
  } catch (error) {
    if (!(error instanceof KafkaError))
      context.broker.log(`fetch from ${wanted.topic}-${index} failed: ${(error as Error).stack}`)
    return { ...none, errorCode: codeOf(error), records: Buffer.alloc(0) }
  }
}

/** Resolves when the answer need not wait any longer. */
async function enoughOrLate(
  context: Context,
  wanted: Wanted[],
  committed: boolean,
  { minBytes, maxWaitMs }: { minBytes: number; maxWaitMs: number },
): Promise<void> {
  if (maxWaitMs <= 0 || minBytes <= 0 || wanted.length === 0 || isEnough(context, wanted, committed, minBytes)) return
  const logs = wanted.map(({ topic, index }) => context.broker.topics.partition(topic, index)!)
  await new Promise<void>(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      context.gone.removeEventListener('abort', done)
      for (const log of logs) log.listeners.delete(check)
      resolve()
    }
    const check = (): void => {
      if (isEnough(context, wanted, committed, minBytes)) done()
    }
    const timer = setTimeout(done, maxWaitMs)
    context.gone.addEventListener('abort', done)
    for (const log of logs) log.listeners.add(check)
  })
}

function isEnough(context: Context, wanted: Wanted[], committed: boolean, minBytes: number): boolean {
  let bytes = 0
  for (const partition of wanted) {
    try {
      const { log, upTo } = readable(context, partition, committed)
      if (partition.fetchOffset >= upTo) continue
      if (minBytes > 1) bytes += Math.min(bytesAfter(log, partition.fetchOffset, upTo), Math.max(1, partition.partitionMaxBytes))
      else return true
      if (bytes >= minBytes) return true
    } catch {
      return true
    }
  }
  return false
}
