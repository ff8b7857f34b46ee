import { codeOf, errors, KafkaError } from '../errors.ts'
import { array, boolean, int16, int32, nullableArray, nullableString, string, struct, type Value } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

const wantedCount = struct({ name: string, count: int32, assignments: nullableArray(struct({ brokerIds: array(int32) })) })

/** CreatePartitions (37), versions 0-1.
 *
 *     request  => topics [name, count i32, assignments nullable [brokerIds [i32]]], timeoutMs i32, validateOnly bool
 *     response => throttleTimeMs i32, results [name, errorCode i16, errorMessage nullable]
 */
export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 1],
  request: struct({ topics: array(wantedCount), timeoutMs: int32, validateOnly: boolean }),
  response: struct({
    throttleTimeMs: int32,
    results: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
  }),
  handle(context, { topics, validateOnly }) {
    return {
      throttleTimeMs: 0,
      results: topics.map(wanted => {
        try {
          if (topics.filter(({ name }) => name === wanted.name).length > 1)
            throw new KafkaError('INVALID_REQUEST', 'Duplicate topic in request.')
          grow(context, wanted, validateOnly)
          return { name: wanted.name, errorCode: errors.NONE, errorMessage: null }
        } catch (error) {
          return { name: wanted.name, errorCode: codeOf(error), errorMessage: (error as Error).message }
        }
      }),
    }
  },
})

const maxPartitions = 2000

function grow({ broker }: Context, { name, count, assignments }: Value<typeof wantedCount>, validateOnly: boolean): void {
  const topic = broker.topics.get(name)
  if (!topic) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
  const now = topic.partitions.length
  if (count < now) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase.`,
    )
  }
  if (count === now) throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${now} partition(s).`)
  if (count > maxPartitions)
    throw new KafkaError('INVALID_PARTITIONS', `${count} partitions are more than this broker takes (${maxPartitions})`)
  if (assignments && assignments.length !== count - now) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `Increasing the number of partitions by ${count - now} but ${assignments.length} assignments provided.`,
    )
  }
  for (const { brokerIds } of assignments ?? []) {
    if (brokerIds.length === 1 && brokerIds[0] === broker.nodeId) continue
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', `Unknown broker(s) in replica assignment: ${brokerIds.join(', ')}.`)
  }
  if (!validateOnly) broker.topics.addPartitions(topic, count)
}
