import { describe, expect, it } from 'vitest'
import { readObject } from '../../../lib/bucket.ts'
import { committedOffsets } from '../../../lib/consumer/consumer.ts'
import { peek } from '../../../lib/consumer/peek.ts'
import { kafkaClient } from '../../../lib/kafka.ts'
import { produce, produceRaw } from '../../../lib/producer.ts'
import { decodeQuote, encodeQuote } from '../../../lib/quote.ts'
import { sink } from '../../../lib/sink/sink.ts'
import { createTopic } from '../../../lib/topic.ts'
import type { OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

import { filledTopic, keys, sorted, stored, upTo } from './stored.ts'
/** What the sink promises, on any Kafka and any S3. */
export function sinkSuite(open: OpenLab): void {
  const filled = (count: number, partitions?: number) => filledTopic(open, count, partitions)

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

    it('ends when only one partition has news', async () => {
      const lab = await filled(100)
      await sink(lab)
      await produce(
        lab,
        [...someQuotes(50, 100)].filter(({ symbol }) => symbol === 'NYA'),
      )
      expect(await sink(lab)).toMatchObject({ records: 10, ended: 'caught up' })
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
        { key: 'x', value: 'nonsense', headers: { trace: '7', hop: ['a', 'b'] } },
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
      expect(dead[0].headerBytes.hop).toEqual([Buffer.from('a'), Buffer.from('b')])
      expect(dead[1].headers.error).toContain('null')
      expect(dead[2].headers.error).toContain('trade_date')
    })

    it('takes a burst of bad events, small and large', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produceRaw(
        lab,
        Array.from({ length: 12_000 }, (_, at) => ({ value: `bad event ${at}, ${'x'.repeat(60)}` })),
      )
      await produceRaw(lab, [{ key: Buffer.from([0, 0, 0xff, 0xfe]), value: 'x'.repeat(900_000) }])
      await produce(lab, someQuotes(3))
      expect(await sink(lab)).toMatchObject({ records: 3, deadLetters: 12_001, ended: 'caught up' })
      const [large] = await peek(lab, `${lab.config.topic}.dlq`, { offset: -1 }).then(all =>
        all.filter(({ headers }) => headers.offset === '12000'),
      )
      expect(large).toMatchObject({ keyBytes: Buffer.from([0, 0, 0xff, 0xfe]) })
      expect(large.value).toHaveLength(900_000)
    })

    it('takes a record whose time no calendar has for a bad one', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      const producer = (await kafkaClient(lab)).producer()
      await producer.connect()
      const [quote] = someQuotes(1)
      await producer.send({
        topic: lab.config.topic,
        messages: [{ value: encodeQuote(quote), timestamp: '1767322645678000000' }],
      })
      await producer.disconnect()
      await produce(lab, someQuotes(2, 1))
      expect(await sink(lab)).toMatchObject({ records: 2, deadLetters: 1 })
    })

    it('is behind commit markers and aborted records too, for two sinks of a group', async () => {
      const lab = open()
      const { topic } = lab.config
      await createTopic(lab, topic, { partitions: 2 })
      const producer = (await kafkaClient(lab)).producer({
        transactionalId: `${topic}-tx`,
        maxInFlightRequests: 1,
        idempotent: true,
      })
      await producer.connect()
      for (const [first, end] of [
        [0, 'commit'],
        [40, 'abort'],
      ] as const) {
        const transaction = await producer.transaction()
        const messages = [...someQuotes(40, first)].map((quote, at) => ({ partition: at % 2, value: encodeQuote(quote) }))
        await transaction.send({ topic, messages })
        await transaction[end]()
      }
      await producer.disconnect()
      const reports = await Promise.all([sink(lab), sink(lab)])
      expect(reports.map(({ ended }) => ended)).toEqual(['caught up', 'caught up'])
      expect(sorted(await stored(lab))).toEqual(upTo(40))
      expect(await sink(lab)).toMatchObject({ records: 0, alreadyStored: 0 })
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
