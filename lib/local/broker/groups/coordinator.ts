import { randomUUID } from 'node:crypto'
import { errors } from '../errors.ts'
import type { Properties } from '../properties.ts'
import { sameProtocols, type Group, type JoinResult, type Member, type SyncResult, type JoinRequest } from './group.ts'
import { Rebalancer } from './rebalancer.ts'
import type { GroupStore } from './store.ts'

export interface LeavingMember {
  memberId: string
  groupInstanceId: string | null
}

const refused = (errorCode: number, memberId: string): JoinResult => ({
  errorCode,
  generationId: -1,
  protocolName: '',
  leader: '',
  memberId,
  members: [],
})

const noAssignment = Buffer.alloc(0)

/** Membership of consumer groups: the rules of Kafka's GroupCoordinator. */
export class Coordinator {
  readonly store: GroupStore
  readonly #properties: Properties
  readonly #rebalancer: Rebalancer

  constructor(store: GroupStore, properties: Properties) {
    this.store = store
    this.#properties = properties
    this.#rebalancer = new Rebalancer(store, properties.number('group.initial.rebalance.delay.ms'))
  }

  /** Members that were there before a restart go on where they were: their sessions begin anew. */
  start(): void {
    for (const group of this.store.list()) for (const member of group.members.values()) this.#rebalancer.keepAlive(group, member)
  }

  join(request: JoinRequest): Promise<JoinResult> | JoinResult {
    const { groupId, memberId, sessionTimeoutMs } = request
    if (groupId === '') return refused(errors.INVALID_GROUP_ID, memberId)
    const min = this.#properties.number('group.min.session.timeout.ms')
    const max = this.#properties.number('group.max.session.timeout.ms')
    if (sessionTimeoutMs < min || sessionTimeoutMs > max) return refused(errors.INVALID_SESSION_TIMEOUT, memberId)
    const group = memberId === '' ? this.store.getOrCreate(groupId) : this.store.get(groupId)
    if (!group) return refused(errors.UNKNOWN_MEMBER_ID, memberId)
    if (group.state === 'Dead') return refused(errors.COORDINATOR_NOT_AVAILABLE, memberId)
    if (!this.#hasRoom(group, memberId)) return refused(errors.GROUP_MAX_SIZE_REACHED, '')
    const names = request.protocols.map(({ name }) => name)
    if (!group.supports(request.protocolType, names)) return refused(errors.INCONSISTENT_GROUP_PROTOCOL, memberId)
    return memberId === '' ? this.#joinNew(group, request) : this.#joinAgain(group, request)
  }

  #hasRoom(group: Group, memberId: string): boolean {
    if (group.members.has(memberId)) return true
    return group.members.size < this.#properties.number('group.max.size')
  }

  #joinNew(group: Group, request: JoinRequest): Promise<JoinResult> | JoinResult {
    const { groupInstanceId } = request
    const memberId = `${groupInstanceId ?? request.clientId}-${randomUUID()}`
    const old = groupInstanceId === null ? undefined : group.members.get(group.staticMembers.get(groupInstanceId) ?? '')
    if (old) return this.#replaceStatic(group, old, memberId, request)
    if (groupInstanceId === null && request.requireKnownMemberId) {
      this.#rebalancer.expect(group, memberId, request.sessionTimeoutMs)
      return refused(errors.MEMBER_ID_REQUIRED, memberId)
    }
    return this.#rebalancer.add(group, memberId, request)
  }

  #joinAgain(group: Group, request: JoinRequest): Promise<JoinResult> | JoinResult {
    const { memberId, groupInstanceId } = request
    if (group.pendingMembers.has(memberId)) {
      clearTimeout(group.pendingMembers.get(memberId))
      group.pendingMembers.delete(memberId)
      return this.#rebalancer.add(group, memberId, request)
    }
    const error = this.#memberError(group, memberId, groupInstanceId)
    if (error) return refused(error, memberId)
    const member = group.members.get(memberId)!
    const same = sameProtocols(member.protocols, request.protocols)
    if (group.state === 'Empty') return refused(errors.UNKNOWN_MEMBER_ID, memberId)
    if (group.state === 'CompletingRebalance' && same) return this.#answerNow(group, member)
    if (group.state === 'Stable' && same && group.leaderId !== memberId) return this.#answerNow(group, member)
    return this.#rebalancer.update(group, member, request)
  }

  /** Nothing has changed for this member: it hears of the generation it is in. */
  #answerNow(group: Group, member: Member): JoinResult {
    this.#rebalancer.keepAlive(group, member)
    return group.joined(member)
  }

  /** A static member came back under its instance id: it takes the place of the old member, without a rebalance where that is possible. */
  #replaceStatic(group: Group, old: Member, memberId: string, request: JoinRequest): Promise<JoinResult> | JoinResult {
    const leader = group.leaderId
    const oldId = old.memberId
    old.join?.(refused(errors.FENCED_INSTANCE_ID, oldId))
    old.sync?.({ errorCode: errors.FENCED_INSTANCE_ID, assignment: noAssignment })
    old.join = old.sync = undefined
    const order = [...group.members.values()]
    group.members.clear()
    old.memberId = memberId
    for (const member of order) group.members.set(member.memberId, member)
    group.staticMembers.set(old.groupInstanceId!, memberId)
    if (group.pendingSync.delete(oldId)) group.pendingSync.add(memberId)
    if (leader === oldId) group.leaderId = memberId
    if (group.state !== 'Stable') return this.#rebalancer.update(group, old, request)
    old.protocols = request.protocols
    old.sessionTimeoutMs = request.sessionTimeoutMs
    old.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    if (group.selectProtocol() !== group.protocolName) return this.#rebalancer.update(group, old, request)
    this.store.save(group)
    this.#rebalancer.keepAlive(group, old)
    return { ...group.joined(old), leader: leader ?? '', members: [] }
  }

  sync(groupId: string, generationId: number, memberId: string, instanceId: string | null, assignments: Map<string, Buffer>) {
    const fail = (errorCode: number): SyncResult => ({ errorCode, assignment: noAssignment })
    if (groupId === '') return fail(errors.INVALID_GROUP_ID)
    const group = this.store.get(groupId)
    if (!group) return fail(errors.UNKNOWN_MEMBER_ID)
    const error = this.#memberError(group, memberId, instanceId) || this.#generationError(group, generationId)
    if (error) return fail(error)
    const member = group.members.get(memberId)!
    switch (group.state) {
      case 'PreparingRebalance':
        return fail(errors.REBALANCE_IN_PROGRESS)
      case 'CompletingRebalance':
        return this.#rebalancer.sync(group, member, assignments)
      case 'Stable':
        group.pendingSync.delete(memberId)
        this.#rebalancer.keepAlive(group, member)
        return { errorCode: errors.NONE, assignment: member.assignment }
      default:
        return fail(errors.UNKNOWN_MEMBER_ID)
    }
  }

  heartbeat(groupId: string, generationId: number, memberId: string, instanceId: string | null): number {
    if (groupId === '') return errors.INVALID_GROUP_ID
    const group = this.store.get(groupId)
    if (!group) return errors.UNKNOWN_MEMBER_ID
    const error = this.#memberError(group, memberId, instanceId) || this.#generationError(group, generationId)
    if (error) return error
    if (group.state === 'Empty') return errors.UNKNOWN_MEMBER_ID
    this.#rebalancer.keepAlive(group, group.members.get(memberId)!)
    return group.state === 'PreparingRebalance' ? errors.REBALANCE_IN_PROGRESS : errors.NONE
  }

  /** One error code for each member. */
  leave(groupId: string, leaving: LeavingMember[]): { errorCode: number; members: (LeavingMember & { errorCode: number })[] } {
    if (groupId === '') return { errorCode: errors.INVALID_GROUP_ID, members: [] }
    const group = this.store.get(groupId)
    const members = leaving.map(member => ({
      ...member,
      errorCode: group ? this.#leaveOne(group, member) : errors.UNKNOWN_MEMBER_ID,
    }))
    return { errorCode: errors.NONE, members }
  }

  #leaveOne(group: Group, { memberId, groupInstanceId }: LeavingMember): number {
    if (memberId === '') {
      const member = group.members.get(group.staticMembers.get(groupInstanceId ?? '') ?? '')
      if (!member) return errors.UNKNOWN_MEMBER_ID
      this.#rebalancer.remove(group, member)
      return errors.NONE
    }
    if (group.pendingMembers.has(memberId)) {
      this.#rebalancer.forget(group, memberId)
      return errors.NONE
    }
    const error = this.#memberError(group, memberId, groupInstanceId)
    if (!error) this.#rebalancer.remove(group, group.members.get(memberId)!)
    return error
  }

  /** The error for an offset commit of the group, or NONE. */
  commitError(group: Group, generationId: number, memberId: string, instanceId: string | null): number {
    if (group.state === 'Dead') return errors.COORDINATOR_NOT_AVAILABLE
    if (generationId < 0 && group.state === 'Empty') return errors.NONE
    if (generationId < 0 && memberId === '' && instanceId === null) return errors.UNKNOWN_MEMBER_ID
    const error = this.#memberError(group, memberId, instanceId) || this.#generationError(group, generationId)
    if (error) return error
    if (group.state === 'CompletingRebalance') return errors.REBALANCE_IN_PROGRESS
    if (group.state === 'Empty') return errors.NONE
    this.#rebalancer.keepAlive(group, group.members.get(memberId)!)
    return errors.NONE
  }

  #memberError(group: Group, memberId: string, instanceId: string | null): number {
    if (group.state === 'Dead') return errors.COORDINATOR_NOT_AVAILABLE
    if (instanceId !== null) {
      const current = group.staticMembers.get(instanceId)
      if (current === undefined) return errors.UNKNOWN_MEMBER_ID
      if (current !== memberId) return errors.FENCED_INSTANCE_ID
    }
    return group.members.has(memberId) ? errors.NONE : errors.UNKNOWN_MEMBER_ID
  }

  #generationError(group: Group, generationId: number): number {
    return generationId === group.generationId ? errors.NONE : errors.ILLEGAL_GENERATION
  }

  /** Deletes a group that has no members. */
  delete(groupId: string): number {
    const group = this.store.get(groupId)
    if (!group || group.state === 'Dead') return errors.GROUP_ID_NOT_FOUND
    if (group.state !== 'Empty') return errors.NON_EMPTY_GROUP
    this.store.remove(group)
    return errors.NONE
  }

  close(): void {
    for (const group of this.store.list()) group.stop()
  }
}
