import { errors } from '../errors.ts'
import { isInternal } from '../topics/topic.ts'
import { array, int16, int32, since, string, struct } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** DeleteTopics (20), versions 0-3.
 *
 *     request  => topicNames [name], timeoutMs i32
 *     response => throttleTimeMs i32 (1+), responses [name, errorCode i16]
 *
 *  The topic is gone when the answer is there; its committed offsets go with it. Left out: deleting the internal topics (INVALID_TOPIC_EXCEPTION),
 *  on which the broker stands. */
export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 3],
  request: struct({ topicNames: array(string), timeoutMs: int32 }),
  response: struct({ throttleTimeMs: since(1, int32, 0), responses: array(struct({ name: string, errorCode: int16 })) }),
  handle(context, { topicNames }) {
    const codes = new Map([...new Set(topicNames)].map(name => [name, remove(context, name)]))
    return { throttleTimeMs: 0, responses: topicNames.map(name => ({ name, errorCode: codes.get(name)! })) }
  },
})

function remove({ broker }: Context, name: string): number {
  if (!broker.properties.boolean('delete.topic.enable')) return errors.TOPIC_DELETION_DISABLED
  if (!broker.topics.get(name)) return errors.UNKNOWN_TOPIC_OR_PARTITION
  if (isInternal(name)) return errors.INVALID_TOPIC_EXCEPTION
  broker.topics.delete(name)
  broker.groups.store.forgetTopic(name)
  return errors.NONE
}
