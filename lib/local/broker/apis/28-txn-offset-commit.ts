import { errors } from '../errors.ts'
import { setOffset, type GroupOffsets } from '../groups/offsets.ts'
import { array, int16, int32, int64, nullableString, since, string, struct } from '../wire/schema.ts'
import { offsetError } from './08-offset-commit.ts'
import { api } from './api.ts'

/** TxnOffsetCommit (28), versions 0-2.
 *
 *     request  => transactionalId, groupId, producerId i64, producerEpoch i16, topics [name, partitions [index i32, committedOffset i64,
 *                 committedLeaderEpoch i32 (2+), committedMetadata nullable]]
 *     response => throttleTimeMs i32, topics [name, partitions [index i32, errorCode i16]]
 *
 *  The offsets count from the commit of the transaction on. Left out: the member's generation, which begins with version 3. */
export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 2],
  request: struct({
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            committedOffset: int64,
            committedLeaderEpoch: since(2, int32, -1),
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, errorCode: int16 })) })),
  }),
  handle(context, request) {
    const { groups, transactions } = context.broker
    const accepted: GroupOffsets = new Map()
    const groupError =
      request.groupId === ''
        ? errors.INVALID_GROUP_ID
        : transactions.offsetsError(request.transactionalId, request.producerId, request.producerEpoch)
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(partition => {
        const errorCode = offsetError(context, name, partition) || groupError
        if (errorCode === errors.NONE) {
          const { committedOffset, committedLeaderEpoch, committedMetadata } = partition
          const committed = { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata: committedMetadata ?? '' }
          setOffset(accepted, name, partition.index, { ...committed, commitTimestamp: Date.now() })
        }
        return { index: partition.index, errorCode }
      }),
    }))
    if (accepted.size > 0) {
      groups.store.commitInTransaction(
        groups.store.getOrCreate(request.groupId),
        request.producerId,
        request.producerEpoch,
        accepted,
      )
    }
    return { throttleTimeMs: 0, topics }
  },
})
