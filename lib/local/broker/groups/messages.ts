import type { NewRecord } from '../records/records.ts'
import { Reader } from '../wire/reader.ts'
import { array, bytes, int16, int32, int64, nullableString, since, string, struct, within, type Value } from '../wire/schema.ts'
import { Writer } from '../wire/writer.ts'
import type { Group } from './group.ts'
import type { CommittedOffset } from './offsets.ts'

/** Records of `__consumer_offsets`, as Kafka writes them. Keys begin with a version: 0 and 1 an offset, 2 a group; values with their own. */
const offsetKey = struct({ version: int16, group: string, topic: string, partition: int32 })
const groupKey = struct({ version: int16, group: string })
const offsetValue = struct({
  offset: int64,
  leaderEpoch: since(3, int32, -1),
  metadata: string,
  commitTimestamp: int64,
  expireTimestamp: within(1, 1, int64, -1),
})
const groupValue = struct({
  protocolType: string,
  generation: int32,
  protocol: nullableString,
  leader: nullableString,
  currentStateTimestamp: since(2, int64, -1),
  members: array(
    struct({
      memberId: string,
      groupInstanceId: since(3, nullableString, null),
      clientId: string,
      clientHost: string,
      rebalanceTimeout: since(1, int32, 0),
      sessionTimeout: int32,
      subscription: bytes,
      assignment: bytes,
    }),
  ),
})

export type StoredGroup = Value<typeof groupValue>

/** A committed offset; null is a tombstone. */
export function offsetRecord(group: string, topic: string, partition: number, committed: CommittedOffset | null): NewRecord {
  const key = new Writer()
  offsetKey.write(key, { version: 1, group, topic, partition }, 0)
  if (!committed) return { key: key.toBuffer(), value: null }
  const version = committed.expireTimestamp === undefined ? 3 : 1
  const value = new Writer()
  value.int16(version)
  offsetValue.write(value, { ...committed, expireTimestamp: committed.expireTimestamp ?? -1 }, version)
  return { key: key.toBuffer(), value: value.toBuffer() }
}

/** A group with its members and their assignments; `gone` is a tombstone. */
export function groupRecord(group: Group, { gone = false }: { gone?: boolean } = {}): NewRecord {
  const key = new Writer()
  groupKey.write(key, { version: 2, group: group.id }, 0)
  if (gone) return { key: key.toBuffer(), value: null }
  const value = new Writer()
  value.int16(3)
  const stored: StoredGroup = {
    protocolType: group.protocolType ?? '',
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestamp,
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: group.metadataOf(member),
      assignment: member.assignment,
    })),
  }
  groupValue.write(value, stored, 3)
  return { key: key.toBuffer(), value: value.toBuffer() }
}

export type GroupMessage =
  | { type: 'offset'; group: string; topic: string; partition: number; committed: CommittedOffset | null }
  | { type: 'group'; group: string; stored: StoredGroup | null }

/** Undefined for a record this broker does not know. */
export function parseMessage(key: Buffer, value: Buffer | null): GroupMessage | undefined {
  const version = key.readInt16BE(0)
  if (version === 0 || version === 1) {
    const { group, topic, partition } = offsetKey.read(new Reader(key), 0)
    return { type: 'offset', group, topic, partition, committed: value && parseOffset(value) }
  }
  if (version !== 2) return undefined
  const { group } = groupKey.read(new Reader(key), 0)
  const reader = value && new Reader(value)
  return { type: 'group', group, stored: reader && groupValue.read(reader, reader.int16()) }
}

function parseOffset(value: Buffer): CommittedOffset {
  const reader = new Reader(value)
  const { expireTimestamp, ...committed } = offsetValue.read(reader, reader.int16())
  return expireTimestamp >= 0 ? { ...committed, expireTimestamp } : committed
}
