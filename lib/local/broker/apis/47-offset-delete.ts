import { errors } from '../errors.ts'
import { isSubscribed } from '../groups/subscription.ts'
import { array, int16, int32, string, struct } from '../wire/schema.ts'
import { api } from './api.ts'

/** OffsetDelete (47), version 0.
 *
 *     request  => groupId, topics [name, partitions [index i32]]
 *     response => errorCode i16, throttleTimeMs i32, topics [name, partitions [index i32, errorCode i16]]
 *
 *  Offsets of topics that no member reads; those of a group that is not a consumer's only while it has no members. A group left with neither members
 *  nor offsets goes too. */
export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  request: struct({ groupId: string, topics: array(struct({ name: string, partitions: array(struct({ index: int32 })) })) }),
  response: struct({
    errorCode: int16,
    throttleTimeMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, errorCode: int16 })) })),
  }),
  handle({ broker }, request) {
    const refused = (errorCode: number) => ({ errorCode, throttleTimeMs: 0, topics: [] })
    if (request.groupId === '') return refused(errors.INVALID_GROUP_ID)
    const group = broker.groups.store.get(request.groupId)
    if (!group || group.state === 'Dead') return refused(errors.GROUP_ID_NOT_FOUND)
    if (group.state !== 'Empty' && group.protocolType !== 'consumer') return refused(errors.NON_EMPTY_GROUP)
    const gone: [topic: string, partition: number][] = []
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => {
        if (!broker.topics.partition(name, index)) return { index, errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION }
        if (isSubscribed(group, name)) return { index, errorCode: errors.GROUP_SUBSCRIBED_TO_TOPIC }
        gone.push([name, index])
        return { index, errorCode: errors.NONE }
      }),
    }))
    const stored = gone.filter(([topic, partition]) => group.offsets.get(topic)?.has(partition))
    if (stored.length > 0) broker.groups.store.deleteOffsets(group, stored)
    if (group.isUnused) broker.groups.store.remove(group)
    return { errorCode: errors.NONE, throttleTimeMs: 0, topics }
  },
})
