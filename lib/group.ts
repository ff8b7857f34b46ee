import { LabError } from './errors.ts'
import { kafkaClient, topicMetadata, withAdmin } from './kafka.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait.ts'

export interface GroupReport {
  group: string
  /** Kafka's words: `Stable`, `Empty`, `PreparingRebalance`, … */
  state: string
  members: { clientId: string; host: string }[]
  offsets: {
    topic: string
    partition: number
    /** Offset of the next record to be read; -1 when none was committed. */
    committed: number
    /** Offset of the next record to be written. */
    end: number
    /** Records that wait; null when nothing was committed. */
    lag: number | null
    metadata: string
  }[]
}

/** The consumer groups' names, sorted. */
export async function listGroups(lab: Lab): Promise<string[]> {
  const { groups } = await withAdmin(lab, 'groups', admin => admin.listGroups())
  return groups.map(({ groupId }) => groupId).sort()
}

/** State, members, and how far the group is in each partition. Throws `LabError` GROUP_ID_NOT_FOUND. */
export async function describeGroup(lab: Lab, group: string): Promise<GroupReport> {
  return withAdmin(lab, `group ${group}`, async admin => {
    const { groups } = await admin.describeGroups([group])
    const [{ state, members }] = groups
    const committed = await admin.fetchOffsets({ groupId: group })
    if (state === 'Dead' && committed.length === 0) {
      throw new LabError(
        'GROUP_ID_NOT_FOUND',
        `group ${group}: there is no such consumer group. See \`npx tickerlake groups list\`.`,
      )
    }
    const offsets: GroupReport['offsets'] = []
    for (const { topic, partitions } of committed) {
      const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]))
      for (const { partition, offset, metadata } of partitions) {
        const end = ends.get(partition) ?? 0
        const at = Number(offset)
        offsets.push({
          topic,
          partition,
          committed: at,
          end,
          lag: at < 0 ? null : Math.max(0, end - at),
          metadata: metadata ?? '',
        })
      }
    }
    offsets.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    return { group, state, members: members.map(({ clientId, clientHost }) => ({ clientId, host: clientHost })), offsets }
  })
}

/** Moves the group's offsets of a topic: to the first record, behind the last, or to one offset in each partition. Throws `LabError`
 *  NON_EMPTY_GROUP while members run. */
export async function resetGroup(
  lab: Lab,
  group: string,
  topic: string,
  to: 'earliest' | 'latest' | number,
): Promise<{ group: string; topic: string; offsets: Record<number, number> }> {
  return withAdmin(lab, `group ${group}`, async admin => {
    const { groups } = await admin.describeGroups([group])
    if (groups[0].members.length > 0)
      throw new LabError('NON_EMPTY_GROUP', `group ${group}: has ${groups[0].members.length} running members. Stop them first.`)
    await topicMetadata(admin, topic)
    const offsets: Record<number, number> = {}
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      offsets[partition] =
        to === 'earliest' ? Number(low) : to === 'latest' ? Number(high) : Math.min(Math.max(to, Number(low)), Number(high))
    }
    await commitAs(lab, group, topic, offsets)
    return { group, topic, offsets }
  })
}

/** Offsets are committed by a member. kafkajs' own setOffsets makes one too, and waits five seconds for a fetch of it. */
async function commitAs(lab: Lab, group: string, topic: string, offsets: Record<number, number>): Promise<void> {
  const consumer = (await kafkaClient(lab)).consumer({ groupId: group, maxWaitTimeInMs: 50, allowAutoTopicCreation: false })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic] })
    const joined = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve())
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    })
    await consumer.run({ autoCommit: false, eachBatch: async () => {} })
    await joined
    await consumer.commitOffsets(
      Object.entries(offsets).map(([partition, offset]) => ({ topic, partition: Number(partition), offset: String(offset) })),
    )
  } finally {
    await consumer.disconnect()
  }
}

/** Deletes a consumer group with its committed offsets; answers false when there is none. Members that were killed count until their session ends, so
 *  it waits for them as long as `waitMs`; then, or at once without it, `LabError` NON_EMPTY_GROUP. */
export async function deleteGroup(lab: Lab, group: string, { waitMs = 0 }: { waitMs?: number } = {}): Promise<boolean> {
  const start = performance.now()
  const deadline = start + waitMs
  return withAdmin(lab, `group ${group}`, admin =>
    waitFor(
      `end of the members of group ${group}`,
      async () => {
        const code = await admin.deleteGroups([group]).then(
          () => 0,
          (error: { groups?: { errorCode?: number }[] }) => {
            const [refused] = error.groups ?? []
            if (refused?.errorCode === undefined) throw error
            return refused.errorCode
          },
        )
        if (code === 0) return 'deleted'
        if (code === groupIdNotFound) return 'none'
        if (code === nonEmptyGroup && performance.now() < deadline) return false
        if (coordinatorMoves.has(code) && performance.now() < start + 30_000) return false
        if (code === nonEmptyGroup)
          throw new LabError(
            'NON_EMPTY_GROUP',
            `group ${group}: has running members. Stop them first; one that was killed counts for up to 30 s.`,
          )
        throw new LabError('KAFKA', `group ${group}: cannot be deleted: Kafka's error ${code}.`)
      },
      { timeoutMs: Infinity },
    ).then(answer => answer === 'deleted'),
  )
}

/** Kafka's error codes. */
const nonEmptyGroup = 68
const groupIdNotFound = 69
/** Loading, not available, not this broker: a young cluster has not settled who coordinates the group. */
const coordinatorMoves = new Set([14, 15, 16])
