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

/** Offsets wanted of a partition; `end` is exclusive. */
interface Range {
  from: number
  end: number
}

/** Looks at records without being seen: a group of its own that commits nothing and is deleted again. Ordered by partition and offset. */
export async function peek(lab: Lab, topic: string, options: PeekOptions = {}): Promise<KafkaRecord[]> {
  const wanted = wantedRanges(topic, await topicOffsets(lab, topic), options)
  if (wanted.size === 0) return []
  const records = await readRanges(lab, topic, wanted)
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset).slice(0, options.take ?? defaultTake)
}

const defaultTake = 10

function wantedRanges(
  topic: string,
  offsets: { partition: number; start: number; end: number }[],
  { partition: only, offset = 0, take = defaultTake }: PeekOptions,
): Map<number, Range> {
  if (only !== undefined && !offsets.some(({ partition }) => partition === only)) {
    throw new LabError(
      'UNKNOWN_PARTITION',
      `topic ${topic}: there is no partition ${only}. It has ${offsets.length}, numbered from 0.`,
    )
  }
  const wanted = new Map<number, Range>()
  for (const { partition, start, end } of offsets) {
    const from = Math.max(start, offset < 0 ? end + offset : offset)
    if ((only === undefined || only === partition) && from < end) wanted.set(partition, { from, end: Math.min(end, from + take) })
  }
  return wanted
}

async function readRanges(lab: Lab, topic: string, wanted: Map<number, Range>): Promise<KafkaRecord[]> {
  const group = `peek-${crypto.randomUUID()}`
  // A partition may be handed over again after a rebalance.
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
  return [...found.values()]
}
