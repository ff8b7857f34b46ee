import { describe, expect, it } from 'vitest'
import { offsetCommit } from '../../../lib/local/broker/apis/08-offset-commit.ts'
import { offsetFetch } from '../../../lib/local/broker/apis/09-offset-fetch.ts'
import { listGroups } from '../../../lib/local/broker/apis/16-list-groups.ts'
import { deleteGroups } from '../../../lib/local/broker/apis/42-delete-groups.ts'
import { offsetDelete } from '../../../lib/local/broker/apis/47-offset-delete.ts'
import { deleteTopics } from '../../../lib/local/broker/apis/20-delete-topics.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { beat, coordinator, joinTwice, leave, newTopic, stableGroup, stateOf, sync, until } from './steps.ts'
import { unique } from './target.ts'
import type { Wire } from './wire.ts'

/** OffsetCommit, OffsetFetch. */
export function offsetCases(open: () => Promise<Wire>): void {
  describe('committed offsets', () => {
    interface Commit {
      version?: number
      generationId?: number
      memberId?: string
      metadata?: string | null
      index?: number
      groupInstanceId?: string | null
    }
    const commit = async (wire: Wire, groupId: string, name: string, committedOffset: number, options: Commit = {}) => {
      const { version = 7, generationId = -1, memberId = '', metadata = '', index = 0, groupInstanceId = null } = options
      const partition = { index, committedOffset, committedLeaderEpoch: -1, commitTimestamp: -1, committedMetadata: metadata }
      const topics = [{ name, partitions: [partition] }]
      const answer = await wire.call(offsetCommit, version, {
        groupId,
        generationId,
        memberId,
        groupInstanceId,
        retentionTimeMs: -1,
        topics,
      })
      return answer.topics[0]!.partitions[0]!.errorCode
    }
    const committed = async (wire: Wire, groupId: string, name: string, version = 5) => {
      const answer = await wire.call(offsetFetch, version, { groupId, topics: [{ name, partitions: [0] }] })
      return answer.topics[0]!.partitions[0]!
    }

    it.each([1, 2, 3, 4, 5, 6, 7])('OffsetCommit v%i without members, read back with its metadata', async version => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      expect(await commit(wire, group, topic, 42, { version, metadata: 'stocks+0+42.json.gz' })).toBe(errors.NONE)
      expect(await committed(wire, group, topic)).toMatchObject({
        committedOffset: 42,
        metadata: 'stocks+0+42.json.gz',
        errorCode: 0,
      })
    })

    it.each([1, 2, 3, 4, 5])('OffsetFetch v%i: -1 and no error where nothing is committed', async version => {
      const wire = await open()
      await coordinator(wire, 'g')
      expect(await committed(wire, unique('none'), 'whatever', version)).toEqual({
        index: 0,
        committedOffset: -1,
        committedLeaderEpoch: -1,
        metadata: '',
        errorCode: errors.NONE,
      })
    })

    it('OffsetFetch of all', async () => {
      const wire = await open()
      const [a, b, group] = [await newTopic(wire), await newTopic(wire, { partitions: 2 }), unique('g')]
      await coordinator(wire, group)
      await commit(wire, group, a, 1)
      await commit(wire, group, b, 2, { index: 1 })
      const { topics, errorCode } = await wire.call(offsetFetch, 5, { groupId: group, topics: null })
      expect(errorCode).toBe(errors.NONE)
      const rows = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ index, committedOffset }) => [name, index, committedOffset]),
      )
      expect(rows.sort()).toEqual([[a, 0, 1], [b, 1, 2]].sort()) // prettier-ignore
    })

    it('OffsetCommit with a stable group: generation and member count', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const { groupId, memberId, generationId } = await stableGroup(wire)
      expect(await commit(wire, groupId, topic, 1, { generationId, memberId })).toBe(errors.NONE)
      expect(await commit(wire, groupId, topic, 2, { generationId: generationId + 1, memberId })).toBe(errors.ILLEGAL_GENERATION)
      expect(await commit(wire, groupId, topic, 3, { generationId, memberId: 'nobody' })).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await commit(wire, groupId, topic, 4)).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await commit(wire, groupId, topic, 5, { generationId, memberId, groupInstanceId: 'x' })).toBe(
        errors.UNKNOWN_MEMBER_ID,
      )
      expect((await committed(wire, groupId, topic)).committedOffset).toBe(1)
    })

    it('OffsetCommit with a generation to a group that does not exist: ILLEGAL_GENERATION', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      await coordinator(wire, 'g')
      expect(await commit(wire, unique('none'), topic, 1, { generationId: 1, memberId: 'm' })).toBe(errors.ILLEGAL_GENERATION)
    })

    it('OffsetCommit between join and sync: REBALANCE_IN_PROGRESS', async () => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      const { memberId, generationId } = await joinTwice(wire, group)
      expect(await commit(wire, group, topic, 1, { generationId, memberId })).toBe(errors.REBALANCE_IN_PROGRESS)
    })

    it('OffsetCommit while the others rejoin is taken', async () => {
      const [a, b] = [await open(), await open()]
      const topic = await newTopic(a)
      const { groupId, memberId, generationId } = await stableGroup(a)
      joinTwice(b, groupId).catch(() => {}) // held until the case ends
      await until(async () => (await beat(a, groupId, 1, memberId)) === errors.REBALANCE_IN_PROGRESS)
      expect(await commit(a, groupId, topic, 7, { generationId, memberId })).toBe(errors.NONE)
    })

    it('OffsetCommit of an unknown partition: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      expect(await commit(wire, group, topic, 1, { index: 9 })).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('OffsetCommit with metadata of more than 4096 characters: OFFSET_METADATA_TOO_LARGE', async () => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      expect(await commit(wire, group, topic, 1, { metadata: 'x'.repeat(4097) })).toBe(errors.OFFSET_METADATA_TOO_LARGE)
      expect(await commit(wire, group, topic, 1, { metadata: 'x'.repeat(4096) })).toBe(errors.NONE)
    })

    it('committed offsets outlive the members and their rejoining', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const { groupId, memberId, generationId } = await stableGroup(wire)
      await commit(wire, groupId, topic, 11, { generationId, memberId, metadata: 'kept' })
      await leave(wire, groupId, memberId)
      const again = await joinTwice(wire, groupId)
      await sync(wire, groupId, again, [again.memberId])
      expect(await committed(wire, groupId, topic)).toMatchObject({ committedOffset: 11, metadata: 'kept' })
    })

    it('an administrator sets offsets of an empty group', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const { groupId, memberId } = await stableGroup(wire)
      await leave(wire, groupId, memberId)
      expect(await commit(wire, groupId, topic, 3)).toBe(errors.NONE)
      expect((await committed(wire, groupId, topic)).committedOffset).toBe(3)
    })

    it('DeleteGroups removes the offsets', async () => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      await commit(wire, group, topic, 5)
      expect((await wire.call(deleteGroups, 0, { groups: [group] })).results[0]!.errorCode).toBe(errors.NONE)
      expect((await committed(wire, group, topic)).committedOffset).toBe(-1)
    })

    describe('OffsetDelete', () => {
      const remove = (wire: Wire, groupId: string, ...names: string[]) =>
        wire.call(offsetDelete, 0, { groupId, topics: names.map(name => ({ name, partitions: [{ index: 0 }] })) })
      const codes = (answer: Awaited<ReturnType<typeof remove>>) =>
        answer.topics.map(({ partitions }) => partitions[0]!.errorCode).sort((a, b) => a - b)

      it('forgets offsets of one topic, says which topic is unknown, and takes the group with the last of them', async () => {
        const wire = await open()
        const [topic, other, group] = [await newTopic(wire), await newTopic(wire), unique('g')]
        await coordinator(wire, group)
        for (const name of [topic, other]) await commit(wire, group, name, 5)
        expect(codes(await remove(wire, group, topic, unique('none')))).toEqual([errors.NONE, errors.UNKNOWN_TOPIC_OR_PARTITION])
        expect((await committed(wire, group, topic)).committedOffset).toBe(-1)
        expect((await committed(wire, group, other)).committedOffset).toBe(5)
        expect(codes(await remove(wire, group, topic))).toEqual([errors.NONE])
        expect((await remove(wire, group, other)).errorCode).toBe(errors.NONE)
        expect((await remove(wire, group, other)).errorCode).toBe(errors.GROUP_ID_NOT_FOUND)
      })

      it('leaves what a member reads, and everything of members it does not understand', async () => {
        const wire = await open()
        const [read, left] = [await newTopic(wire), await newTopic(wire)]
        // version 0, one topic, no user data
        const metadata = `\0\0\0\0\0\x01\0${String.fromCharCode(read.length)}${read}\0\0\0\0`
        const { groupId, memberId, generationId } = await stableGroup(wire, { metadata })
        for (const name of [read, left]) await commit(wire, groupId, name, 5, { memberId, generationId })
        expect(codes(await remove(wire, groupId, read, left))).toEqual([errors.NONE, errors.GROUP_SUBSCRIBED_TO_TOPIC])
        expect((await committed(wire, groupId, read)).committedOffset).toBe(5)
        expect((await committed(wire, groupId, left)).committedOffset).toBe(-1)
        const { groupId: strange } = await stableGroup(wire)
        expect(codes(await remove(wire, strange, left))).toEqual([errors.GROUP_SUBSCRIBED_TO_TOPIC])
        const { groupId: connect } = await stableGroup(wire, { protocolType: 'connect' })
        expect((await remove(wire, connect, left)).errorCode).toBe(errors.NON_EMPTY_GROUP)
      })
    })

    it('DeleteTopics removes the offsets, and groups that are left with neither members nor offsets', async () => {
      const wire = await open()
      const [topic, kept] = [await newTopic(wire), await newTopic(wire)]
      const [alone, also] = [unique('g'), unique('g')]
      await coordinator(wire, alone)
      const { groupId: left, memberId: leaver } = await stableGroup(wire)
      const { groupId: living, memberId, generationId } = await stableGroup(wire)
      for (const group of [alone, also]) await commit(wire, group, topic, 5)
      await commit(wire, also, kept, 6)
      await leave(wire, left, leaver)
      await commit(wire, left, topic, 7)
      await commit(wire, living, topic, 8, { memberId, generationId })
      const remove = (name: string) => wire.call(deleteTopics, 3, { topicNames: [name], timeoutMs: 10_000 })
      const listed = async () => {
        const { groups } = await wire.call(listGroups, 2, {})
        return [alone, also, left, living].map(group => groups.some(({ groupId }) => groupId === group))
      }
      expect(await listed()).toEqual([true, true, true, true])
      await remove(topic)
      for (const group of [alone, also, left, living])
        await until(async () => (await committed(wire, group, topic)).committedOffset === -1)
      await until(async () => !(await listed())[0] && !(await listed())[2])
      expect(await listed()).toEqual([false, true, false, true])
      expect([(await stateOf(wire, alone)).groupState, (await stateOf(wire, left)).groupState]).toEqual(['Dead', 'Dead'])
      expect([(await committed(wire, also, kept)).committedOffset, (await stateOf(wire, living)).groupState]).toEqual([
        6,
        'Stable',
      ])
      await remove(kept)
      await until(async () => !(await listed())[1])
    })

    it('a group that only commits is listed without a type', async () => {
      const wire = await open()
      const [topic, group] = [await newTopic(wire), unique('g')]
      await coordinator(wire, group)
      await commit(wire, group, topic, 5)
      const { groups } = await wire.call(listGroups, 2, {})
      expect(groups).toContainEqual({ groupId: group, protocolType: '' })
      expect(await stateOf(wire, group)).toMatchObject({ groupState: 'Empty', protocolType: '' })
    })
  })
}
