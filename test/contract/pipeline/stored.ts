import { expect } from 'vitest'
import { listObjects, readObject } from '../../../lib/bucket.ts'
import { openConsumer } from '../../../lib/consumer/consumer.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce } from '../../../lib/producer.ts'
import { decodeQuote } from '../../../lib/quote.ts'
import { createTopic } from '../../../lib/topic.ts'
import type { OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

/** Every stored quote's number, in the order of the objects' names; each line is checked. */
export async function stored(lab: Lab): Promise<number[]> {
  const numbers: number[] = []
  for await (const { key } of listObjects(lab)) {
    const lines = (await readObject(lab, key)).split('\n')
    expect(lines.pop()).toBe('')
    numbers.push(...lines.map(line => decodeQuote(line).open))
  }
  return numbers
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
export const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b)

export async function keys(lab: Lab): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of listObjects(lab)) found.push(key)
  return found
}

/** Commits as another member of the group would. */
export async function commit(lab: Lab, offset: number, metadata: string): Promise<void> {
  const member = await openConsumer(lab, lab.config.topic, { group: lab.config.group, onRecords: async () => true })
  await member.commit([{ partition: 0, offset, metadata }])
  await member.close()
}

/** A lab of its own with a topic of `count` quotes. */
export async function filledTopic(open: OpenLab, count: number, partitions = 3): Promise<Lab> {
  const lab = open()
  await createTopic(lab, lab.config.topic, { partitions })
  await produce(lab, someQuotes(count))
  return lab
}
