import { openConsumer, type KafkaRecord } from '../consumer/consumer.ts'
import { openReader, type PartitionReader, type RawRecord } from '../consumer/reader.ts'
import { LabError } from '../errors.ts'
import { kafkaClient, kafkaError, topicMetadata, withAdmin } from '../kafka.ts'
import type { Lab } from '../lab.ts'
import { topicOffsetsAt, type OffsetPoint } from '../offsets.ts'
import { sleep, waitFor } from '../wait.ts'

export interface FollowOptions {
  /** Where to begin; default behind the last record. Below 0 as offset: so many before the end. */
  from?: Exclude<OffsetPoint, { at: 'current' | 'shift' }> | { at: 'last'; count: number }
  /** Only this partition. */
  partition?: number
  /** End after so many records. */
  maxRecords?: number
  /** End when nothing came for so many milliseconds. */
  idleMs?: number
  /** End at what was there at the start. */
  untilEnd?: boolean
  signal: AbortSignal
}

type Each = (records: RawRecord[]) => Promise<void>

const patience = 20

/** Reads a topic without a group and hands records over as they come, until an end is reached or the signal comes; answers how many. */
export async function follow(lab: Lab, topic: string, options: FollowOptions, each: Each): Promise<number> {
  const { maxRecords = Infinity, idleMs = Infinity, untilEnd = false, signal } = options
  await withAdmin(lab, `topic ${topic}`, admin => topicMetadata(admin, topic))
  const ends = await topicOffsetsAt(lab, topic, { at: 'latest' }, options.partition)
  let from = await startOf(lab, topic, options, ends)
  const targets = new Map(ends.map(({ partition, offset }) => [partition, offset]))
  const reader = await openReader(await kafkaClient(lab), topic)
  let count = 0
  let last = performance.now()
  try {
    while (!signal.aborted && count < maxRecords && performance.now() - last < idleMs) {
      const open = untilEnd ? new Map([...from].filter(([partition, at]) => at < targets.get(partition)!)) : from
      if (open.size === 0) break
      const { records, next, end } = await readOn(reader, open, topic, Math.min(500, idleMs))
      const wanted = untilEnd ? records.filter(({ partition, offset }) => offset < targets.get(partition)!) : records
      const taken = wanted.slice(0, maxRecords - count)
      await each(taken)
      count += taken.length
      if (records.length > 0) last = performance.now()
      // Behind an open transaction nothing can be read: what was there at the start ends before it.
      if (untilEnd) for (const [partition, at] of end) if (at < targets.get(partition)!) targets.set(partition, at)
      from = new Map([...from, ...next])
    }
  } finally {
    await reader.close()
  }
  return count
}

async function startOf(
  lab: Lab,
  topic: string,
  { from = { at: 'latest' }, partition }: FollowOptions,
  ends: { partition: number; offset: number }[],
): Promise<Map<number, number>> {
  if (from.at === 'latest') return new Map(ends.map(one => [one.partition, one.offset]))
  const starts = await topicOffsetsAt(lab, topic, from.at === 'last' ? { at: 'earliest' } : from, partition)
  if (from.at === 'last') {
    const end = new Map(ends.map(one => [one.partition, one.offset]))
    return new Map(starts.map(one => [one.partition, Math.max(one.offset, end.get(one.partition)! - from.count)]))
  }
  if (from.at === 'offset' && starts.every(({ offset }) => offset !== from.offset)) {
    const first = await topicOffsetsAt(lab, topic, { at: 'earliest' }, partition)
    const ranges = first.map((one, at) => `${one.partition}: ${one.offset} to ${ends[at]!.offset}`)
    throw new LabError(
      'OFFSET_OUT_OF_RANGE',
      `topic ${topic}: there is no offset ${from.offset}. The partitions hold ${ranges.join(', ')}.`,
    )
  }
  return new Map(starts.map(one => [one.partition, one.offset]))
}

/** A broker that restarts or hands its partitions over is asked again for a while. */
async function readOn(
  reader: PartitionReader,
  from: Map<number, number>,
  topic: string,
  waitMs: number,
): ReturnType<PartitionReader['read']> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await reader.read(from, waitMs)
    } catch (error) {
      const failed = kafkaError(`topic ${topic}`, error)
      const isPassing = (error as { retriable?: boolean }).retriable !== false && failed.code !== 'OFFSET_OUT_OF_RANGE'
      if (!isPassing || attempt >= patience) throw failed
      await sleep(Math.min(100 * attempt, 1000))
    }
  }
}

export interface JoinOptions {
  group: string
  fromBeginning: boolean
  maxRecords?: number
  idleMs?: number
  signal: AbortSignal
}

/** Reads a topic as a member of a group, and commits every second what was handed over; answers how many. */
export async function join(lab: Lab, topic: string, options: JoinOptions, each: Each): Promise<number> {
  const { group, fromBeginning, maxRecords = Infinity, idleMs = Infinity, signal } = options
  const handled = new Map<number, number>()
  let count = 0
  let last = performance.now()
  const consumer = await openConsumer(lab, topic, {
    group,
    fromBeginning,
    onAssign: () => handled.clear(),
    async onRecords(partition, batch) {
      const fresh = batch.filter(({ offset }) => offset >= (handled.get(partition) ?? 0))
      const taken = signal.aborted ? [] : fresh.slice(0, maxRecords - count)
      count += taken.length
      if (taken.length > 0) last = performance.now()
      await each(taken.map(asRaw))
      if (taken.length > 0) handled.set(partition, taken.at(-1)!.offset + 1)
      return taken.length === fresh.length
    },
  })
  let committed = performance.now()
  const commit = async (): Promise<void> => {
    const done = [...handled].filter(([partition]) => consumer.assigned().includes(partition))
    if (done.length > 0) await consumer.commit(done.map(([partition, offset]) => ({ partition, offset, metadata: '' })))
    committed = performance.now()
  }
  try {
    await waitFor(
      `end of topic ${topic}`,
      async () => {
        consumer.throwIfFailed()
        if (performance.now() - committed > 1000) await commit()
        return signal.aborted || count >= maxRecords || performance.now() - last >= idleMs
      },
      { timeoutMs: Infinity, intervalMs: 20, maxIntervalMs: 100 },
    )
    await commit()
  } finally {
    await consumer.close()
  }
  return count
}

const asRaw = ({ partition, offset, timestamp, keyBytes, value, headerBytes }: KafkaRecord): RawRecord => ({
  partition,
  offset,
  timestamp,
  key: keyBytes,
  value,
  headers: headerBytes,
})
