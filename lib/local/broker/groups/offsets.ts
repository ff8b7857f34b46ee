/** A committed offset; times in ms. */
export interface CommittedOffset {
  offset: number
  leaderEpoch: number
  metadata: string
  commitTimestamp: number
  /** Given by OffsetCommit 2-4 with a retention time; else undefined and `offsets.retention.minutes` counts. */
  expireTimestamp?: number | undefined
}

/** By topic and partition. */
export type GroupOffsets = Map<string, Map<number, CommittedOffset>>
export type PendingOffsets = Map<number, GroupOffsets>

export function setOffset(offsets: GroupOffsets, topic: string, partition: number, value: CommittedOffset): void {
  let partitions = offsets.get(topic)
  if (!partitions) offsets.set(topic, (partitions = new Map()))
  partitions.set(partition, value)
}

export function deleteOffset(offsets: GroupOffsets, topic: string, partition: number): void {
  const partitions = offsets.get(topic)
  partitions?.delete(partition)
  if (partitions?.size === 0) offsets.delete(topic)
}

export function* eachOffset(offsets: GroupOffsets): Generator<[topic: string, partition: number, value: CommittedOffset]> {
  for (const [topic, partitions] of offsets) for (const [partition, value] of partitions) yield [topic, partition, value]
}
