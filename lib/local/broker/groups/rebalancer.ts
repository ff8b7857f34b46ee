import { errors } from '../errors.ts'
import type { Group, JoinRequest, JoinResult, Member, SyncResult } from './group.ts'
import type { GroupStore } from './store.ts'

/** A member that joined and never came through a rebalance is kept this long, whatever its session timeout. */
const newMemberTimeoutMs = 300_000

const copy = (buffer: Buffer): Buffer => Buffer.from(buffer)

/** The rounds of a group: joins are held until all members are there, then syncs until the leader has assigned. */
export class Rebalancer {
  readonly #store: GroupStore
  readonly #initialDelayMs: number

  constructor(store: GroupStore, initialDelayMs: number) {
    this.#store = store
    this.#initialDelayMs = initialDelayMs
  }

  /** A new member: its join is held and the group goes into a rebalance. */
  add(group: Group, memberId: string, request: JoinRequest): Promise<JoinResult> {
    const member: Member = {
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: request.clientId,
      clientHost: request.clientHost,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      sessionTimeoutMs: request.sessionTimeoutMs,
      protocols: request.protocols,
      assignment: Buffer.alloc(0),
      isNew: true,
    }
    if (group.members.size === 0) group.protocolType = request.protocolType
    if (group.state === 'PreparingRebalance' && group.generationId === 0) group.newMemberAdded = true
    group.add(member)
    member.session = this.#timer(newMemberTimeoutMs, () => this.remove(group, member))
    return this.update(group, member, request)
  }

  /** Holds the member's join. */
  update(group: Group, member: Member, request: JoinRequest): Promise<JoinResult> {
    member.protocols = request.protocols
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    member.sessionTimeoutMs = request.sessionTimeoutMs
    if (!member.isNew) clearTimeout(member.session)
    return new Promise(resolve => {
      member.join = resolve
      if (group.canRebalance) this.#prepare(group)
      else this.#joinedMaybe(group)
    })
  }

  #timer(ms: number, run: () => void): NodeJS.Timeout {
    return setTimeout(run, Math.min(Math.max(ms, 0), 0x7fff_ffff))
  }

  #prepare(group: Group): void {
    if (group.state === 'CompletingRebalance') this.#answerSyncs(group, errors.REBALANCE_IN_PROGRESS)
    clearTimeout(group.syncTimer)
    const initial = group.state === 'Empty'
    group.transition('PreparingRebalance')
    if (initial) {
      group.newMemberAdded = false
      const delay = Math.min(this.#initialDelayMs, group.rebalanceTimeoutMs)
      this.#waitForFirst(group, delay, Math.max(group.rebalanceTimeoutMs - delay, 0))
      return
    }
    this.#waitForAll(group)
    this.#joinedMaybe(group)
  }

  /** The first rebalance of a group waits `group.initial.rebalance.delay.ms` for more members, and again after each that came. */
  #waitForFirst(group: Group, delayMs: number, remainingMs: number): void {
    group.initialWait = true
    group.rebalanceTimer = this.#timer(delayMs, () => {
      if (group.newMemberAdded && remainingMs > 0 && this.#initialDelayMs > 0) {
        group.newMemberAdded = false
        const delay = Math.min(this.#initialDelayMs, remainingMs)
        this.#waitForFirst(group, delay, remainingMs - delay)
      } else this.#completeJoin(group)
    })
  }

  #waitForAll(group: Group): void {
    group.initialWait = false
    clearTimeout(group.rebalanceTimer)
    group.rebalanceTimer = this.#timer(group.rebalanceTimeoutMs, () => this.#completeJoin(group))
  }

  /** Completes the round when the last one has joined. */
  #joinedMaybe(group: Group): void {
    if (group.state === 'PreparingRebalance' && !group.initialWait && group.allJoined) this.#completeJoin(group)
  }

  #completeJoin(group: Group): void {
    clearTimeout(group.rebalanceTimer)
    group.initialWait = false
    for (const member of [...group.members.values()]) if (!member.join && member.groupInstanceId === null) group.remove(member)
    if (group.members.size > 0 && !group.electJoinedLeader()) return this.#waitForAll(group)
    group.nextGeneration()
    if (group.members.size === 0) return this.#store.save(group)
    for (const member of group.members.values()) {
      const { join } = member
      member.join = undefined
      member.isNew = false
      group.pendingSync.add(member.memberId)
      this.keepAlive(group, member)
      join?.(group.joined(member))
    }
    group.syncTimer = this.#timer(group.rebalanceTimeoutMs, () => this.#syncExpired(group))
  }

  /** Members that joined and never asked for their assignment are taken out. */
  #syncExpired(group: Group): void {
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
    const late = [...group.pendingSync].map(id => group.members.get(id)).filter(member => member !== undefined)
    if (late.length === 0) return
    for (const member of late) group.remove(member)
    if (group.canRebalance) this.#prepare(group)
  }

  /** Holds a sync; the leader's brings the assignment for all. */
  sync(group: Group, member: Member, assignments: Map<string, Buffer>): Promise<SyncResult> {
    clearTimeout(member.session)
    return new Promise(resolve => {
      member.sync = resolve
      group.pendingSync.delete(member.memberId)
      if (group.leaderId !== member.memberId) return
      for (const other of group.members.values()) other.assignment = copy(assignments.get(other.memberId) ?? Buffer.alloc(0))
      this.#store.save(group)
      group.transition('Stable')
      this.#answerSyncs(group, errors.NONE)
    })
  }

  #answerSyncs(group: Group, errorCode: number): void {
    for (const member of group.members.values()) {
      if (errorCode) member.assignment = Buffer.alloc(0)
      const { sync } = member
      if (!sync) continue
      member.sync = undefined
      this.keepAlive(group, member)
      sync({ errorCode, assignment: member.assignment })
    }
  }

  /** Begins the member's session anew. Paused while its join or sync is held. */
  keepAlive(group: Group, member: Member): void {
    clearTimeout(member.session)
    member.session = this.#timer(member.sessionTimeoutMs, () => {
      if (!member.join && !member.sync) this.remove(group, member)
    })
  }

  /** Gives out a member id that has to be used within the session timeout. */
  expect(group: Group, memberId: string, sessionTimeoutMs: number): void {
    group.pendingMembers.set(
      memberId,
      this.#timer(sessionTimeoutMs, () => this.forget(group, memberId)),
    )
  }

  /** Takes back a member id that was given out. */
  forget(group: Group, memberId: string): void {
    clearTimeout(group.pendingMembers.get(memberId))
    group.pendingMembers.delete(memberId)
    this.#joinedMaybe(group)
  }

  /** A member left or its session is over. */
  remove(group: Group, member: Member): void {
    if (group.members.get(member.memberId) !== member) return
    const gone = {
      errorCode: errors.UNKNOWN_MEMBER_ID,
      generationId: -1,
      protocolName: '',
      leader: '',
      memberId: '',
      members: [],
    }
    member.join?.(gone)
    member.sync?.({ errorCode: errors.UNKNOWN_MEMBER_ID, assignment: Buffer.alloc(0) })
    member.join = member.sync = undefined
    group.remove(member)
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.#prepare(group)
    else this.#joinedMaybe(group)
  }
}
