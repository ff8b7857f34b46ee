import { InternalLog } from '../internal-log.ts'
import type { Maintenance } from '../maintenance.ts'
import { buildMarker } from '../records/control.ts'
import type { NewRecord } from '../records/records.ts'
import type { Topics } from '../topics/store.ts'
import { offsetsTopic } from '../topics/topic.ts'
import { Group } from './group.ts'
import { groupRecord, offsetRecord, parseMessage, type StoredGroup } from './messages.ts'
import { deleteOffset, eachOffset, setOffset, type CommittedOffset, type GroupOffsets } from './offsets.ts'

/** Groups and their committed offsets, in memory and in `__consumer_offsets`. */
export class GroupStore {
  readonly #groups = new Map<string, Group>()
  readonly #log: InternalLog
  readonly #report: (line: string) => void

  constructor(topics: Topics, maintenance: Maintenance, report: (line: string) => void) {
    this.#report = report
    this.#log = new InternalLog(offsetsTopic, topics, maintenance)
    this.#replay()
  }

  #replay(): void {
    const pending = new Map<number, [group: string, topic: string, partition: number, value: CommittedOffset][]>()
    this.#log.replay({
      record: (key, value, header) => {
        const message = parseMessage(key, value)
        if (!message) return
        if (message.type === 'group') return this.#restore(message.group, message.stored)
        const { group, topic, partition, committed } = message
        if (header.isTransactional && committed) {
          const list = pending.get(header.producerId) ?? []
          pending.set(header.producerId, [...list, [group, topic, partition, committed]])
        } else if (committed) setOffset(this.getOrCreate(group).offsets, topic, partition, committed)
        else deleteOffset(this.getOrCreate(group).offsets, topic, partition)
      },
      marker: (header, commit) => {
        const list = pending.get(header.producerId) ?? []
        pending.delete(header.producerId)
        if (commit)
          for (const [group, topic, partition, value] of list) setOffset(this.getOrCreate(group).offsets, topic, partition, value)
      },
    })
    for (const [id, group] of this.#groups) if (group.offsets.size === 0 && group.generationId === 0) this.#groups.delete(id)
    for (const [producerId, list] of pending) {
      for (const [id, topic, partition, value] of list) this.#pend(this.getOrCreate(id), producerId, topic, partition, value)
    }
  }

  #restore(id: string, stored: StoredGroup | null): void {
    if (!stored) {
      const group = this.#groups.get(id)
      if (group && group.offsets.size > 0) Object.assign(group, { protocolType: null, generationId: 0 })
      else this.#groups.delete(id)
      return
    }
    const group = new Group(id)
    group.offsets = this.#groups.get(id)?.offsets ?? new Map()
    this.#groups.set(id, group)
    group.protocolType = stored.protocolType || null
    group.protocolName = stored.protocol
    group.generationId = stored.generation
    for (const member of stored.members) {
      const { memberId, groupInstanceId, clientId, clientHost } = member
      group.add({
        memberId,
        groupInstanceId,
        clientId,
        clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeout,
        sessionTimeoutMs: member.sessionTimeout,
        protocols: [{ name: stored.protocol ?? '', metadata: Buffer.from(member.subscription) }],
        assignment: Buffer.from(member.assignment),
        isNew: false,
      })
    }
    group.leaderId = stored.leader
    group.transition(group.members.size > 0 ? 'Stable' : 'Empty')
    if (stored.currentStateTimestamp >= 0) group.stateTimestamp = stored.currentStateTimestamp
  }

  /** Makes `__consumer_offsets` when it is not there yet. */
  ensureTopic(): void {
    this.#log.ensure()
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id)
  }

  getOrCreate(id: string): Group {
    let group = this.#groups.get(id)
    if (!group) this.#groups.set(id, (group = new Group(id)))
    return group
  }

  list(): Group[] {
    return [...this.#groups.values()]
  }

  /** Writes the group's members, generation and assignment. A full disk does not stop the group: it goes on in memory. */
  save(group: Group): void {
    try {
      this.#append([groupRecord(group)])
    } catch (error) {
      this.#report(`group ${group.id} could not be written: ${(error as Error).message}`)
    }
  }

  #append(records: NewRecord[], options: { producerId?: number; producerEpoch?: number; isTransactional?: boolean } = {}): void {
    this.#log.append(records, options)
    void this.#log.compact(() => this.#everything())
  }

  /** Undefined while there are offsets in open transactions: their batches must stay as they are. */
  #everything(): Iterable<NewRecord> | undefined {
    for (const group of this.#groups.values()) if (group.pendingOffsets.size > 0) return undefined
    return this.#records()
  }

  *#records(): Generator<NewRecord> {
    for (const group of this.#groups.values()) {
      if (group.protocolType !== null || group.generationId !== 0) yield groupRecord(group)
      for (const [topic, partition, value] of eachOffset(group.offsets)) yield offsetRecord(group.id, topic, partition, value)
    }
  }

  commit(group: Group, offsets: GroupOffsets): void {
    this.#append([...eachOffset(offsets)].map(([topic, partition, value]) => offsetRecord(group.id, topic, partition, value)))
    for (const [topic, partition, value] of eachOffset(offsets)) setOffset(group.offsets, topic, partition, value)
  }

  /** Offsets that count when the producer's transaction is committed. */
  commitInTransaction(group: Group, producerId: number, producerEpoch: number, offsets: GroupOffsets): void {
    const records = [...eachOffset(offsets)].map(([topic, partition, value]) => offsetRecord(group.id, topic, partition, value))
    this.#append(records, { producerId, producerEpoch, isTransactional: true })
    for (const [topic, partition, value] of eachOffset(offsets)) this.#pend(group, producerId, topic, partition, value)
  }

  #pend(group: Group, producerId: number, topic: string, partition: number, value: CommittedOffset): void {
    let pending = group.pendingOffsets.get(producerId)
    if (!pending) group.pendingOffsets.set(producerId, (pending = new Map()))
    setOffset(pending, topic, partition, value)
  }

  endTransaction(producerId: number, producerEpoch: number, commit: boolean): void {
    this.#log.appendBatch(buildMarker(producerId, producerEpoch, commit, Date.now()), commit)
    for (const group of this.#groups.values()) {
      const pending = group.pendingOffsets.get(producerId)
      if (!pending) continue
      group.pendingOffsets.delete(producerId)
      if (commit) for (const [topic, partition, value] of eachOffset(pending)) setOffset(group.offsets, topic, partition, value)
    }
  }

  deleteOffsets(group: Group, partitions: [topic: string, partition: number][]): void {
    this.#append(partitions.map(([topic, partition]) => offsetRecord(group.id, topic, partition, null)))
    for (const [topic, partition] of partitions) deleteOffset(group.offsets, topic, partition)
  }

  /** Forgets a group and all its offsets. */
  remove(group: Group): void {
    const offsets = [...eachOffset(group.offsets)].map(([topic, partition]) => offsetRecord(group.id, topic, partition, null))
    const stored = offsets.length > 0 || group.generationId > 0
    if (stored) this.#append([...offsets, groupRecord(group, { gone: true })])
    group.stop()
    group.transition('Dead')
    this.#groups.delete(group.id)
  }

  /** The offsets of partitions that no longer exist; and, as in Kafka, every group that has neither members nor offsets (any more). */
  forgetTopic(topic: string): void {
    for (const group of this.list()) {
      const partitions = [...(group.offsets.get(topic)?.keys() ?? [])]
      if (partitions.length > 0)
        this.deleteOffsets(
          group,
          partitions.map(partition => [topic, partition]),
        )
      if (group.isUnused) this.remove(group)
    }
  }
}
