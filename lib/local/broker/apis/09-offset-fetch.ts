import { errors } from '../errors.ts'
import { array, int16, int32, int64, nullableArray, nullableString, since, string, struct } from '../wire/schema.ts'
import { MalformedRequest } from '../wire/reader.ts'
import { api } from './api.ts'

/** OffsetFetch (9), versions 0-5.
 *
 *     request  => groupId, topics nullable [name, partitions [i32]] (null from version 2 on: all)
 *     response => throttleTimeMs i32 (3+), topics [name, partitions [index i32, committedOffset i64, committedLeaderEpoch i32 (5+), metadata nullable,
 *                 errorCode i16]], errorCode i16 (2+)
 *
 *  A partition without a committed offset: -1 and no error. Left out: version 0 from ZooKeeper. */
export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 5],
  request: struct({ groupId: string, topics: nullableArray(struct({ name: string, partitions: array(int32) })) }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            committedOffset: int64,
            committedLeaderEpoch: since(5, int32, -1),
            metadata: nullableString,
            errorCode: int16,
          }),
        ),
      }),
    ),
    errorCode: since(2, int16, 0),
  }),
  handle({ broker, version }, { groupId, topics }) {
    const offsets = broker.groups.store.get(groupId)?.offsets
    if (topics === null && version < 2) throw new MalformedRequest('OffsetFetch without topics needs version 2')
    const all = topics === null
    const wanted = all
      ? [...(offsets ?? [])].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }))
      : (topics ?? [])
    return {
      throttleTimeMs: 0,
      topics: wanted.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(index => {
          const found = offsets?.get(name)?.get(index)
          return {
            index,
            committedOffset: found?.offset ?? -1,
            committedLeaderEpoch: found?.leaderEpoch ?? -1,
            metadata: found?.metadata ?? '',
            // version 0 looked into ZooKeeper, where nothing is an error
            errorCode: !found && version === 0 ? errors.UNKNOWN_TOPIC_OR_PARTITION : errors.NONE,
          }
        }),
      })),
      errorCode: errors.NONE,
    }
  },
})
