import { setTimeout as sleep } from 'node:timers/promises'
import { produce } from '../../../lib/local/broker/apis/00-produce.ts'
import { fetch } from '../../../lib/local/broker/apis/01-fetch.ts'
import { listOffsets } from '../../../lib/local/broker/apis/02-list-offsets.ts'
import { findCoordinator } from '../../../lib/local/broker/apis/10-find-coordinator.ts'
import { heartbeat } from '../../../lib/local/broker/apis/12-heartbeat.ts'
import { leaveGroup } from '../../../lib/local/broker/apis/13-leave-group.ts'
import { describeGroups } from '../../../lib/local/broker/apis/15-describe-groups.ts'
import { joinGroup } from '../../../lib/local/broker/apis/11-join-group.ts'
import { syncGroup } from '../../../lib/local/broker/apis/14-sync-group.ts'
import { createTopics } from '../../../lib/local/broker/apis/19-create-topics.ts'
import { initProducerId } from '../../../lib/local/broker/apis/22-init-producer-id.ts'
import { headerBytes, readHeader } from '../../../lib/local/broker/records/batch.ts'
import { readRecords } from '../../../lib/local/broker/records/records.ts'
import { unique } from './target.ts'
import type { Wire } from './wire.ts'

/** Makes a topic and waits until it can be used; answers its name. */
export async function newTopic(
  wire: Wire,
  { partitions = 1, configs = {} }: { partitions?: number; configs?: Record<string, string> } = {},
): Promise<string> {
  const name = unique('topic')
  const { topics } = await wire.call(createTopics, 4, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([config, value]) => ({ name: config, value })),
      },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  if (topics[0]!.errorCode !== 0) throw new Error(`creating ${name}: ${topics[0]!.errorCode} ${topics[0]!.errorMessage}`)
  await until(async () => (await endOffset(wire, name, partitions - 1)) === 0)
  return name
}

/** Polls; a real broker does some things a little after its answer. */
export async function until(check: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await check()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${check}`)
  }
}

/** Undefined while the partition is not known. */
export async function endOffset(wire: Wire, topic: string, index = 0, isolationLevel = 0): Promise<number | undefined> {
  const found = await lookUp(wire, topic, -1, { index, isolationLevel })
  return found.errorCode === 0 ? found.offset : undefined
}

export async function lookUp(
  wire: Wire,
  topic: string,
  timestamp: number,
  { index = 0, isolationLevel = 0, version = 5 }: { index?: number; isolationLevel?: number; version?: number } = {},
) {
  const partitions = [{ index, currentLeaderEpoch: -1, timestamp, maxOffsets: 10 }]
  const { topics } = await wire.call(listOffsets, version, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions }],
  })
  return topics[0]!.partitions[0]!
}

/** Sends bytes to one partition; the partition's answer. */
export async function send(
  wire: Wire,
  topic: string,
  records: Buffer | null,
  {
    index = 0,
    version = 8,
    acks = -1,
    transactionalId = null,
  }: { index?: number; version?: number; acks?: number; transactionalId?: string | null } = {},
) {
  const request = { transactionalId, acks, timeoutMs: 10_000, topics: [{ name: topic, partitions: [{ index, records }] }] }
  const { topics } = await wire.call(produce, version, request)
  return topics[0]!.partitions[0]!
}

export interface FetchOptions {
  index?: number
  version?: number
  maxWaitMs?: number
  minBytes?: number
  maxBytes?: number
  partitionMaxBytes?: number
  isolationLevel?: number
  currentLeaderEpoch?: number
}

/** Fetches from one partition; the partition's answer. */
export async function fetchFrom(wire: Wire, topic: string, fetchOffset: number, options: FetchOptions = {}) {
  const {
    index = 0,
    version = 11,
    maxWaitMs = 0,
    minBytes = 1,
    maxBytes = 1 << 20,
    partitionMaxBytes = 1 << 20,
    isolationLevel = 0,
  } = options
  const { currentLeaderEpoch = -1 } = options
  const partitions = [{ index, currentLeaderEpoch, fetchOffset, logStartOffset: -1, partitionMaxBytes }]
  const { topics } = await wire.call(fetch, version, {
    replicaId: -1,
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: topic, partitions }],
    forgottenTopics: [],
    rackId: '',
  })
  return topics[0]!.partitions[0]!
}

/** The whole, uncompressed batches of a fetch's records. */
export function decode(records: Buffer | null) {
  const batches = []
  for (let at = 0; records && at + headerBytes <= records.length;) {
    const header = readHeader(records, at)
    if (at + header.sizeBytes > records.length) break
    const body = records.subarray(at + headerBytes, at + header.sizeBytes)
    batches.push({ header, records: header.compression === 0 ? [...readRecords(header, body)] : [] })
    at += header.sizeBytes
  }
  return batches
}

/** The values of all records from `offset` on. */
export async function readValues(wire: Wire, topic: string, offset = 0, options: FetchOptions = {}): Promise<string[]> {
  const { records } = await fetchFrom(wire, topic, offset, options)
  return decode(records).flatMap(({ header, records: rows }) => (header.isControl ? [] : rows.map(({ value }) => String(value))))
}

/** Waits until the coordinator of a key (0 a group, 1 a transactional id) is there: a real broker first makes its internal topic. */
export async function coordinator(wire: Wire, key: string, keyType = 0): Promise<void> {
  await until(async () => (await wire.call(findCoordinator, 2, { key, keyType })).errorCode === 0)
}

export const noBytes = Buffer.alloc(0)

export interface JoinOptions {
  version?: number
  memberId?: string
  groupInstanceId?: string | null
  protocols?: string[]
  sessionTimeoutMs?: number
  rebalanceTimeoutMs?: number
  protocolType?: string
  metadata?: string
}

/** One JoinGroup. */
export function join(wire: Wire, groupId: string, options: JoinOptions = {}) {
  const {
    version = 5,
    memberId = '',
    groupInstanceId = null,
    protocols = ['range'],
    protocolType = 'consumer',
    metadata = 'm',
  } = options
  const { sessionTimeoutMs = 10_000, rebalanceTimeoutMs = 10_000 } = options
  const names = protocols.map(name => ({ name, metadata: Buffer.from(metadata) }))
  return wire.call(joinGroup, version, {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    memberId,
    groupInstanceId,
    protocolType,
    protocols: names,
  })
}

/** JoinGroup as clients do it: again with the member id, when the first answer gives one. */
export async function joinTwice(wire: Wire, groupId: string, options: JoinOptions = {}) {
  const first = await join(wire, groupId, options)
  return first.errorCode === 79 ? join(wire, groupId, { ...options, memberId: first.memberId }) : first
}

/** One SyncGroup; `assign` are the members to give an assignment of their own name. */
export function sync(
  wire: Wire,
  groupId: string,
  { generationId, memberId }: { generationId: number; memberId: string },
  assign: string[] = [],
  groupInstanceId: string | null = null,
) {
  const assignments = assign.map(id => ({ memberId: id, assignment: Buffer.from(`for ${id}`) }))
  return wire.call(syncGroup, 3, { groupId, generationId, memberId, groupInstanceId, assignments })
}

/** A group of one stable member. */
export async function stableGroup(wire: Wire, options: JoinOptions = {}) {
  const groupId = unique('group')
  await coordinator(wire, groupId)
  const joined = await joinTwice(wire, groupId, options)
  await sync(wire, groupId, joined, [joined.memberId], options.groupInstanceId ?? null)
  return { groupId, ...joined }
}

/** A new producer id; with a transactional id once the coordinator has it. */
export async function newProducer(wire: Wire, transactionalId: string | null = null, transactionTimeoutMs = 60_000) {
  if (transactionalId !== null) await coordinator(wire, transactionalId, 1)
  let answer = await wire.call(initProducerId, 1, { transactionalId, transactionTimeoutMs })
  await until(async () => {
    // 14: still loading, 51: the transaction before is being ended
    if (answer.errorCode === 14 || answer.errorCode === 51 || answer.errorCode === 16) {
      answer = await wire.call(initProducerId, 1, { transactionalId, transactionTimeoutMs })
      return false
    }
    return true
  })
  return answer
}

/** The error code of one Heartbeat. */
export async function beat(
  wire: Wire,
  groupId: string,
  generationId: number,
  memberId: string,
  groupInstanceId: string | null = null,
): Promise<number> {
  return (await wire.call(heartbeat, 3, { groupId, generationId, memberId, groupInstanceId })).errorCode
}

/** One member leaves. */
export const leave = (wire: Wire, groupId: string, memberId: string, groupInstanceId: string | null = null) =>
  wire.call(leaveGroup, 3, { groupId, members: [{ memberId, groupInstanceId }] })

/** A group as DescribeGroups tells it. */
export async function stateOf(wire: Wire, groupId: string) {
  return (await wire.call(describeGroups, 4, { groups: [groupId], includeAuthorizedOperations: false })).groups[0]!
}
