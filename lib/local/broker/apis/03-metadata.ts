import { errors, KafkaError } from '../errors.ts'
import { leaderEpoch } from '../log/leader-epoch.ts'
import { checkTopicName, isTopicName } from '../topics/names.ts'
import { isInternal, type Topic } from '../topics/topic.ts'
import { array, boolean, int16, int32, nullableArray, nullableString, since, string, struct } from '../wire/schema.ts'
import { api, type Context } from './api.ts'

/** Authorized operations: what a client that did not ask is told, and the bits of all operations, for there are no ACLs. */
const notAsked = -0x8000_0000
const allOfCluster = 8096
const allOfTopic = 3576

/** Metadata (3), versions 0-8.
 *
 *     request  => topics nullable [name], allowAutoTopicCreation bool (4+), includeClusterAuthorizedOperations bool (8+),
 *                 includeTopicAuthorizedOperations bool (8+)
 *     response => throttleTimeMs i32 (3+), brokers [nodeId i32, host, port i32, rack (1+)], clusterId (2+), controllerId i32 (1+),
 *                 topics [errorCode i16, name, isInternal bool (1+), partitions [errorCode i16, index i32, leaderId i32, leaderEpoch i32 (7+),
 *                 replicas [i32], isr [i32], offlineReplicas [i32] (5+)], authorizedOperations i32 (8+)], clusterAuthorizedOperations i32 (8+)
 *
 *  Version 0: an empty list means all topics; later: null does, and an empty list means none. */
export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 8],
  request: struct({
    topics: nullableArray(string),
    allowAutoTopicCreation: since(4, boolean, true),
    includeClusterAuthorizedOperations: since(8, boolean, false),
    includeTopicAuthorizedOperations: since(8, boolean, false),
  }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: since(1, nullableString, null) })),
    clusterId: since(2, nullableString, null),
    controllerId: since(1, int32, -1),
    topics: array(
      struct({
        errorCode: int16,
        name: string,
        isInternal: since(1, boolean, false),
        partitions: array(
          struct({
            errorCode: int16,
            index: int32,
            leaderId: int32,
            leaderEpoch: since(7, int32, -1),
            replicas: array(int32),
            isr: array(int32),
            offlineReplicas: since(5, array(int32), []),
          }),
        ),
        authorizedOperations: since(8, int32, notAsked),
      }),
    ),
    clusterAuthorizedOperations: since(8, int32, notAsked),
  }),
  handle(context, request) {
    const { broker, version } = context
    const all = request.topics === null || (version === 0 && request.topics.length === 0)
    const names = all ? broker.topics.list().map(topic => topic.name) : [...new Set(request.topics)]
    return {
      throttleTimeMs: 0,
      brokers: [{ nodeId: broker.nodeId, host: broker.host, port: broker.port, rack: null }],
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      topics: names.map(name =>
        describe(context, name, request.allowAutoTopicCreation, request.includeTopicAuthorizedOperations),
      ),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? allOfCluster : notAsked,
    }
  },
})

function describe(context: Context, name: string, mayCreate: boolean, withOperations: boolean) {
  const { broker } = context
  const unknown = { name, isInternal: isInternal(name), partitions: [], authorizedOperations: notAsked }
  const topic = broker.topics.get(name) ?? (mayCreate ? autoCreate(context, name) : undefined)
  if (!topic)
    return { ...unknown, errorCode: isTopicName(name) ? errors.UNKNOWN_TOPIC_OR_PARTITION : errors.INVALID_TOPIC_EXCEPTION }
  const self = [broker.nodeId]
  const partitions = topic.partitions.map((_, index) => ({
    errorCode: errors.NONE,
    index,
    leaderId: broker.nodeId,
    leaderEpoch,
    replicas: self,
    isr: self,
    offlineReplicas: [],
  }))
  return {
    errorCode: errors.NONE,
    name,
    isInternal: isInternal(name),
    partitions,
    authorizedOperations: withOperations ? allOfTopic : notAsked,
  }
}

function autoCreate({ broker }: Context, name: string): Topic | undefined {
  if (!broker.properties.boolean('auto.create.topics.enable')) return undefined
  try {
    checkTopicName(name)
    return broker.topics.create(name, broker.properties.number('num.partitions'), {})
  } catch (error) {
    if (error instanceof KafkaError) return undefined
    throw error
  }
}
