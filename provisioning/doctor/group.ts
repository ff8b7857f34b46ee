import type { Admin } from 'kafkajs'
import { waitFor } from '../../lib/wait.ts'
import { openReader } from '../../lib/consumer/reader.ts'
import { kafkaError } from '../../lib/kafka.ts'
import { count, type Finding, fine, some, wrong } from './finding.ts'
import type { TopicView, Watch } from './kafka.ts'

/** A sink keeps records for a minute before it stores them; what waits longer with a member running is not patience. */
const oldMs = 300_000

/** Kafka keeps groups' offsets in a topic of its own. On one broker it is never made with Kafka's default of three replicas, and no group works. */
export async function lookAtCoordinator(admin: Admin, group: string): Promise<Finding[]> {
  const { brokers } = await admin.describeCluster()
  try {
    await admin.describeGroups([group])
  } catch (error) {
    const wanted = Number(await brokerSetting(admin, brokers[0]!.nodeId, 'offsets.topic.replication.factor'))
    if (wanted > brokers.length) {
      return [
        wrong(
          `no broker coordinates group ${group}`,
          `offsets.topic.replication.factor is ${wanted} and there ${brokers.length === 1 ? 'is 1 broker' : `are ${brokers.length} brokers`}: __consumer_offsets cannot be made`,
          `set it to ${Math.min(3, brokers.length)} in server.properties and restart the broker`,
        ),
      ]
    }
    return [wrong(`group ${group} cannot be looked at`, kafkaError(`group ${group}`, error).message, 'correct what it names')]
  }
  const replicas = await replicasOf(admin, '__consumer_offsets')
  const best = Math.min(3, brokers.length)
  if (replicas === undefined || replicas >= best) return []
  return [
    wrong(
      `__consumer_offsets has ${count(replicas, 'replica')} on ${brokers.length} brokers`,
      'it was made while there were fewer brokers, or offsets.topic.replication.factor is too small: when its broker goes, every group stops',
      `give its partitions ${best} replicas (kafka-reassign-partitions), or start over with npx tickerlake kafka up --brokers 3`,
    ),
  ]
}

async function brokerSetting(admin: Admin, id: number, name: string): Promise<string | undefined> {
  const asked = { includeSynonyms: false, resources: [{ type: 4, name: String(id), configNames: [name] }] }
  const { resources } = await admin.describeConfigs(asked).catch(() => ({ resources: [] }))
  return resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue
}

async function replicasOf(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    if (!(await admin.listTopics()).includes(topic)) return undefined
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return Math.min(...topics[0]!.partitions.map(({ replicas }) => replicas.length))
  } catch {
    return undefined // not for this user's eyes
  }
}

interface Progress {
  state: string
  members: number
  /** Of partitions with a committed offset only. */
  committed: Map<number, number>
}

/** How far the group is, and whether somebody reads on. */
export async function lookAtGroup(view: TopicView, watch: Watch): Promise<Finding[]> {
  const { topic, group, offsets } = view
  const records = offsets.reduce((sum, { start, end }) => sum + end - start, 0)
  const progress = await progressOf(view)
  const { members, committed } = progress
  const outside = offsets.flatMap(range => misplaced(range, committed.get(range.partition), view))
  if (outside.length) return outside
  const lag = offsets.map(({ partition, start, end }) => ({ partition, lag: end - (committed.get(partition) ?? start) }))
  const waiting = lag.reduce((sum, partition) => sum + partition.lag, 0)
  if (waiting === 0) {
    const again = committed.size ? ': a consumer of it prints nothing new; groups reset reads them again' : ''
    return [fine(records ? `group ${group} has read all ${records} records of ${topic}${again}` : `group ${group} waits`)]
  }
  const behind = `group ${group} has ${waiting} of ${records} records of ${topic} before it`
  if (members === 0) {
    return [
      wrong(
        `${behind}, and no member runs`,
        committed.size ? 'its consumer was stopped or has crashed' : 'no consumer of this group has run yet, or names differ',
        `npx tickerlake sink (or your own consumer with group ${group})`,
      ),
    ]
  }
  const stuck = await stuckPartitions(view, progress, watch)
  if (stuck.length === 0) return [fine(`${behind}; ${count(members, 'member')} at work`)]
  return [
    wrong(
      `group ${group} stands still at ${some(stuck.map(({ partition, offset, age }) => `${topic} ${partition}/${offset} (${Math.round(age / 60_000)} min old)`))}, although ${count(members, 'member')} run${members === 1 ? 's' : ''}`,
      progress.state === 'Stable'
        ? 'a consumer that does not get over this record (a poison message), or works without committing'
        : `the group is ${progress.state}: members come and go`,
      `look at it: npx tickerlake peek ${topic} --partition ${stuck[0]!.partition} --offset ${stuck[0]!.offset} --take 1; then mend the consumer, or skip the record with groups reset`,
    ),
  ]
}

function misplaced(
  { partition, start, end }: TopicView['offsets'][number],
  at: number | undefined,
  { topic, group }: TopicView,
): Finding[] {
  if (at === undefined) return []
  if (at > end) {
    return [
      wrong(
        `group ${group} is at offset ${at} of ${topic} ${partition}, which ends at ${end}`,
        'the topic was made anew (or its records lost) while the group remembers the old one: nothing is read until it grows past that',
        `npx tickerlake groups reset ${group} ${topic} earliest`,
      ),
    ]
  }
  if (at < start) {
    return [
      wrong(
        `group ${group} is at offset ${at} of ${topic} ${partition}, which begins at ${start}`,
        `retention deleted ${count(start - at, 'record')} before the group read them`,
        'they are gone: give the topic a longer retention.ms, or let the consumer run more often',
      ),
    ]
  }
  return []
}

async function progressOf({ admin, group, topic }: TopicView): Promise<Progress> {
  const [{ state, members }] = (await admin.describeGroups([group])).groups
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  const committed = (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const)
  return { state, members: members.length, committed: new Map(committed.filter(([, offset]) => offset >= 0)) }
}

/** Partitions whose next record is old and whose committed offset does not move while it is watched. */
async function stuckPartitions(
  view: TopicView,
  { committed }: Progress,
  { now, watchMs }: Watch,
): Promise<{ partition: number; offset: number; age: number }[]> {
  const from = new Map(
    view.offsets
      .map(({ partition, start, end }) => ({ partition, offset: committed.get(partition) ?? start, end }))
      .filter(({ offset, end }) => offset < end)
      .map(({ partition, offset }) => [partition, offset]),
  )
  const reader = await openReader(view.kafka, view.topic)
  const { records } = await reader.read(from, 500).finally(() => reader.close())
  const old = [...from]
    .map(([partition, offset]) => {
      const next = records.find(record => record.partition === partition)
      return { partition, offset, age: next ? now - next.timestamp : 0 }
    })
    .filter(({ age }) => age >= oldMs)
  if (old.length === 0) return []
  const moved = async (): Promise<boolean> => {
    const later = await progressOf(view)
    return old.some(({ partition, offset }) => (later.committed.get(partition) ?? offset) !== offset)
  }
  const anyMoved = await waitFor(`group ${view.group}`, moved, { timeoutMs: watchMs, intervalMs: 200 }).catch(() => false)
  return anyMoved ? [] : old
}
