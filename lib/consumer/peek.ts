import { LabError } from '../errors.ts'
import { withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { waitFor } from '../wait.ts'
import { openConsumer, topicOffsets, type KafkaRecord } from './consumer.ts'

export interface PeekOptions {
  /** Only this partition. */
  partition?: number
  /** First offset to show; negative counts from the end. Default 0. */
  offset?: number
  /** At most so many records; default 10. */
  take?: number
}

/** Looks at records without being seen: a group of its own that commits nothing and is deleted again. Ordered by partition and offset. */
export async function peek(lab: Lab, topic: string, options: PeekOptions = {}): Promise<KafkaRecord[]> {
  const { partition: only, offset = 0, take = 10 } = options
  const ends = await topicOffsets(lab, topic)
  if (only !== undefined && !ends.some(({ partition }) => partition === only)) {
    throw new LabError(
      'UNKNOWN_PARTITION',
      `topic ${topic}: there is no partition ${only}. It has ${ends.length}, numbered from 0.`,
    )
  }
  const wanted = new Map<number, { from: number; end: number }>()
  for (const { partition, start, end } of ends) {
    const from = Math.max(start, offset < 0 ? end + offset : offset)
    if ((only === undefined || only === partition) && from < end) wanted.set(partition, { from, end: Math.min(end, from + take) })
  }
  if (wanted.size === 0) return []
  // With ACLs the lab's user may use groups called lesson-… only.
  const group = `lesson-peek-${crypto.randomUUID()}`
  const found = new Map<string, KafkaRecord>()
  const open = new Set(wanted.keys())
  const consumer = await openConsumer(lab, topic, {
    group,
    async onRecords(partition, records) {
      const range = wanted.get(partition)
      if (!range || !open.has(partition)) return true
      for (const record of records)
        if (record.offset >= range.from && record.offset < range.end) found.set(`${partition}/${record.offset}`, record)
      if ((records.at(-1)?.offset ?? -1) + 1 >= range.end) open.delete(partition)
      return true
    },
  })
  try {
    for (const [partition, { from }] of wanted) consumer.seek(partition, from)
    await waitFor(
      `records of topic ${topic}`,
      () => {
        consumer.throwIfFailed()
        for (const partition of open)
          if ((consumer.position(partition) ?? 0) >= wanted.get(partition)!.end) open.delete(partition)
        return open.size === 0
      },
      { maxIntervalMs: 50 },
    )
  } finally {
    await consumer.close()
    await withAdmin(lab, `group ${group}`, admin => admin.deleteGroups([group])).catch(() => undefined)
  }
  return [...found.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset).slice(0, take)
}
