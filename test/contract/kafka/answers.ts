import { describe, expect, it } from 'vitest'
import type { Api } from '../../../lib/local/broker/apis/api.ts'
import { apis } from '../../../lib/local/broker/apis/index.ts'
import { batch, reseal, values } from './batches.ts'
import { coordinator, fetchFrom, join, lookUp, newProducer, newTopic, send, stableGroup, sync } from './steps.ts'
import { differs, unique, type Target } from './target.ts'
import type { Wire } from './wire.ts'

type Case = [name: string, run: (wire: Wire) => Promise<unknown>, expected: unknown]

const api = (name: string): Api => apis.find(each => each.name === name)!
const ask = (wire: Wire, name: string, version: number, request: object): Promise<any> => wire.call(api(name), version, request)

/** A batch whose records part is no output of the codec. */
const unpackable = (codec: number): Buffer => {
  const bytes = batch({ records: values(3) })
  bytes.writeInt16BE(codec, 21)
  return reseal(bytes)
}
const rowOf = ({ errorCode, baseOffset, logStartOffset, recordErrors, errorMessage }: any): unknown[] => [errorCode, baseOffset, logStartOffset, recordErrors, errorMessage] // prettier-ignore

const produceAnswers: Case[] = [
  ...[1, 2, 3, 4, 5, 7].map((codec): Case => [
    `a batch that codec ${codec} cannot unpack`,
    async wire => rowOf(await send(wire, await newTopic(wire), unpackable(codec))),
    [-1, -1, 0, [], null],
  ]),
  ['two batches: no start of the log', async w => rowOf(await send(w, await newTopic(w), Buffer.concat([batch(), batch()]))), [87, -1, -1, [], null]],
  ['an unknown topic', async w => rowOf(await send(w, unique('none'), batch())), [3, -1, -1, [], null]],
  ['a gap in the sequence tells the start of the log', async w => rowOf(await gap(w)), [45, -1, 0, [], null]],
  ['a count that is wrong tells the start of the log', async w => rowOf(await send(w, await newTopic(w), wrongCount())), [87, -1, 0, [], null]],
  ['a batch that is too large', async w => rowOf(await tooLarge(w)), [10, -1, -1, [], null]],
  ['a repeated batch tells the time of the first', async w => repeated(w), [0, 0, 12345, 0]],
  ['the append-time bit set by a client', async w => (await send(w, await newTopic(w), batch({ attributes: 8 }))).errorCode, 0],
  ['a plain batch with a transactional id', async w => (await send(w, await newTopic(w), batch(), { transactionalId: unique('t') })).errorCode, 0],
  ['a transactional batch without a producer id', async w => (await send(w, await newTopic(w), batch({ transactional: true }), { transactionalId: unique('t') })).errorCode, 0],
  ['a transactional batch of an unknown producer', async w => (await send(w, await newTopic(w), batch({ producerId: 7777, producerEpoch: 0, baseSequence: 0, transactional: true }), { transactionalId: unique('t') })).errorCode, 49],
] // prettier-ignore

async function gap(wire: Wire) {
  const topic = await newTopic(wire)
  await send(wire, topic, batch({ producerId: 5, producerEpoch: 0, baseSequence: 0 }))
  return send(wire, topic, batch({ producerId: 5, producerEpoch: 0, baseSequence: 7 }))
}

const wrongCount = (): Buffer => {
  const bytes = batch({ records: values(2) })
  bytes.writeInt32BE(3, 57)
  return reseal(bytes)
}

const tooLarge = async (wire: Wire) =>
  send(wire, await newTopic(wire, { configs: { 'max.message.bytes': '100' } }), batch({ records: [{ value: 'x'.repeat(100) }] }))

async function repeated(wire: Wire): Promise<unknown[]> {
  const topic = await newTopic(wire)
  const again = (): Buffer => batch({ producerId: 5, producerEpoch: 0, baseSequence: 0, timestamp: 12345 })
  await send(wire, topic, again())
  const { errorCode, baseOffset, logAppendTimeMs, logStartOffset } = await send(wire, topic, again())
  return [errorCode, baseOffset, logAppendTimeMs, logStartOffset]
}

const fetchRequest = (topics: object[], rest: object = {}): object => ({
  replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 1000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, topics, forgottenTopics: [], rackId: '', ...rest,
}) // prettier-ignore
const wanted = { index: 0, currentLeaderEpoch: -1, fetchOffset: 0, logStartOffset: -1, partitionMaxBytes: 1000 }
const offsetsRequest = (name: string, rest: object = {}, times = 1): object => ({
  replicaId: -1,
  isolationLevel: 0,
  topics: [
    {
      name,
      partitions: Array.from({ length: times }, () => ({
        index: 0,
        currentLeaderEpoch: -1,
        timestamp: -1,
        maxOffsets: 2,
        ...rest,
      })),
    },
  ],
})

const readAnswers: Case[] = [
  ['a fetch session that is not there', async w => (await ask(w, 'Fetch', 11, fetchRequest([], { sessionId: 5, sessionEpoch: 3 }))).errorCode, 70],
  ['a fetch by a replica', async w => (await ask(w, 'Fetch', 11, fetchRequest([{ name: await newTopic(w), partitions: [wanted] }], { replicaId: 0 }))).topics[0].partitions[0].errorCode, 6],
  ['the fields of an error in Fetch', async w => { const { records, preferredReadReplica: _, ...row } = await fetchFrom(w, await newTopic(w), 9); return [row, records?.length] }, [{ index: 0, errorCode: 1, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, abortedTransactions: null }, 0]],
  ['an empty fetch of committed records', async w => { const row = await fetchFrom(w, await newTopic(w), 0, { isolationLevel: 1 }); return [row.errorCode, row.abortedTransactions, row.records?.length] }, [0, [], 0]],
  ['one partition twice in ListOffsets', async w => (await ask(w, 'ListOffsets', 5, offsetsRequest(await newTopic(w), {}, 2))).topics[0].partitions.map((row: any) => row.errorCode), [42, 42]],
  ['a leader epoch of the future in ListOffsets', async w => (await ask(w, 'ListOffsets', 5, offsetsRequest(await newTopic(w), { currentLeaderEpoch: 9 }))).topics[0].partitions[0].errorCode, 75],
  ['the leader epoch of an offset', async w => { const topic = await newTopic(w); await send(w, topic, batch()); return [(await lookUp(w, topic, -1)).leaderEpoch, (await lookUp(w, topic, 0)).leaderEpoch] }, [0, 0]],
  ['ListOffsets v0 with starts of segments', async w => { const topic = await newTopic(w); await send(w, topic, batch()); return (await ask(w, 'ListOffsets', 0, offsetsRequest(topic))).topics[0].partitions[0].offsets }, [1, 0]],
  ['authorized operations of a cluster and a topic without ACLs', async w => { const answer = await ask(w, 'Metadata', 8, { topics: [await newTopic(w)], includeClusterAuthorizedOperations: true, includeTopicAuthorizedOperations: true }); return [answer.clusterAuthorizedOperations, answer.topics[0].authorizedOperations] }, [8096, 3576]],
  ['a topic asked for twice', async w => { const topic = await newTopic(w); return (await ask(w, 'Metadata', 8, { topics: [topic, topic] })).topics.length }, 1],
] // prettier-ignore

const oneOffset = (topic: string, committedOffset = 1): object[] => [
  {
    name: topic,
    partitions: [{ index: 0, committedOffset, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: null }],
  },
]

const groupAnswers: Case[] = [
  ['OffsetFetch v0 of what is not there', async w => (await ask(w, 'OffsetFetch', 0, { groupId: unique('g'), topics: [{ name: 'zz', partitions: [0] }] })).topics[0].partitions[0].errorCode, 3],
  ['OffsetFetch v1 without topics', async w => ask(w, 'OffsetFetch', 1, { groupId: unique('g'), topics: null }).catch((error: Error) => error.message), 'OffsetFetch v1: closed'],
  ['OffsetFetch of an empty group id', async w => (await ask(w, 'OffsetFetch', 5, { groupId: '', topics: null })).errorCode, 0],
  ['a negative offset is committed as it is', async w => { const [topic, groupId] = [await newTopic(w), unique('g')]; await coordinator(w, groupId); await ask(w, 'OffsetCommit', 7, { groupId, generationId: -1, memberId: '', groupInstanceId: null, topics: oneOffset(topic, -5) }); return (await ask(w, 'OffsetFetch', 5, { groupId, topics: [{ name: topic, partitions: [0] }] })).topics[0].partitions[0].committedOffset }, -5],
  ['OffsetCommit with a member of a group that nobody is in', async w => { const topic = await newTopic(w); const { groupId, memberId } = await stableGroup(w); await ask(w, 'LeaveGroup', 1, { groupId, memberId }); return (await ask(w, 'OffsetCommit', 7, { groupId, generationId: 1, memberId, groupInstanceId: null, topics: oneOffset(topic) })).topics[0].partitions[0].errorCode }, 25],
  ['OffsetCommit of nothing', async w => (await ask(w, 'OffsetCommit', 7, { groupId: unique('g'), generationId: -1, memberId: '', groupInstanceId: null, topics: [] })).topics, []],
  ['an empty group id has a coordinator', async w => { await coordinator(w, ''); return (await ask(w, 'FindCoordinator', 2, { key: '', keyType: 0 })).errorMessage }, 'NONE'],
  ['authorized operations of a group', async w => (await ask(w, 'DescribeGroups', 4, { groups: [(await stableGroup(w)).groupId], includeAuthorizedOperations: true })).groups[0].authorizedOperations, 328],
  ['DeleteGroups names a group once', async w => (await ask(w, 'DeleteGroups', 1, { groups: ['q', 'q'] })).results.map((row: any) => row.errorCode), [69]],
  ['a static member under another member id', async w => { const groupInstanceId = unique('i'); const { groupId } = await stableGroup(w, { groupInstanceId }); return (await join(w, groupId, { memberId: 'other', groupInstanceId })).errorCode }, 82],
  ['a member under an unknown instance id', async w => { const { groupId, memberId } = await stableGroup(w, { groupInstanceId: unique('i') }); return (await join(w, groupId, { memberId, groupInstanceId: 'zz' })).errorCode }, 25],
  ['SyncGroup of a fenced static member', async w => { const instance = unique('i'); const { groupId } = await stableGroup(w, { groupInstanceId: instance }); return (await sync(w, groupId, { generationId: 1, memberId: 'zz' }, [], instance)).errorCode }, 82],
  ['LeaveGroup of a fenced static member', async w => { const groupInstanceId = unique('i'); const { groupId } = await stableGroup(w, { groupInstanceId }); return (await ask(w, 'LeaveGroup', 3, { groupId, members: [{ memberId: 'zz', groupInstanceId }] })).members[0].errorCode }, 82],
  ['LeaveGroup of a member that has only its id', async w => { const groupId = unique('g'); await coordinator(w, groupId); const { memberId } = await join(w, groupId); return (await ask(w, 'LeaveGroup', 1, { groupId, memberId })).errorCode }, 0],
  ['Heartbeat of a member that has only its id', async w => { const groupId = unique('g'); await coordinator(w, groupId); const { memberId } = await join(w, groupId); return (await ask(w, 'Heartbeat', 3, { groupId, generationId: -1, memberId, groupInstanceId: null })).errorCode }, 25],
] // prettier-ignore

const producerAnswers: Case[] = [
  ['AddOffsetsToTxn of an unknown id', async w => { await coordinator(w, 'a', 1); return (await ask(w, 'AddOffsetsToTxn', 2, { transactionalId: unique('t'), producerId: 5, producerEpoch: 0, groupId: 'g' })).errorCode }, 49],
  ['AddOffsetsToTxn of an empty id', async w => (await ask(w, 'AddOffsetsToTxn', 2, { transactionalId: '', producerId: 5, producerEpoch: 0, groupId: 'g' })).errorCode, 42],
  ['EndTxn of an empty id', async w => (await ask(w, 'EndTxn', 2, { transactionalId: '', producerId: 5, producerEpoch: 0, committed: true })).errorCode, 42],
  ['TxnOffsetCommit to an empty group id', async w => txnCommit(w, ''), 24],
  ['TxnOffsetCommit without AddOffsetsToTxn', async w => txnCommit(w, unique('g')), 48],
  ['an internal topic in a transaction', async w => { await coordinator(w, 'g'); const transactionalId = unique('t'); const { producerId, producerEpoch } = await newProducer(w, transactionalId); return (await ask(w, 'AddPartitionsToTxn', 2, { transactionalId, producerId, producerEpoch, topics: [{ name: '__consumer_offsets', partitions: [0] }] })).results[0].partitions[0].errorCode }, 29],
] // prettier-ignore

async function txnCommit(wire: Wire, groupId: string): Promise<number> {
  const transactionalId = unique('t')
  const { producerId, producerEpoch } = await newProducer(wire, transactionalId)
  await coordinator(wire, 'g')
  const request = { transactionalId, groupId, producerId, producerEpoch, topics: oneOffset(await newTopic(wire)) }
  return (await ask(wire, 'TxnOffsetCommit', 2, request)).topics[0].partitions[0].errorCode
}

const createdWith = async (wire: Wire, rest: object): Promise<[number, string | null]> => {
  const topic = { name: unique('t'), numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest }
  const { topics } = await ask(wire, 'CreateTopics', 4, { topics: [topic], timeoutMs: 5000, validateOnly: true })
  return [topics[0].errorCode, topics[0].errorMessage]
}
const config = (name: string, value: string | null): object => ({ configs: [{ name, value }] })
const grown = async (wire: Wire, rest: object): Promise<[number, string | null]> => {
  const topic = { name: await newTopic(wire, { partitions: 2 }), count: 3, assignments: null, ...rest }
  const { results } = await ask(wire, 'CreatePartitions', 1, { topics: [topic], timeoutMs: 5000, validateOnly: true })
  return [results[0].errorCode, results[0].errorMessage]
}
const altered = async (
  wire: Wire,
  resourceType: number,
  resourceName: string,
  ...configs: object[]
): Promise<[number, string | null]> => {
  const { responses } = await ask(wire, 'IncrementalAlterConfigs', 0, {
    resources: [{ resourceType, resourceName, configs }],
    validateOnly: true,
  })
  return [responses[0].errorCode, responses[0].errorMessage]
}
const described = async (wire: Wire, resourceType: number, resourceName: string): Promise<[number, string | null]> => {
  const { results } = await ask(wire, 'DescribeConfigs', 3, {
    resources: [{ resourceType, resourceName, configurationKeys: null }],
  })
  return [results[0].errorCode, results[0].errorMessage]
}
const generic = 'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.' // prettier-ignore

const topicAnswers: Case[] = [
  ['no partitions', w => createdWith(w, { numPartitions: 0 }), [37, 'Number of partitions must be larger than 0.']],
  ['three replicas', w => createdWith(w, { replicationFactor: 3 }), [38, 'Replication factor: 3 larger than available brokers: 1.']],
  ['no replicas', w => createdWith(w, { replicationFactor: 0 }), [38, 'Replication factor must be larger than 0.']],
  ['a blank in the name', w => createdWith(w, { name: 'a b' }), [17, "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"]],
  ['no name', w => createdWith(w, { name: '' }), [17, 'Topic name is invalid: the empty string is not allowed']],
  ['two dots', w => createdWith(w, { name: '..' }), [17, "Topic name is invalid: '..' is not allowed"]],
  ['__cluster_metadata', async w => (await createdWith(w, { name: '__cluster_metadata' }))[0], 42],
  ['an unknown config', w => createdWith(w, config('zzz', '1')), [40, 'Unknown topic config name: zzz']],
  ['no number', w => createdWith(w, config('retention.ms', 'x')), [40, 'Invalid value x for configuration retention.ms: Not a number of type LONG']],
  ['too small', w => createdWith(w, config('retention.ms', '-7')), [40, 'Invalid value -7 for configuration retention.ms: Value must be at least -1']],
  ['too large', w => createdWith(w, config('min.cleanable.dirty.ratio', '2')), [40, 'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1']],
  ['none of the words', w => createdWith(w, config('message.timestamp.type', 'x')), [40, 'Invalid value x for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime']],
  ['no boolean', w => createdWith(w, config('preallocate', 'x')), [40, 'Invalid value x for configuration preallocate: Expected value to be either true or false']],
  ['no policy', w => createdWith(w, config('cleanup.policy', 'x')), [40, 'Invalid value x for configuration cleanup.policy: String must be one of: compact, delete']],
  ['null', w => createdWith(w, config('retention.ms', null)), [40, 'Null value not supported for topic configs: retention.ms']],
  ...[['retention.ms', ' 5 '], ['preallocate', 'TRUE'], ['min.cleanable.dirty.ratio', '5e-1'], ['cleanup.policy', ''], ['cleanup.policy', ' delete '], ['retention.bytes', '-5'], ['local.retention.ms', '5'], ['leader.replication.throttled.replicas', '*'], ['message.format.version', '2.8']].map(([name, value]): Case => [`${name} = '${value}' is taken`, w => createdWith(w, config(name!, value!)), [0, null]]),
  ['as many partitions as there are', w => grown(w, { count: 2 }), [37, 'Topic already has 2 partitions.']],
  ['fewer partitions', w => grown(w, { count: 1 }), [37, 'Topic currently has 2 partitions, which is higher than the requested 1.']],
  ['no assignments', w => grown(w, { assignments: [] }), [39, 'Increasing the number of partitions by 1 but 0 assignments provided.']],
  ['one broker twice', w => grown(w, { assignments: [{ brokerIds: [0, 0] }] }), [39, 'Duplicate brokers not allowed in replica assignment: 0, 0 for partition id 2.']],
  ['an unknown broker', w => grown(w, { assignments: [{ brokerIds: [9] }] }), [39, 'Unknown broker(s) in replica assignment: 9.']],
  ['a topic twice in DeleteTopics', async w => { const topic = await newTopic(w); return (await ask(w, 'DeleteTopics', 3, { topicNames: [topic, topic], timeoutMs: 5000 })).responses.map((row: any) => row.errorCode) }, [0, 0]],
  ['bad names in DeleteTopics', async w => (await ask(w, 'DeleteTopics', 3, { topicNames: ['a b', ''], timeoutMs: 100 })).responses.map((row: any) => row.errorCode), [3, 3]],
  ['DescribeConfigs of an unknown topic', w => described(w, 2, 'nope'), [3, '']],
  ['DescribeConfigs of another broker', w => described(w, 4, '7'), [42, 'Unexpected broker id, expected 0 or empty string, but received 7']],
  ['DescribeConfigs of a broker by name', w => described(w, 4, 'x'), [42, 'Broker id must be an integer, but it is: x']],
  ['DescribeConfigs of an unknown type', w => described(w, 99, 'x'), [42, generic]],
  ['a config of an unknown topic', w => altered(w, 2, 'nope', { name: 'retention.ms', operation: 0, value: '5' }), [3, "The topic 'nope' does not exist."]],
  ['a config without a value', async w => altered(w, 2, await newTopic(w), { name: 'retention.ms', operation: 0, value: null }), [42, 'Null value not supported for : retention.ms']],
  ['append to a number', async w => altered(w, 2, await newTopic(w), { name: 'retention.ms', operation: 2, value: '5' }), [40, 'Config value append is not allowed for config key: retention.ms']],
  ['subtract the only policy', async w => altered(w, 2, await newTopic(w), { name: 'cleanup.policy', operation: 3, value: 'delete' }), [0, null]],
  ['delete an unknown config', async w => altered(w, 2, await newTopic(w), { name: 'zzz', operation: 1, value: null }), [0, null]],
  ['an unknown type', w => altered(w, 99, 'x', { name: 'retention.ms', operation: 0, value: '5' }), [42, 'Unknown resource type 99']],
  ['another broker', w => altered(w, 4, '7', { name: 'retention.ms', operation: 0, value: '5' }), [42, 'Unexpected broker id, expected 0, but received 7']],
  ['the default of all topics', w => altered(w, 2, ''), [42, 'Default topic resources are not allowed.']],
] // prettier-ignore

/** Single answers, field by field, as the real broker was found to give them. */
export function answerCases(target: Target, open: () => Promise<Wire>): void {
  const groups = { produceAnswers, readAnswers, groupAnswers, producerAnswers, topicAnswers }
  describe.each(Object.entries(groups))('%s', (_, cases) => {
    it.each(cases)('%s', async (_name, run, expected) => {
      expect(await run(await open())).toEqual(expected)
    })
  })

  it('broker properties that a lab sets show Kafka’s default behind them', async () => {
    const resources = [{ resourceType: 4, resourceName: '0', configurationKeys: ['num.partitions', 'auto.create.topics.enable'] }]
    const { results } = await ask(await open(), 'DescribeConfigs', 3, { resources, includeSynonyms: true })
    const rows = results[0].configs.map((row: any) => [
      row.name,
      row.value,
      row.configSource,
      row.synonyms.map((synonym: any) => synonym.value),
    ])
    expect(rows.sort()).toEqual([['auto.create.topics.enable', 'false', 4, ['false', 'true']], ['num.partitions', '3', 4, ['3', '1']]]) // prettier-ignore
  })

  it('OffsetCommit v0, which went to ZooKeeper', async () => {
    const wire = await open()
    const [topic, groupId] = [await newTopic(wire), unique('g')]
    await coordinator(wire, groupId)
    await ask(wire, 'OffsetCommit', 0, { groupId, topics: oneOffset(topic) })
    const read = async (version: number): Promise<number> =>
      (await ask(wire, 'OffsetFetch', version, { groupId, topics: [{ name: topic, partitions: [0] }] })).topics[0].partitions[0]
        .committedOffset
    expect(await read(0)).toBe(1)
    const why = 'the embedded broker has no ZooKeeper and keeps them with the others'
    expect(await read(1)).toBe(differs(target, { embedded: 1, real: -1, why }))
  })
}
