import { codeOf, errors, KafkaError } from '../errors.ts'
import { checkLeaderEpoch, leaderEpoch } from '../log/leader-epoch.ts'
import type { Log } from '../log/log.ts'
import { offsetForTimestamp } from '../log/timestamps.ts'
import { array, int16, int32, int64, int8, since, string, struct, within } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** ListOffsets (2), versions 0-5.
 *
 *     request  => replicaId i32, isolationLevel i8 (2+), topics [name, partitions [index i32, currentLeaderEpoch i32 (4+), timestamp i64,
 *                 maxOffsets i32 (0)]]
 *     response => throttleTimeMs i32 (2+), topics [name, partitions [index i32, errorCode i16, offsets [i64] (0), timestamp i64 (1+), offset i64 (1+),
 *                 leaderEpoch i32 (4+)]]
 *
 *  Timestamp -1: the end (the last stable offset for read_committed), -2: the start, else the first record at or after it, looked up inside batches.
 *  Left out: -3 and below (max timestamp, tiered storage), which begin with version 7. */
export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [0, 5],
  request: struct({
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({ index: int32, currentLeaderEpoch: since(4, int32, -1), timestamp: int64, maxOffsets: within(0, 0, int32, 1) }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            offsets: within(0, 0, array(int64), []),
            timestamp: since(1, int64, -1),
            offset: since(1, int64, -1),
            leaderEpoch: since(4, int32, -1),
          }),
        ),
      }),
    ),
  }),
  async handle(context, request) {
    const topics = []
    for (const { name, partitions } of request.topics) {
      const results = []
      for (const partition of partitions) {
        const twice = context.version > 0 && partitions.filter(({ index }) => index === partition.index).length > 1
        results.push(await lookUp(context, name, partition, request.isolationLevel === 1, twice))
      }
      topics.push({ name, partitions: results })
    }
    return { throttleTimeMs: 0, topics }
  },
})

interface Wanted {
  index: number
  currentLeaderEpoch: number
  timestamp: number
  maxOffsets: number
}

async function lookUp({ broker, version }: Context, topic: string, wanted: Wanted, committed: boolean, twice: boolean) {
  const { index, timestamp } = wanted
  const none = { index, errorCode: errors.NONE as number, offsets: [], timestamp: -1, offset: -1, leaderEpoch: -1 }
  try {
    if (twice) throw new KafkaError('INVALID_REQUEST', `partition ${index} twice`)
    const log = broker.topics.partition(topic, index)
    if (!log) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'unknown topic or partition')
    if (version === 0) return { ...none, offsets: offsetsBefore(log, timestamp).slice(0, Math.max(0, wanted.maxOffsets)) }
    checkLeaderEpoch(wanted.currentLeaderEpoch)
    if (timestamp === -1) return { ...none, offset: committed ? log.lastStableOffset : log.endOffset, leaderEpoch }
    if (timestamp === -2) return { ...none, offset: log.startOffset, leaderEpoch }
    if (timestamp < 0) throw new KafkaError('UNSUPPORTED_VERSION', `timestamp ${timestamp} needs a later version`)
    const found = await offsetForTimestamp(log, timestamp)
    if (!found || (committed && found.offset >= log.lastStableOffset)) return none
    return { ...none, timestamp: found.timestamp, offset: found.offset, leaderEpoch }
  } catch (error) {
    if (!(error instanceof KafkaError)) broker.log(`list offsets of ${topic}-${index} failed: ${(error as Error).stack}`)
    return { ...none, errorCode: codeOf(error) }
  }
}

/** Version 0 knows no timestamps of records, only starts of segments, newest first. */
function offsetsBefore(log: Log, timestamp: number): number[] {
  if (timestamp === -2) return [log.startOffset]
  const starts = log.segments.filter(segment => timestamp === -1 || segment.fileTimeMs() <= timestamp)
  const offsets = starts.map(segment => Math.max(segment.baseOffset, log.startOffset)).reverse()
  return timestamp === -1 && offsets[0] !== log.endOffset ? [log.endOffset, ...offsets] : offsets
}
