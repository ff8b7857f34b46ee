import { describe, expect, it } from 'vitest'
import { deleteObjects, listObjects, parseObjectKey, readObject } from '../../../lib/bucket.ts'
import { committedOffsets, openConsumer } from '../../../lib/consumer/consumer.ts'
import { peek } from '../../../lib/consumer/peek.ts'
import { resetGroup } from '../../../lib/group.ts'
import { withAdmin } from '../../../lib/kafka.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce, produceRaw } from '../../../lib/producer.ts'
import { decodeQuote } from '../../../lib/quote.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic, deleteTopic, describeTopic } from '../../../lib/topic.ts'
import type { OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

/** Every stored quote's number, in the order of the objects' names; each line is checked. */
async function stored(lab: Lab): Promise<number[]> {
  const numbers: number[] = []
  for await (const { key } of listObjects(lab)) {
    const lines = (await readObject(lab, key)).split('\n')
    expect(lines.pop()).toBe('')
    numbers.push(...lines.map(line => decodeQuote(line).open))
  }
  return numbers
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b)

async function keys(lab: Lab): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of listObjects(lab)) found.push(key)
  return found
}

/** Commits as another member of the group would. */
async function commit(lab: Lab, offset: number, metadata: string): Promise<void> {
  const member = await openConsumer(lab, lab.config.topic, { group: lab.config.group, onRecords: async () => {} })
  await member.commit([{ partition: 0, offset, metadata }])
  await member.close()
}

/** What the sink promises, on any Kafka and any S3. */
export function sinkSuite(open: OpenLab): void {
  async function filled(count: number, partitions = 3): Promise<Lab> {
    const lab = open()
    await createTopic(lab, lab.config.topic, { partitions })
    await produce(lab, someQuotes(count))
    return lab
  }

  describe('sink', () => {
    it('stores every record once, names the objects by topic, partition and first offset, and goes on where it ended', async () => {
      const lab = await filled(250)
      const report = await sink(lab, { maxRecords: 40 })
      expect(report).toMatchObject({ records: 250, alreadyStored: 0, deadLetters: 0, lost: [], ended: 'caught up' })
      expect(sorted(await stored(lab))).toEqual(upTo(250))
      const names = await keys(lab)
      expect(report.objects).toBe(names.length)
      for (const name of names) {
        expect(name).toMatch(
          new RegExp(`^${lab.config.prefix}dt=\\d{4}-\\d\\d-\\d\\d/${lab.config.topic}\\+\\d\\+\\d{20}\\.json\\.gz$`),
        )
      }
      expect(await sink(lab)).toMatchObject({ records: 0, objects: 0, ended: 'caught up' })
      await produce(lab, someQuotes(50, 250))
      expect(await sink(lab)).toMatchObject({ records: 50, alreadyStored: 0 })
      expect(sorted(await stored(lab))).toEqual(upTo(300))
    })

    it("commits the object's name with the offset", async () => {
      const lab = await filled(30, 1)
      await sink(lab, { maxRecords: 10 })
      const [last] = (await keys(lab)).slice(-1)
      expect(await committedOffsets(lab, lab.config.group, lab.config.topic)).toEqual([
        { partition: 0, offset: 30, metadata: last },
      ])
    })

    it('sends bad events to the dead-letter topic with the reason and the place, and stores the rest', async () => {
      const lab = await filled(5, 1)
      await produceRaw(lab, [
        { key: 'x', value: 'nonsense', headers: { trace: '7' } },
        { value: null },
        { value: '{"symbol":"NYA"}' },
      ])
      await produce(lab, someQuotes(5, 5))
      expect(await sink(lab)).toMatchObject({ records: 10, deadLetters: 3 })
      expect(await stored(lab)).toEqual(upTo(10))
      const dead = (await peek(lab, `${lab.config.topic}.dlq`)).sort(
        (a, b) => Number(a.headers.offset) - Number(b.headers.offset),
      )
      expect(dead.map(({ value }) => value?.toString() ?? null)).toEqual(['nonsense', null, '{"symbol":"NYA"}'])
      expect(dead[0]).toMatchObject({
        key: 'x',
        headers: { trace: '7', error: expect.stringContaining('not JSON'), topic: lab.config.topic, partition: '0', offset: '5' },
      })
      expect(dead[1].headers.error).toContain('null')
      expect(dead[2].headers.error).toContain('trade_date')
    })

    it('ends after a number of records, and commits just those', async () => {
      const lab = await filled(100, 1)
      expect(await sink(lab, { take: 30 })).toMatchObject({ records: 30, ended: 'records' })
      expect(await sink(lab)).toMatchObject({ records: 70, alreadyStored: 0 })
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('ends by a signal and stores what waits', async () => {
      const lab = await filled(20, 1)
      const controller = new AbortController()
      const running = sink(lab, {
        timeMs: 60_000,
        maxRecords: 20,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      })
      expect(await running).toMatchObject({ records: 20, ended: 'signal' })
      expect((await committedOffsets(lab, lab.config.group, lab.config.topic))[0].offset).toBe(20)
    })

    it('ends at once when the topic is empty, and says so when there is none', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic)
      expect(await sink(lab)).toMatchObject({ records: 0, ended: 'caught up' })
      await expect(sink(open())).rejects.toMatchObject({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: expect.stringContaining('there is no such topic'),
      })
    })

    it('says when S3 refuses the name of the bucket', async () => {
      const lab = open({ bucket: 'No_Such_Name' })
      await createTopic(lab, lab.config.topic)
      await expect(sink(lab)).rejects.toMatchObject({
        code: 'InvalidBucketName',
        message: expect.stringContaining('No_Such_Name'),
      })
    })
  })

  describe('the chain of objects', () => {
    it('follows another writer with other batch sizes, whatever was committed', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { maxRecords: 7, take: 63 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab, { maxRecords: 1000 })).toMatchObject({ records: 37 })
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('follows it from a boundary between two objects, without a look at the bucket', async () => {
      const lab = await filled(60, 1)
      await sink(lab, { maxRecords: 10 })
      const [, second] = await keys(lab)
      await commit(lab, 20, second)
      expect(await sink(lab, { maxRecords: 25 })).toMatchObject({ records: 0 })
      expect(await stored(lab)).toEqual(upTo(60))
    })

    it('stores nothing twice when offsets are reset into the middle of an object', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { maxRecords: 40 })
      for (const offset of [17, 40, 99]) {
        await resetGroup(lab, lab.config.group, lab.config.topic, offset)
        expect(await sink(lab, { maxRecords: 9 })).toMatchObject({ records: 0 })
      }
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('fills a hole that was skipped without running into the object behind it', async () => {
      const lab = await filled(100, 1)
      await sink(lab, { take: 20 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 50)
      expect(await sink(lab)).toMatchObject({ records: 50 })
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab)).toMatchObject({ records: 30 })
      expect(await stored(lab)).toEqual(upTo(100))
    })

    it('looks past bad records at either end of an object', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produceRaw(lab, [{ value: 'bad' }])
      await produce(lab, someQuotes(10))
      await produceRaw(lab, [{ value: 'bad' }, { value: 'bad' }])
      await produce(lab, someQuotes(10, 10))
      await sink(lab, { maxRecords: 10 })
      expect((await keys(lab)).map(key => parseObjectKey(key)?.offset)).toEqual([1, 13])
      await resetGroup(lab, lab.config.group, lab.config.topic, 'earliest')
      expect(await sink(lab, { maxRecords: 3 })).toMatchObject({ records: 0 })
      expect(await stored(lab)).toEqual(upTo(20))
    })

    it('refuses the objects of a topic that was made anew, and changes nothing', async () => {
      const lab = await filled(50, 1)
      await sink(lab, { maxRecords: 10 })
      const before = await keys(lab)
      await deleteTopic(lab, lab.config.topic)
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produce(lab, someQuotes(80, 1000))
      await expect(sink(lab, { group: `${lab.config.group}-2` })).rejects.toMatchObject({
        code: 'TOPIC_REPLACED',
        message: expect.stringContaining(`Empty s3://${lab.config.bucket}/${lab.config.prefix}`),
      })
      expect(await keys(lab)).toEqual(before)
      await deleteObjects(lab, { prefix: lab.config.prefix })
      expect(await sink(lab, { group: `${lab.config.group}-3` })).toMatchObject({ records: 80 })
    })

    it('refuses offsets beyond the end of a topic that was made anew', async () => {
      const lab = await filled(50, 1)
      // Not by a member of our own: kafkajs replaces an offset it cannot fetch, as soon as it has tried.
      const partitions = [{ partition: 0, offset: '500' }]
      await withAdmin(lab, 'group', admin => admin.setOffsets({ groupId: lab.config.group, topic: lab.config.topic, partitions }))
      await expect(sink(lab)).rejects.toMatchObject({
        code: 'TOPIC_REPLACED',
        message: expect.stringContaining('has committed offset 500'),
      })
    })

    it('tells which records retention took before anyone read them', async () => {
      const lab = await filled(50, 1)
      await sink(lab, { take: 10 })
      await withAdmin(lab, 'topic', async admin => {
        await admin.fetchTopicOffsets(lab.config.topic) // kafkajs deletes only of topics whose leaders it knows
        await admin.deleteTopicRecords({ topic: lab.config.topic, partitions: [{ partition: 0, offset: '25' }] })
      })
      expect(await sink(lab)).toMatchObject({ records: 25, lost: [{ partition: 0, start: 10, end: 25 }] })
      expect((await stored(lab)).length).toBe(35)
    })

    it('shares the work between two sinks of a group', async () => {
      const lab = await filled(3000)
      const reports = await Promise.all([sink(lab, { maxRecords: 100 }), sink(lab, { maxRecords: 170 })])
      expect(reports.map(({ ended }) => ended)).toEqual(['caught up', 'caught up'])
      expect(sorted(await stored(lab))).toEqual(upTo(3000))
      expect((await describeTopic(lab, lab.config.topic)).records).toBe(3000)
    })
  })

  describe("the tutorial's way", () => {
    it('writes one object for each record, and a second run overwrites the first', async () => {
      const lab = await filled(12, 1)
      expect(await sink(lab, { perRecord: true, take: 7 })).toMatchObject({ records: 7, objects: 7 })
      expect(await keys(lab)).toContain(`${lab.config.prefix}stock_market_6.json`)
      await sink(lab, { perRecord: true })
      expect(await keys(lab)).toHaveLength(7)
      expect(decodeQuote(await readObject(lab, `${lab.config.prefix}stock_market_0.json`)).open).toBe(7)
    })
  })
}
