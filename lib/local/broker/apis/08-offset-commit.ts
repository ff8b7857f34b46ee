import { errors } from '../errors.ts'
import { setOffset, type CommittedOffset, type GroupOffsets } from '../groups/offsets.ts'
import { array, int16, int32, int64, nullableString, since, string, struct, within } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** OffsetCommit (8), versions 0-7.
 *
 *     request  => groupId, generationId i32 (1+), memberId (1+), groupInstanceId nullable (7+), retentionTimeMs i64 (2-4),
 *                 topics [name, partitions [index i32, committedOffset i64, committedLeaderEpoch i32 (6+), commitTimestamp i64 (1),
 *                 committedMetadata nullable]]
 *     response => throttleTimeMs i32 (3+), topics [name, partitions [index i32, errorCode i16]]
 *
 *  Left out: version 0 in ZooKeeper; it is stored as the others are. */
export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 7],
  request: struct({
    groupId: string,
    generationId: since(1, int32, -1),
    memberId: since(1, string, ''),
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: within(2, 4, int64, -1),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            committedOffset: int64,
            committedLeaderEpoch: since(6, int32, -1),
            commitTimestamp: within(1, 1, int64, -1),
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, errorCode: int16 })) })),
  }),
  handle(context, request) {
    const { groups } = context.broker
    const accepted: GroupOffsets = new Map()
    const group =
      groups.store.get(request.groupId) ?? (request.generationId < 0 ? groups.store.getOrCreate(request.groupId) : undefined)
    const groupError = group
      ? groups.commitError(group, request.generationId, request.memberId, request.groupInstanceId)
      : errors.ILLEGAL_GENERATION
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(partition => {
        const errorCode = offsetError(context, name, partition) || groupError
        if (!errorCode) setOffset(accepted, name, partition.index, committed(partition, request.retentionTimeMs))
        return { index: partition.index, errorCode }
      }),
    }))
    if (group && accepted.size > 0) groups.store.commit(group, accepted)
    return { throttleTimeMs: 0, topics }
  },
})

interface Partition {
  index: number
  committedOffset: number
  committedLeaderEpoch: number
  committedMetadata: string | null
}

function committed(partition: Partition, retentionTimeMs: number): CommittedOffset {
  const commitTimestamp = Date.now()
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    commitTimestamp,
    ...(retentionTimeMs >= 0 ? { expireTimestamp: commitTimestamp + retentionTimeMs } : {}),
  }
}

/** What is wrong with one offset, whoever commits it. */
export function offsetError(
  { broker }: Context,
  topic: string,
  partition: Pick<Partition, 'index' | 'committedMetadata'>,
): number {
  if (!broker.topics.partition(topic, partition.index)) return errors.UNKNOWN_TOPIC_OR_PARTITION
  const limit = broker.properties.number('offset.metadata.max.bytes')
  return (partition.committedMetadata ?? '').length > limit ? errors.OFFSET_METADATA_TOO_LARGE : errors.NONE
}
