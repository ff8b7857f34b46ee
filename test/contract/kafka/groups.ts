import { describe, expect, it } from 'vitest'
import { findCoordinator } from '../../../lib/local/broker/apis/10-find-coordinator.ts'
import { leaveGroup } from '../../../lib/local/broker/apis/13-leave-group.ts'
import { listGroups } from '../../../lib/local/broker/apis/16-list-groups.ts'
import { deleteGroups } from '../../../lib/local/broker/apis/42-delete-groups.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { beat, coordinator, join, joinTwice, leave, stableGroup, stateOf, sync, until } from './steps.ts'
import { unique, type Target } from './target.ts'
import type { Wire } from './wire.ts'

/** Membership: FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup, DescribeGroups, ListGroups, DeleteGroups. */
export function groupCases(target: Target, open: () => Promise<Wire>): void {
  describe('groups', () => {
    it.each([0, 1, 2])('FindCoordinator v%i: this node', async version => {
      const wire = await open()
      await coordinator(wire, 'g')
      const answer = await wire.call(findCoordinator, version, { key: 'g', keyType: 0 })
      expect(answer).toMatchObject({ errorCode: errors.NONE, nodeId: 0, host: target.host, port: target.port })
    })

    it('FindCoordinator of an unknown type: INVALID_REQUEST', async () => {
      const wire = await open()
      expect(await wire.call(findCoordinator, 2, { key: 'g', keyType: 3 })).toMatchObject({
        errorCode: errors.INVALID_REQUEST,
        nodeId: -1,
        port: -1,
      })
    })

    it.each([0, 1, 2, 3])('JoinGroup v%i takes a member without an id', async version => {
      const wire = await open()
      const group = unique('g')
      await coordinator(wire, group)
      const joined = await join(wire, group, { version })
      expect(joined).toMatchObject({ errorCode: errors.NONE, generationId: 1, protocolName: 'range', leader: joined.memberId })
      expect(joined.members).toEqual([{ memberId: joined.memberId, groupInstanceId: null, metadata: Buffer.from('m') }])
      expect(joined.memberId).toMatch(/^contract-[0-9a-f-]{36}$/)
    })

    it.each([4, 5])('JoinGroup v%i first gives the member its id: MEMBER_ID_REQUIRED', async version => {
      const wire = await open()
      const group = unique('g')
      await coordinator(wire, group)
      const first = await join(wire, group, { version })
      expect(first).toMatchObject({
        errorCode: errors.MEMBER_ID_REQUIRED,
        generationId: -1,
        members: [],
        leader: '',
        protocolName: '',
      })
      expect(await join(wire, group, { version, memberId: first.memberId })).toMatchObject({
        errorCode: errors.NONE,
        generationId: 1,
      })
    })

    it.each([
      ['an empty group id', '', {}, errors.INVALID_GROUP_ID],
      ['a session timeout too short', 'g', { sessionTimeoutMs: 1000 }, errors.INVALID_SESSION_TIMEOUT],
      ['a session timeout too long', 'g', { sessionTimeoutMs: 99_999_999 }, errors.INVALID_SESSION_TIMEOUT],
      ['an unknown member id', 'g', { memberId: 'somebody' }, errors.UNKNOWN_MEMBER_ID],
      ['no protocols', 'g', { protocols: [] }, errors.INCONSISTENT_GROUP_PROTOCOL],
      ['no protocol type', 'g', { protocolType: '' }, errors.INCONSISTENT_GROUP_PROTOCOL],
    ])('JoinGroup with %s is refused', async (_, prefix, options, errorCode) => {
      const wire = await open()
      await coordinator(wire, 'g')
      expect(await join(wire, prefix && unique(prefix), options)).toMatchObject({ errorCode, generationId: -1, members: [] })
    })

    it('a member that has no protocol in common with the group: INCONSISTENT_GROUP_PROTOCOL', async () => {
      const wire = await open()
      const { groupId } = await stableGroup(wire, { protocols: ['range'] })
      expect((await join(wire, groupId, { protocols: ['sticky'] })).errorCode).toBe(errors.INCONSISTENT_GROUP_PROTOCOL)
      expect((await join(wire, groupId, { protocolType: 'connect' })).errorCode).toBe(errors.INCONSISTENT_GROUP_PROTOCOL)
    })

    it('a second member: both join again, one leader, one generation on, the protocol that both have', async () => {
      const [a, b] = [await open(), await open()]
      const first = await stableGroup(a, { protocols: ['sticky', 'range'] })
      const { groupId } = first
      const second = joinTwice(b, groupId, { protocols: ['range', 'other'], metadata: 'two' })
      await until(async () => (await beat(a, groupId, 1, first.memberId)) === errors.REBALANCE_IN_PROGRESS)
      const again = await join(a, groupId, { memberId: first.memberId, protocols: ['sticky', 'range'] })
      const joined = await second
      expect(again).toMatchObject({ errorCode: 0, generationId: 2, protocolName: 'range', leader: first.memberId })
      expect(joined).toMatchObject({ errorCode: 0, generationId: 2, protocolName: 'range', leader: first.memberId, members: [] })
      expect(again.members.map(({ memberId }) => memberId).sort()).toEqual([first.memberId, joined.memberId].sort())
      const follower = sync(b, groupId, joined)
      const leader = await sync(a, groupId, again, [first.memberId, joined.memberId])
      expect(String(leader.assignment)).toBe(`for ${first.memberId}`)
      expect(await follower).toEqual({ throttleTimeMs: 0, errorCode: 0, assignment: Buffer.from(`for ${joined.memberId}`) })
    })

    it('a member that the leader forgot gets an empty assignment', async () => {
      const [a, b] = [await open(), await open()]
      const first = await stableGroup(a)
      const second = joinTwice(b, first.groupId)
      await until(async () => (await beat(a, first.groupId, 1, first.memberId)) === errors.REBALANCE_IN_PROGRESS)
      const again = await join(a, first.groupId, { memberId: first.memberId })
      const follower = sync(b, first.groupId, await second)
      await sync(a, first.groupId, again, [first.memberId])
      expect(await follower).toMatchObject({ errorCode: 0, assignment: Buffer.alloc(0) })
    })

    it('Heartbeat: each error', async () => {
      const wire = await open()
      const { groupId, memberId, generationId } = await stableGroup(wire)
      expect(await beat(wire, groupId, generationId, memberId)).toBe(errors.NONE)
      expect(await beat(wire, groupId, generationId + 1, memberId)).toBe(errors.ILLEGAL_GENERATION)
      expect(await beat(wire, groupId, generationId, 'nobody')).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await beat(wire, unique('none'), generationId, memberId)).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await beat(wire, '', generationId, memberId)).toBe(errors.INVALID_GROUP_ID)
      expect(await beat(wire, groupId, generationId, memberId, 'instance')).toBe(errors.UNKNOWN_MEMBER_ID)
    })

    it('Heartbeat between join and sync is fine', async () => {
      const wire = await open()
      const group = unique('g')
      await coordinator(wire, group)
      const joined = await joinTwice(wire, group)
      expect(await beat(wire, group, 1, joined.memberId)).toBe(errors.NONE)
    })

    it('SyncGroup: each error, and again when stable', async () => {
      const wire = await open()
      const { groupId, memberId, generationId } = await stableGroup(wire)
      const code = async (group: string, generation: number, member: string) =>
        (await sync(wire, group, { generationId: generation, memberId: member })).errorCode
      expect(await sync(wire, groupId, { generationId, memberId })).toMatchObject({
        errorCode: 0,
        assignment: Buffer.from(`for ${memberId}`),
      })
      expect(await code(groupId, generationId + 1, memberId)).toBe(errors.ILLEGAL_GENERATION)
      expect(await code(groupId, generationId, 'nobody')).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await code(unique('none'), generationId, memberId)).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await code('', generationId, memberId)).toBe(errors.INVALID_GROUP_ID)
    })

    it('SyncGroup while the group rebalances: REBALANCE_IN_PROGRESS', async () => {
      const [a, b] = [await open(), await open()]
      const { groupId, memberId, generationId } = await stableGroup(a)
      joinTwice(b, groupId).catch(() => {}) // held until the case ends
      await until(async () => (await beat(a, groupId, 1, memberId)) === errors.REBALANCE_IN_PROGRESS)
      expect((await sync(a, groupId, { generationId, memberId })).errorCode).toBe(errors.REBALANCE_IN_PROGRESS)
    })

    it('a follower that joins again with nothing new hears of its generation, the leader starts a new one', async () => {
      const [a, b] = [await open(), await open()]
      const first = await stableGroup(a)
      const second = joinTwice(b, first.groupId)
      await until(async () => (await beat(a, first.groupId, 1, first.memberId)) === errors.REBALANCE_IN_PROGRESS)
      const again = await join(a, first.groupId, { memberId: first.memberId })
      const joined = await second
      const followers = sync(b, first.groupId, joined)
      await sync(a, first.groupId, again, [first.memberId, joined.memberId])
      await followers
      expect(await join(b, first.groupId, { memberId: joined.memberId })).toMatchObject({
        errorCode: 0,
        generationId: 2,
        members: [],
      })
      const leaders = join(a, first.groupId, { memberId: first.memberId })
      await until(async () => (await beat(b, first.groupId, 2, joined.memberId)) === errors.REBALANCE_IN_PROGRESS)
      expect(await join(b, first.groupId, { memberId: joined.memberId })).toMatchObject({ errorCode: 0, generationId: 3 })
      expect(await leaders).toMatchObject({ errorCode: 0, generationId: 3 })
    })

    it.each([0, 1, 2])('LeaveGroup v%i takes one member out', async version => {
      const wire = await open()
      const { groupId, memberId, generationId } = await stableGroup(wire)
      expect((await wire.call(leaveGroup, version, { groupId, memberId })).errorCode).toBe(errors.NONE)
      expect(await beat(wire, groupId, generationId, memberId)).toBe(errors.UNKNOWN_MEMBER_ID)
      expect((await wire.call(leaveGroup, version, { groupId, memberId })).errorCode).toBe(errors.UNKNOWN_MEMBER_ID)
      expect(await stateOf(wire, groupId)).toMatchObject({ groupState: 'Empty', members: [] })
    })

    it('LeaveGroup v3 answers for each member', async () => {
      const wire = await open()
      const { groupId, memberId } = await stableGroup(wire)
      const members = [memberId, 'nobody'].map(id => ({ memberId: id, groupInstanceId: null }))
      const answer = await wire.call(leaveGroup, 3, { groupId, members })
      expect(answer.errorCode).toBe(errors.NONE)
      expect(answer.members.map(({ errorCode }) => errorCode)).toEqual([errors.NONE, errors.UNKNOWN_MEMBER_ID])
    })

    it('LeaveGroup of an unknown group, and of an empty group id', async () => {
      const wire = await open()
      expect(await leave(wire, unique('none'), 'm')).toMatchObject({
        errorCode: 0,
        members: [{ errorCode: errors.UNKNOWN_MEMBER_ID }],
      })
      expect((await leave(wire, '', 'm')).errorCode).toBe(errors.INVALID_GROUP_ID)
    })

    it('a member that leaves makes the others rebalance', async () => {
      const [a, b] = [await open(), await open()]
      const first = await stableGroup(a)
      const second = joinTwice(b, first.groupId)
      await until(async () => (await beat(a, first.groupId, 1, first.memberId)) === errors.REBALANCE_IN_PROGRESS)
      const again = await join(a, first.groupId, { memberId: first.memberId })
      const joined = await second
      const followers = sync(b, first.groupId, joined)
      await sync(a, first.groupId, again, [first.memberId, joined.memberId])
      await followers
      await leave(a, first.groupId, first.memberId)
      expect(await beat(b, first.groupId, 2, joined.memberId)).toBe(errors.REBALANCE_IN_PROGRESS)
      const alone = await join(b, first.groupId, { memberId: joined.memberId })
      expect(alone).toMatchObject({ errorCode: 0, generationId: 3, leader: joined.memberId })
    })

    it('a member without heartbeats loses its session', async () => {
      const wire = await open()
      const { groupId, memberId } = await stableGroup(wire, { sessionTimeoutMs: 1500 })
      await until(async () => (await stateOf(wire, groupId)).groupState === 'Empty', 25_000)
      expect(await beat(wire, groupId, 1, memberId)).toBe(errors.UNKNOWN_MEMBER_ID)
    })

    it('static members: the same instance comes back without a rebalance, the old member is fenced', async () => {
      const wire = await open()
      const instance = unique('instance')
      const { groupId, memberId } = await stableGroup(wire, { groupInstanceId: instance })
      const back = await join(wire, groupId, { groupInstanceId: instance })
      expect(back).toMatchObject({ errorCode: 0, generationId: 1, leader: memberId, members: [] })
      expect(back.memberId).not.toBe(memberId)
      expect(await beat(wire, groupId, 1, memberId, instance)).toBe(errors.FENCED_INSTANCE_ID)
      expect(await beat(wire, groupId, 1, back.memberId, instance)).toBe(errors.NONE)
      const assigned = await sync(wire, groupId, back, [], instance)
      expect(String(assigned.assignment)).toBe(`for ${memberId}`)
    })

    it('static members: an administrator takes one out by its instance id', async () => {
      const wire = await open()
      const instance = unique('instance')
      const { groupId } = await stableGroup(wire, { groupInstanceId: instance })
      expect((await leave(wire, groupId, '', 'other')).members[0]!.errorCode).toBe(errors.UNKNOWN_MEMBER_ID)
      expect((await leave(wire, groupId, '', instance)).members[0]!.errorCode).toBe(errors.NONE)
      expect((await stateOf(wire, groupId)).groupState).toBe('Empty')
    })

    it('DescribeGroups: an unknown group is Dead, a stable one shows members and assignments', async () => {
      const wire = await open()
      const { groupId, memberId } = await stableGroup(wire)
      expect(await stateOf(wire, unique('none'))).toMatchObject({
        errorCode: 0,
        groupState: 'Dead',
        protocolType: '',
        members: [],
      })
      const group = await stateOf(wire, groupId)
      expect(group).toMatchObject({ errorCode: 0, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' })
      expect(group.members).toEqual([
        {
          memberId,
          groupInstanceId: null,
          clientId: 'contract',
          clientHost: '/127.0.0.1',
          memberMetadata: Buffer.from('m'),
          memberAssignment: Buffer.from(`for ${memberId}`),
        },
      ])
    })

    it('DescribeGroups between join and sync: CompletingRebalance', async () => {
      const wire = await open()
      const group = unique('g')
      await coordinator(wire, group)
      await joinTwice(wire, group)
      const described = await stateOf(wire, group)
      expect(described).toMatchObject({ groupState: 'CompletingRebalance', protocolData: '' })
      expect(described.members[0]!.memberMetadata).toHaveLength(0)
    })

    it.each([0, 1, 2])('ListGroups v%i names the group with its type', async version => {
      const wire = await open()
      const { groupId } = await stableGroup(wire)
      const { errorCode, groups } = await wire.call(listGroups, version, {})
      expect(errorCode).toBe(errors.NONE)
      expect(groups).toContainEqual({ groupId, protocolType: 'consumer' })
    })

    it('DeleteGroups: not with members, then yes, then unknown', async () => {
      const wire = await open()
      const { groupId, memberId } = await stableGroup(wire)
      const remove = async () => (await wire.call(deleteGroups, 1, { groups: [groupId] })).results[0]!.errorCode
      expect(await remove()).toBe(errors.NON_EMPTY_GROUP)
      await leave(wire, groupId, memberId)
      expect(await remove()).toBe(errors.NONE)
      expect(await remove()).toBe(errors.GROUP_ID_NOT_FOUND)
      expect((await stateOf(wire, groupId)).groupState).toBe('Dead')
    })
  })
}
