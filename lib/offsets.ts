import type { Admin } from 'kafkajs'
import { deleteOffsets, withCoordinator } from './cluster.ts'
import { LabError } from './errors.ts'
import { kafkaClient, topicMetadata, withAdmin } from './kafka.ts'
import type { Lab } from './lab.ts'

/** A place in a topic: its first record, behind its last, where the group is, an offset, a way from there, or the first record of a time (ms since 1970). */
export type OffsetPoint =
  | { at: 'earliest' | 'latest' | 'current' }
  | { at: 'offset'; offset: number }
  | { at: 'shift'; by: number }
  | { at: 'time'; time: number }

export interface PartitionOffset {
  partition: number
  offset: number
}

/** Reads `earliest`, `latest`, `current`, `42`, `+10`, `-10`, a time (ISO 8601) or a duration back from now (`PT1H30M`, `P2D`). */
export function parseOffsetPoint(text: string, now = Date.now()): OffsetPoint {
  if (text === 'earliest' || text === 'latest' || text === 'current') return { at: text }
  if (/^\d{1,15}$/.test(text)) return { at: 'offset', offset: Number(text) }
  if (/^[+-]\d{1,15}$/.test(text)) return { at: 'shift', by: Number(text) }
  const back = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)
  if (back && /\d/.test(text)) {
    const [days, hours, minutes, seconds] = back.slice(1).map(part => Number(part ?? 0)) as [number, number, number, number]
    return { at: 'time', time: now - (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 }
  }
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return { at: 'time', time: Date.parse(text) }
  throw new LabError(
    'OPTION',
    `${text}: expected earliest, latest, current, an offset (42), a shift (+10, -10), a time (2026-11-21T09:00:00Z) or a duration back (PT1H).`,
  )
}

/** Offsets of a topic's partitions at a point. Throws `LabError` UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_PARTITION. */
export async function topicOffsetsAt(
  lab: Lab,
  topic: string,
  point: Exclude<OffsetPoint, { at: 'current' | 'shift' }>,
  partition?: number,
): Promise<PartitionOffset[]> {
  return withAdmin(lab, `topic ${topic}`, async admin => {
    const ranges = await rangesOf(admin, topic, partition)
    return place(admin, topic, ranges, point)
  })
}

interface Range {
  partition: number
  start: number
  end: number
}

async function rangesOf(admin: Admin, topic: string, only?: number): Promise<Range[]> {
  await topicMetadata(admin, topic)
  const all = (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
    partition,
    start: Number(low),
    end: Number(high),
  }))
  if (only !== undefined && !all.some(({ partition }) => partition === only))
    throw new LabError(
      'UNKNOWN_PARTITION',
      `topic ${topic}: there is no partition ${only}. It has ${all.length}, numbered from 0.`,
    )
  return all.filter(({ partition }) => only === undefined || partition === only).sort((a, b) => a.partition - b.partition)
}

/** Offsets beyond the records are drawn to the nearest one. */
async function place(
  admin: Admin,
  topic: string,
  ranges: Range[],
  point: OffsetPoint,
  committed: ReadonlyMap<number, number> = new Map(),
): Promise<PartitionOffset[]> {
  const times = point.at === 'time' ? await admin.fetchTopicOffsetsByTimestamp(topic, point.time) : []
  const byTime = new Map(times.map(({ partition, offset }) => [partition, Number(offset)]))
  return ranges.map(({ partition, start, end }) => {
    const now = committed.get(partition) ?? start
    const wanted =
      point.at === 'earliest'
        ? start
        : point.at === 'latest'
          ? end
          : point.at === 'offset'
            ? point.offset
            : point.at === 'time'
              ? (byTime.get(partition) ?? end)
              : point.at === 'shift'
                ? now + point.by
                : now
    return { partition, offset: Math.min(Math.max(wanted, start), end) }
  })
}

export interface ResetReport {
  group: string
  topic: string
  offsets: { partition: number; before: number | null; offset: number }[]
}

/** Moves a group's offsets of a topic to a point; with `dryRun` only says where to. Throws `LabError` NON_EMPTY_GROUP with who runs. */
export async function moveGroup(
  lab: Lab,
  group: string,
  topic: string,
  point: OffsetPoint,
  { partition, dryRun = false }: { partition?: number; dryRun?: boolean } = {},
): Promise<ResetReport> {
  const offsets = await withAdmin(lab, `group ${group}`, async admin => {
    const ranges = await rangesOf(admin, topic, partition)
    if (!dryRun) await refuseRunning(admin, group)
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const known = (found?.partitions ?? []).map(one => [one.partition, Number(one.offset)] as const)
    const committed = new Map(known.filter(([, offset]) => offset >= 0))
    const places = await place(admin, topic, ranges, point, committed)
    return places.map(one => ({ partition: one.partition, before: committed.get(one.partition) ?? null, offset: one.offset }))
  })
  if (!dryRun) await commit(lab, group, [{ topic, offsets }])
  return { group, topic, offsets }
}

async function refuseRunning(admin: Admin, group: string): Promise<void> {
  const [{ members }] = (await admin.describeGroups([group])).groups
  if (members.length === 0) return
  const who = members.slice(0, 3).map(({ clientId, clientHost }) => `${clientId} at ${clientHost.replace(/^\//, '')}`)
  throw new LabError(
    'NON_EMPTY_GROUP',
    `group ${group}: has ${members.length} running member${members.length === 1 ? '' : 's'} (${who.join(', ')}), and only they may move its offsets. Stop them first; one that was killed counts until its session ends.`,
  )
}

interface TopicOffsets {
  topic: string
  offsets: { partition: number; offset: number; metadata?: string }[]
}

/** As Kafka's own tools do it: without being a member, which a broker takes while nobody is one. */
async function commit(lab: Lab, group: string, topics: TopicOffsets[]): Promise<void> {
  await withCoordinator(await kafkaClient(lab), group, broker =>
    broker.offsetCommit({
      groupId: group,
      groupGenerationId: -1,
      memberId: '',
      topics: topics.map(({ topic, offsets }) => ({
        topic,
        partitions: offsets.map(({ partition, offset, metadata = '' }) => ({ partition, offset: String(offset), metadata })),
      })),
    }),
  )
}

const groupSubscribedToTopic = 86

/** Forgets a group's offsets of a topic; answers of which partitions. Throws `LabError` NON_EMPTY_GROUP, and NO_OFFSETS where there are none. */
export async function forgetOffsets(lab: Lab, group: string, topic: string): Promise<{ partitions: number[] }> {
  const partitions = await withAdmin(lab, `group ${group}`, async admin => {
    await refuseRunning(admin, group)
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0).map(({ partition }) => partition)
  })
  if (partitions.length === 0)
    throw new LabError(
      'NO_OFFSETS',
      `group ${group}: has no offsets of topic ${topic}. See: npx tickerlake groups describe ${group}`,
    )
  const code = await withCoordinator(await kafkaClient(lab), group, broker => deleteOffsets(broker, group, topic, partitions))
  if (code === groupSubscribedToTopic)
    throw new LabError('GROUP_SUBSCRIBED_TO_TOPIC', `group ${group}: members read topic ${topic}. Stop them first.`)
  if (code) throw new LabError('KAFKA', `group ${group}: offsets of topic ${topic} cannot be deleted: Kafka's error ${code}.`)
  return { partitions: partitions.sort((a, b) => a - b) }
}
