import { codeOf, errors, KafkaError } from '../errors.ts'
import { checkLeaderEpoch, leaderEpoch } from '../log/leader-epoch.ts'
import { array, int16, int32, int64, since, string, struct } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** OffsetForLeaderEpoch (23), versions 0-3.
 *
 *     request  => replicaId i32 (3+), topics [name, partitions [index i32, currentLeaderEpoch i32 (2+), leaderEpoch i32]]
 *     response => throttleTimeMs i32 (2+), topics [name, partitions [errorCode i16, index i32, leaderEpoch i32 (1+), endOffset i64]]
 *
 *  There is one epoch, 0, which ends at the end of the log. */
export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [0, 3],
  request: struct({
    replicaId: since(3, int32, -2),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ index: int32, currentLeaderEpoch: since(2, int32, -1), leaderEpoch: int32 })),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ errorCode: int16, index: int32, leaderEpoch: since(1, int32, -1), endOffset: int64 })),
      }),
    ),
  }),
  handle(context, request) {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(partition => lookUp(context, name, partition)),
    }))
    return { throttleTimeMs: 0, topics }
  },
})

interface Wanted {
  index: number
  currentLeaderEpoch: number
  leaderEpoch: number
}

function lookUp({ broker }: Context, topic: string, wanted: Wanted) {
  const { index } = wanted
  try {
    const log = broker.topics.partition(topic, index)
    if (!log) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'unknown topic or partition')
    checkLeaderEpoch(wanted.currentLeaderEpoch)
    const known = wanted.leaderEpoch === leaderEpoch
    return { errorCode: errors.NONE, index, leaderEpoch: known ? leaderEpoch : -1, endOffset: known ? log.endOffset : -1 }
  } catch (error) {
    return { errorCode: codeOf(error), index, leaderEpoch: -1, endOffset: -1 }
  }
}
