import { codeOf, errors, KafkaError } from '../errors.ts'
import { isInternal } from '../topics/topic.ts'
import { array, int16, int32, int64, string, struct } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** DeleteRecords (21), versions 0-1.
 *
 *     request  => topics [name, partitions [index i32, offset i64]], timeoutMs i32
 *     response => throttleTimeMs i32, topics [name, partitions [index i32, lowWatermark i64, errorCode i16]]
 *
 *  Moves the start of the log to the offset (-1: to the end); files go when a whole segment is before it. */
export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 1],
  request: struct({
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, offset: int64 })) })),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ index: int32, lowWatermark: int64, errorCode: int16 })) })),
  }),
  handle(context, request) {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, offset }) => remove(context, name, index, offset)),
    }))
    context.broker.topics.saveStartOffsets()
    return { throttleTimeMs: 0, topics }
  },
})

function remove({ broker }: Context, topic: string, index: number, offset: number) {
  try {
    const log = broker.topics.partition(topic, index)
    if (!log) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'unknown topic or partition')
    if (isInternal(topic)) throw new KafkaError('INVALID_TOPIC_EXCEPTION', `cannot delete records of internal topic ${topic}`)
    const target = offset === -1 ? log.endOffset : offset
    if (target < 0 || target > log.endOffset)
      throw new KafkaError('OFFSET_OUT_OF_RANGE', `offset ${offset} is not in 0 to ${log.endOffset}`)
    log.advanceStart(target)
    return { index, lowWatermark: log.startOffset, errorCode: errors.NONE }
  } catch (error) {
    return { index, lowWatermark: -1, errorCode: codeOf(error) }
  }
}
