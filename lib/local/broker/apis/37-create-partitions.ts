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
    const unique = topics.filter(({ name }, i) => topics.findIndex(topic => topic.name === name) === i)
    return {
      throttleTimeMs: 0,
      results: unique.map(wanted => {
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
  const has = `${now} partition${now === 1 ? '' : 's'}`
  if (count < now)
    throw new KafkaError('INVALID_PARTITIONS', `Topic currently has ${has}, which is higher than the requested ${count}.`)
  if (count === now) throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${has}.`)
  if (count > maxPartitions)
    throw new KafkaError('INVALID_PARTITIONS', `${count} partitions are more than this broker takes (${maxPartitions})`)
  if (assignments && assignments.length !== count - now) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `Increasing the number of partitions by ${count - now} but ${assignments.length} assignments provided.`,
    )
  }
  assignments?.forEach(({ brokerIds }, i) => checkAssignment(broker.nodeId, brokerIds, now + i))
  if (!validateOnly) broker.topics.addPartitions(topic, count)
}

function checkAssignment(nodeId: number, brokerIds: number[], partition: number): void {
  const bad = (message: string): never => {
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', message)
  }
  const ids = brokerIds.join(', ')
  if (brokerIds.length === 0) bad(`Cannot have replication factor of 0 for partition id ${partition}.`)
  if (new Set(brokerIds).size < brokerIds.length)
    bad(`Duplicate brokers not allowed in replica assignment: ${ids} for partition id ${partition}.`)
  if (brokerIds.some(id => id !== nodeId)) bad(`Unknown broker(s) in replica assignment: ${ids}.`)
}
