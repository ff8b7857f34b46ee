import { errorMessage } from '../../lib/errors.ts'
import { openReader, type RawRecord } from '../../lib/consumer/reader.ts'
import { decodeQuote } from '../../lib/quote.ts'
import { count, type Finding, fine, isDenied, skipped, some, wrong } from './finding.ts'
import { describeMixed, fieldTypes, mixedFields } from './json.ts'
import type { TopicView } from './kafka.ts'

/** Records looked at in each partition: the newest, and a few of the oldest. */
const newest = 200
const oldest = 50

/** Fewer records than this may well lie in one partition by chance. */
const enoughToJudgeKeys = 30

/** Looks at a sample of the topic's records as the sink and a crawler will see them: shape, types, keys, dead letters. */
export async function lookAtRecords(view: TopicView): Promise<Finding[]> {
  const { topic, offsets } = view
  const total = offsets.reduce((sum, { start, end }) => sum + end - start, 0)
  if (total === 0) return [fine(`topic ${topic} has no records yet`), ...(await lookAtDeadLetters(view))]
  const sample = await sampleOf(view)
  const broken = lookAtShape(topic, sample)
  return [
    ...(broken.length ? broken : [fine(`${sample.length} of ${total} records of ${topic} looked at: all are quotes`)]),
    ...lookAtKeys(view, total, sample),
    ...(await lookAtDeadLetters(view)),
  ]
}

async function sampleOf({ kafka, topic, offsets }: TopicView): Promise<RawRecord[]> {
  const found = new Map<string, RawRecord>()
  const reader = await openReader(kafka, topic)
  try {
    for (const range of [
      offsets.map(({ partition, start, end }) => ({ partition, start, end: Math.min(end, start + oldest) })),
      offsets.map(({ partition, start, end }) => ({ partition, start: Math.max(start, end - newest), end })),
    ]) {
      const ends = new Map(range.map(({ partition, end }) => [partition, end]))
      let from = new Map(range.filter(({ start, end }) => start < end).map(({ partition, start }) => [partition, start]))
      while (from.size > 0) {
        const { records, next, end } = await reader.read(from, 250)
        for (const record of records)
          if (record.offset < ends.get(record.partition)!) found.set(`${record.partition}/${record.offset}`, record)
        const until = (partition: number): number => Math.min(ends.get(partition)!, end.get(partition) ?? 0)
        // What does not move on is behind an open transaction, or was compacted away.
        from = new Map([...next].filter(([partition, at]) => at < until(partition) && at > from.get(partition)!))
      }
    }
  } finally {
    await reader.close()
  }
  return [...found.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

interface Defect {
  place: string
  words: string
  cause: string
}

/** What the sink would not take, and numbers that a crawler will take for two types. */
function lookAtShape(topic: string, sample: RawRecord[]): Finding[] {
  const defects = sample.flatMap(record => defectOf(record))
  const fix = 'mend the producer; the sink puts such records into the dead-letter topic and goes on, other consumers may not'
  if (defects.length) {
    const byCause = Map.groupBy(defects, ({ cause }) => cause)
    return [...byCause].map(([cause, [{ place, words }, ...more]]) =>
      wrong(`topic ${topic}: ${count(more.length + 1, 'record')} of ${sample.length} looked at: ${place}: ${words}`, cause, fix),
    )
  }
  const mixed = mixedFields(
    sample.map(({ partition, offset, value }) => ({
      place: `${partition}/${offset}`,
      types: fieldTypes(value!.toString('utf8')),
    })),
  )
  if (mixed.length === 0) return []
  return [
    wrong(
      `topic ${topic}: ${some(mixed.map(describeMixed), 2)}`,
      'numbers are written without their point where they are whole (JSON.stringify(0) gives 0): a crawler makes int of one file and double of the next, and Athena ends with HIVE_BAD_DATA',
      'write doubles with a point always (0.0), as npx tickerlake produce does',
    ),
  ]
}

function defectOf({ partition, offset, value }: RawRecord): Defect[] {
  const place = `${partition}/${offset}`
  const defect = (words: string, cause: string): Defect[] => [{ place, words, cause }]
  const text = value?.toString('utf8') ?? ''
  if (value === null)
    return defect('the value is null', 'a tombstone: it says "deleted" to compacted topics, and means nothing here')
  const parsed = parse(text)
  if (typeof parsed === 'string')
    return defect(
      `a JSON text, ${text.slice(0, 60)}`,
      'encoded twice: the producer made JSON and its serializer made JSON of that text again. Send the object',
    )
  if (Array.isArray(parsed))
    return defect(`a JSON array, ${text.slice(0, 60)}`, 'several events in one record: send each as a record of its own')
  try {
    decodeQuote(value)
    return []
  } catch (error) {
    return defect(
      errorMessage(error),
      parsed === undefined
        ? 'not JSON: a test message, or another serializer (Avro, a Python dict as text)'
        : 'JSON, but not a quote: a test message, another kind of event, or a field of another type',
    )
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Order is kept inside of a partition only, and a key decides which one it is. */
function lookAtKeys({ topic, offsets }: TopicView, total: number, sample: RawRecord[]): Finding[] {
  if (total < enoughToJudgeKeys) return []
  const keys = new Set(sample.map(({ key }) => key?.toString('latin1')))
  const used = offsets.filter(({ start, end }) => end > start)
  if (keys.size === 1 && keys.has(undefined)) {
    return [
      wrong(
        `topic ${topic}: none of ${sample.length} records looked at has a key${used.length === 1 && offsets.length > 1 ? `, and all ${total} lie in partition ${used[0]!.partition} of ${offsets.length}` : ''}`,
        "without a key records go anywhere: a symbol's quotes lose their order",
        'send the symbol as key',
      ),
    ]
  }
  if (offsets.length > 1 && used.length === 1) {
    return [
      wrong(
        `topic ${topic}: all ${total} records lie in partition ${used[0]!.partition} of ${offsets.length}`,
        keys.size === 1
          ? 'all have the same key, so one consumer does all the work'
          : 'the producer names the partition, or the keys it uses all fall there',
        'use a key with many values, such as the symbol',
      ),
    ]
  }
  return [fine(`${count(keys.size, 'key')} in the sample, ${used.length} of ${offsets.length} partitions used`)]
}

async function lookAtDeadLetters({ kafka, admin, topic }: TopicView): Promise<Finding[]> {
  const name = `${topic}.dlq`
  try {
    if (!(await admin.listTopics()).includes(name)) return []
    const ends = await admin.fetchTopicOffsets(name)
    const letters = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    if (letters === 0) return [fine(`topic ${name} is empty`)]
    const reader = await openReader(kafka, name)
    const from = new Map(ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, Number(high) - 1]))
    const { records } = await reader.read(from, 500).finally(() => reader.close())
    const last = records.sort((a, b) => a.timestamp - b.timestamp).at(-1)
    const header = (key: string): string => String([last?.headers[key]].flat()[0] ?? '?')
    return [
      wrong(
        `topic ${name} has ${count(letters, 'record')}, the last from ${header('topic')} ${header('partition')}/${header('offset')}`,
        `the sink could not take ${letters === 1 ? 'it' : 'them'}: ${header('error')}`,
        `look: npx tickerlake peek ${name} --json; mend the producer; then npx tickerlake topics delete ${name}`,
      ),
    ]
  } catch (error) {
    if (isDenied(error)) return [skipped(`topic ${name}: this user may not look there`)]
    throw error
  }
}
