import { codeOf, errors, KafkaError } from '../errors.ts'
import { checkTopicConfigs } from '../topics/configs.ts'
import { checkTopicName, collidingTopic } from '../topics/names.ts'
import { array, boolean, int16, int32, nullableString, since, string, struct, type Value } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

const wantedTopic = struct({
  name: string,
  numPartitions: int32,
  replicationFactor: int16,
  assignments: array(struct({ index: int32, brokerIds: array(int32) })),
  configs: array(struct({ name: string, value: nullableString })),
})
type WantedTopic = Value<typeof wantedTopic>

/** CreateTopics (19), versions 0-4.
 *
 *     request  => topics [name, numPartitions i32, replicationFactor i16, assignments [index i32, brokerIds [i32]], configs [name, value nullable]],
 *                 timeoutMs i32, validateOnly bool (1+)
 *     response => throttleTimeMs i32 (2+), topics [name, errorCode i16, errorMessage nullable (1+)]
 *
 *  -1 partitions or replicas: the broker's defaults. Topics can be used when the answer is there. Left out: `cleanup.policy=compact`. */
export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 4],
  request: struct({ topics: array(wantedTopic), timeoutMs: int32, validateOnly: since(1, boolean, false) }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(struct({ name: string, errorCode: int16, errorMessage: since(1, nullableString, null) })),
  }),
  handle(context, { topics, validateOnly }) {
    const counts = new Map<string, number>()
    for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1)
    return {
      throttleTimeMs: 0,
      topics: topics.map(topic => {
        try {
          if (counts.get(topic.name)! > 1) {
            throw new KafkaError(
              'INVALID_REQUEST',
              'Create topics request from client contains multiple entries for the following topics',
            )
          }
          create(context, topic, validateOnly)
          return { name: topic.name, errorCode: errors.NONE, errorMessage: null }
        } catch (error) {
          if (!(error instanceof KafkaError)) context.broker.log(`creating ${topic.name} failed: ${(error as Error).stack}`)
          return { name: topic.name, errorCode: codeOf(error), errorMessage: (error as Error).message }
        }
      }),
    }
  },
})

function create({ broker }: Context, topic: WantedTopic, validateOnly: boolean): void {
  const { name } = topic
  checkTopicName(name)
  if (name === '__cluster_metadata') throw new KafkaError('INVALID_REQUEST', `Creation of internal topic ${name} is prohibited.`)
  if (broker.topics.get(name)) throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const other = collidingTopic(
    name,
    broker.topics.list().map(existing => existing.name),
  )
  if (other) throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topics: ${other}`)
  const partitions =
    topic.assignments.length > 0
      ? assignedPartitions(broker.nodeId, topic)
      : countedPartitions(broker.properties.number('num.partitions'), topic)
  const configs = Object.fromEntries(topic.configs.map(({ name: config, value }) => [config, value]))
  checkTopicConfigs(configs)
  if (!validateOnly) broker.topics.create(name, partitions, configs as Record<string, string>)
}

function countedPartitions(defaultCount: number, { numPartitions, replicationFactor }: WantedTopic): number {
  const count = numPartitions === -1 ? defaultCount : numPartitions
  if (count <= 0) throw new KafkaError('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.')
  if (replicationFactor !== -1 && replicationFactor <= 0) {
    throw new KafkaError('INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0.')
  }
  if (replicationFactor > 1) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `Replication factor: ${replicationFactor} larger than available brokers: 1.`,
    )
  }
  return checkCount(count)
}

/** Each partition is a folder with open files: a mistyped count must not fill the disk. */
const maxPartitions = 2000

function checkCount(count: number): number {
  if (count <= maxPartitions) return count
  throw new KafkaError('INVALID_PARTITIONS', `${count} partitions are more than this broker takes (${maxPartitions})`)
}

function assignedPartitions(nodeId: number, topic: WantedTopic): number {
  if (topic.numPartitions !== -1 || topic.replicationFactor !== -1) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
    )
  }
  const indexes = topic.assignments.map(({ index }) => index).sort((a, b) => a - b)
  if (indexes.some((index, i) => index !== i))
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', 'Partitions should be a consecutive 0-based integer sequence')
  for (const { index, brokerIds } of topic.assignments) {
    if (brokerIds.length !== 1 || brokerIds[0] !== nodeId) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Replicas of partition ${index} must be the one broker ${nodeId}, not ${brokerIds.join(', ') || 'none'}`,
      )
    }
  }
  return checkCount(indexes.length)
}
