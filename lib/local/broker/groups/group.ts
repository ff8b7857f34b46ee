import type { PendingOffsets, GroupOffsets } from './offsets.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface Protocol {
  name: string
  metadata: Buffer
}

/** What a member asks for with JoinGroup. */
export interface JoinRequest {
  groupId: string
  memberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocolType: string
  protocols: Protocol[]
  /** From version 4 on a new member is first given its id and has to join again with it. */
  requireKnownMemberId: boolean
}

/** Answer to JoinGroup. `members` is empty for all but the leader. */
export interface JoinResult {
  errorCode: number
  generationId: number
  protocolName: string
  leader: string
  memberId: string
  members: { memberId: string; groupInstanceId: string | null; metadata: Buffer }[]
}

export interface SyncResult {
  errorCode: number
  assignment: Buffer
}

export interface Member {
  memberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: Protocol[]
  assignment: Buffer
  /** Answers the JoinGroup that is held. */
  join?: ((result: JoinResult) => void) | undefined
  /** Answers the SyncGroup that is held. */
  sync?: ((result: SyncResult) => void) | undefined
  /** Joined and not yet through its first rebalance. */
  isNew: boolean
  session?: NodeJS.Timeout | undefined
}

/** A group's state as Kafka's GroupMetadata keeps it; the rules are in the coordinator. */
export class Group {
  readonly id: string
  state: GroupState = 'Empty'
  /** ms; since when the group is in this state. */
  stateTimestamp = Date.now()
  protocolType: string | null = null
  protocolName: string | null = null
  generationId = 0
  leaderId: string | null = null
  readonly members = new Map<string, Member>()
  readonly staticMembers = new Map<string, string>()
  /** Member ids given out and not yet joined, with the timer that takes them back. */
  readonly pendingMembers = new Map<string, NodeJS.Timeout>()
  /** Members of this generation that have not asked for their assignment. */
  readonly pendingSync = new Set<string>()
  rebalanceTimer: NodeJS.Timeout | undefined
  syncTimer: NodeJS.Timeout | undefined
  /** In the wait of `group.initial.rebalance.delay.ms`, which does not end early. */
  initialWait = false
  newMemberAdded = false
  offsets: GroupOffsets = new Map()
  /** Offsets of open transactions, by producer id. */
  readonly pendingOffsets: PendingOffsets = new Map()

  constructor(id: string) {
    this.id = id
  }

  transition(state: GroupState): void {
    this.state = state
    this.stateTimestamp = Date.now()
  }

  get canRebalance(): boolean {
    return this.state === 'Stable' || this.state === 'CompletingRebalance' || this.state === 'Empty'
  }

  /** Nobody is in it and nothing is kept for it: a join that failed is enough to make a group. */
  get isUnused(): boolean {
    const isKept = this.offsets.size > 0 || this.pendingOffsets.size > 0 || this.pendingMembers.size > 0
    return this.state === 'Empty' && !isKept
  }

  get rebalanceTimeoutMs(): number {
    let most = 0
    for (const member of this.members.values()) most = Math.max(most, member.rebalanceTimeoutMs)
    return most
  }

  get allJoined(): boolean {
    if (this.pendingMembers.size > 0) return false
    for (const member of this.members.values()) if (!member.join) return false
    return true
  }

  /** Whether a member with these protocols can be in the group: same type, one protocol that all have. */
  supports(protocolType: string, protocols: string[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    return this.protocolType === protocolType && protocols.some(name => this.#supportedByAll(name))
  }

  #supportedByAll(name: string): boolean {
    for (const { protocols } of this.members.values()) if (!protocols.some(p => p.name === name)) return false
    return true
  }

  /** Each member votes for the first of its protocols that all have; the one with most votes is taken. */
  selectProtocol(): string {
    const votes = new Map<string, number>()
    for (const { protocols } of this.members.values()) {
      const choice = protocols.find(({ name }) => this.#supportedByAll(name))
      if (choice) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
  }

  add(member: Member): void {
    this.members.set(member.memberId, member)
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId)
    this.leaderId ??= member.memberId
  }

  remove(member: Member): void {
    clearTimeout(member.session)
    this.members.delete(member.memberId)
    this.pendingSync.delete(member.memberId)
    if (member.groupInstanceId !== null && this.staticMembers.get(member.groupInstanceId) === member.memberId) {
      this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.leaderId === member.memberId) this.leaderId = this.members.keys().next().value ?? null
  }

  /** The leader is one that has rejoined. False when nobody has. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false
    if (this.members.get(this.leaderId)?.join) return true
    for (const member of this.members.values()) {
      if (!member.join) continue
      this.leaderId = member.memberId
      return true
    }
    return false
  }

  nextGeneration(): void {
    this.generationId++
    this.pendingSync.clear()
    if (this.members.size > 0) {
      this.protocolName = this.selectProtocol()
      this.transition('CompletingRebalance')
    } else {
      this.protocolName = null
      this.transition('Empty')
    }
  }

  metadataOf(member: Member): Buffer {
    return member.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? Buffer.alloc(0)
  }

  /** What a member is told when it has joined. */
  joined(member: Member): JoinResult {
    const members = member.memberId === this.leaderId ? [...this.members.values()] : []
    return {
      errorCode: 0,
      generationId: this.generationId,
      protocolName: this.protocolName ?? '',
      leader: this.leaderId ?? '',
      memberId: member.memberId,
      members: members.map(other => ({
        memberId: other.memberId,
        groupInstanceId: other.groupInstanceId,
        metadata: this.metadataOf(other),
      })),
    }
  }

  /** Stops all timers: the group ends. */
  stop(): void {
    clearTimeout(this.rebalanceTimer)
    clearTimeout(this.syncTimer)
    for (const timer of this.pendingMembers.values()) clearTimeout(timer)
    for (const member of this.members.values()) clearTimeout(member.session)
  }
}

export const sameProtocols = (a: Protocol[], b: Protocol[]): boolean =>
  a.length === b.length && a.every((protocol, i) => protocol.name === b[i]!.name && protocol.metadata.equals(b[i]!.metadata))
