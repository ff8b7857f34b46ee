import type { Properties } from '../properties.ts'
import type { Group } from './group.ts'
import { eachOffset, type CommittedOffset } from './offsets.ts'
import type { GroupStore } from './store.ts'

/** Removes committed offsets that nobody has used for `offsets.retention.minutes`, and groups that are left with none. A group with members keeps
 *  its offsets; an empty one keeps them that long after its last member left; one without members ever, after each commit. */
export function expireOffsets(store: GroupStore, properties: Properties, now: number): void {
  const retentionMs = properties.number('offsets.retention.minutes') * 60_000
  for (const group of store.list()) {
    const expired = [...eachOffset(group.offsets)].filter(([, , value]) => isExpired(group, value, retentionMs, now))
    if (expired.length > 0)
      store.deleteOffsets(
        group,
        expired.map(([topic, partition]) => [topic, partition]),
      )
    if (group.isUnused) store.remove(group)
  }
}

function isExpired(group: Group, value: CommittedOffset, retentionMs: number, now: number): boolean {
  if (value.expireTimestamp !== undefined) return now >= value.expireTimestamp && group.state === 'Empty'
  if (group.state !== 'Empty') return false
  const since = group.protocolType === null ? value.commitTimestamp : Math.max(group.stateTimestamp, value.commitTimestamp)
  return now - since >= retentionMs
}
