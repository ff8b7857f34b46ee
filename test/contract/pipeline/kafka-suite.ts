import { createRequire } from 'node:module'
import { zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { describe, expect, it } from 'vitest'
import { consume } from '../../../lib/consumer/consume.ts'
import type { KafkaRecord } from '../../../lib/consumer/consumer.ts'
import { peek } from '../../../lib/consumer/peek.ts'
import { deleteGroup, describeGroup, listGroups, resetGroup } from '../../../lib/group.ts'
import { kafkaClient } from '../../../lib/kafka.ts'
import { loadKafkajs } from '../../../lib/kafkajs.ts'
import type { Lab } from '../../../lib/lab.ts'
import { produce, produceRaw } from '../../../lib/producer.ts'
import { decodeQuote } from '../../../lib/quote.ts'
import { createTopic, deleteTopic, describeTopic, ensureTopic, listTopics } from '../../../lib/topic.ts'
import type { OpenLab } from '../../helpers/lab.ts'
import { someQuotes } from '../../helpers/quotes.ts'

async function read(lab: Lab, options: { take?: number; group?: string } = {}): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = []
  await consume(lab, lab.config.topic, options, record => records.push(record))
  return records
}

/** What the rooms around Kafka promise, on any Kafka. */
export function kafkaSuite(open: OpenLab): void {
  describe('topics', () => {
    it('are created, described, listed and deleted', async () => {
      const lab = open()
      const { topic } = lab.config
      expect(await createTopic(lab, topic, { partitions: 2, configs: { 'retention.ms': '3600000' } })).toMatchObject({
        topic,
        partitions: 2,
      })
      expect(await listTopics(lab)).toContain(topic)
      expect(await describeTopic(lab, topic)).toMatchObject({
        topic,
        records: 0,
        configs: { 'retention.ms': '3600000' },
        partitions: [
          { partition: 0, start: 0, end: 0 },
          { partition: 1, start: 0, end: 0 },
        ],
      })
      expect(await ensureTopic(lab, topic)).toBe(false)
      await deleteTopic(lab, topic)
      expect(await listTopics(lab)).not.toContain(topic)
    })

    it('say what is wrong', async () => {
      const lab = open()
      const { topic } = lab.config
      await createTopic(lab, topic)
      await expect(createTopic(lab, topic)).rejects.toMatchObject({ code: 'TOPIC_ALREADY_EXISTS' })
      await expect(createTopic(lab, 'no/such name')).rejects.toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION' })
      const uses = [
        describeTopic,
        deleteTopic,
        peek,
        (of: Lab, missing: string) => produce(of, someQuotes(1), { topic: missing }),
      ]
      for (const use of uses) {
        await expect(use(lab, `${topic}x`)).rejects.toMatchObject({
          code: 'UNKNOWN_TOPIC_OR_PARTITION',
          message: expect.stringContaining(`topic ${topic}x: there is no such topic`),
        })
      }
      expect(await listTopics(lab)).not.toContain(`${topic}x`)
    })
  })

  describe('produce', () => {
    it('keys by symbol, keeps the order of a key, and counts what was acknowledged', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic)
      const progress: number[] = []
      const before = Date.now()
      const report = await produce(lab, someQuotes(2500), { batchSize: 400, onProgress: sent => progress.push(sent) })
      expect(report).toMatchObject({ topic: lab.config.topic, sent: 2500 })
      expect(progress).toEqual([400, 800, 1200, 1600, 2000, 2400, 2500])
      const records = await read(lab)
      const counts: Record<number, number> = {}
      const places = new Map<string, Set<number>>()
      const last = new Map<string, number>()
      for (const { key, value, partition, timestamp } of records) {
        const quote = decodeQuote(value)
        expect(quote.symbol).toBe(key)
        expect(quote.open).toBeGreaterThan(last.get(quote.symbol) ?? -1)
        last.set(quote.symbol, quote.open)
        places.set(quote.symbol, (places.get(quote.symbol) ?? new Set()).add(partition))
        counts[partition] = (counts[partition] ?? 0) + 1
        expect(timestamp).toBeGreaterThanOrEqual(before - 1000) // the time of sending, never the trade date of 2020
      }
      expect(records).toHaveLength(2500)
      expect([...places.values()].every(({ size }) => size === 1)).toBe(true)
      expect(report.partitions).toEqual(counts)
    })

    it('sends raw messages as they are', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
      await produceRaw(lab, [{ key: 'k', value: bytes, headers: { a: 'é' } }, { value: null }, { value: '' }])
      const records = await peek(lab, lab.config.topic)
      expect(records.map(({ key, value, headers }) => [key, value && [...value], headers])).toEqual([
        ['k', [...bytes], { a: 'é' }],
        [null, null, {}],
        [null, [], {}],
      ])
    })

    it('says how many were acknowledged before it failed', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1, configs: { 'max.message.bytes': '10000' } })
      const messages = [...Array(5).fill({ value: 'small' }), { value: 'x'.repeat(20_000) }]
      await expect(produceRaw(lab, messages, { batchSize: 5 })).rejects.toMatchObject({
        code: 'MESSAGE_TOO_LARGE',
        message: expect.stringContaining('(5 were acknowledged before.)'),
      })
    })
  })

  describe('consume', () => {
    it('goes on where the group has ended', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic)
      await produce(lab, someQuotes(100))
      expect(await read(lab)).toHaveLength(100)
      expect(await read(lab)).toHaveLength(0)
      await produce(lab, someQuotes(7, 100))
      expect((await read(lab)).map(({ value }) => decodeQuote(value).open).sort()).toEqual([100, 101, 102, 103, 104, 105, 106])
      expect(await read(lab, { group: `${lab.config.group}-2` })).toHaveLength(107)
    })

    it('commits just what it has taken', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produce(lab, someQuotes(50))
      expect(await read(lab, { take: 20 })).toHaveLength(20)
      expect((await read(lab)).map(({ offset }) => offset)).toEqual(Array.from({ length: 30 }, (_, at) => 20 + at))
    })

    it('ends with what its handler throws', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      await produce(lab, someQuotes(3))
      const failing = consume(lab, lab.config.topic, {}, () => {
        throw new Error('the handler is broken')
      })
      await expect(failing).rejects.toThrow('the handler is broken')
      expect(await read(lab)).toHaveLength(3)
    })

    it('reads what other clients have compressed', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic, { partitions: 1 })
      const { CompressionTypes, CompressionCodecs } = loadKafkajs()
      const { compressSync: compress } = createRequire(import.meta.url)('snappy') as { compressSync(data: Buffer): Buffer }
      const xerial = (data: Buffer): Buffer => {
        const halves = [data.subarray(0, data.length / 2), data.subarray(data.length / 2)].map(half =>
          Buffer.from(compress(half)),
        )
        const blocks = halves.flatMap(block => [Buffer.from(Uint32Array.of(block.length).buffer).swap32(), block])
        return Buffer.concat([Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]), ...blocks])
      }
      const encoders: [number, (data: Buffer) => Buffer][] = [
        [CompressionTypes.Snappy, data => Buffer.from(compress(data))],
        [CompressionTypes.Snappy, xerial],
        [CompressionTypes.LZ4, data => compressFrameSync(data)],
        [CompressionTypes.ZSTD, data => zstdCompressSync(data)],
      ]
      const producer = (await kafkaClient(lab)).producer()
      await producer.connect()
      for (const [compression, encode] of encoders) {
        const ours = CompressionCodecs[compression as keyof typeof CompressionCodecs]
        Object.assign(CompressionCodecs, {
          [compression]: () => ({ compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(encode(buffer)) }),
        })
        await producer.send({
          topic: lab.config.topic,
          compression,
          messages: Array.from({ length: 20 }, (_, at) => ({ value: `value ${at}` })),
        })
        Object.assign(CompressionCodecs, { [compression]: ours })
      }
      await producer.disconnect()
      expect((await read(lab)).map(({ value }) => String(value))).toEqual(
        encoders.flatMap(() => Array.from({ length: 20 }, (_, at) => `value ${at}`)),
      )
    })

    it('leaves nothing running that spins while nothing happens', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic)
      const original = globalThis.setTimeout
      let timers = 0
      globalThis.setTimeout = ((...args: Parameters<typeof original>) => (timers++, original(...args))) as typeof original
      try {
        await consume(lab, lab.config.topic, { timeMs: 2000 }, () => {})
      } finally {
        globalThis.setTimeout = original
      }
      expect(timers).toBeLessThan(400) // kafkajs as it is: about 1,000 a second and connection
    })
  })

  describe('peek', () => {
    it('shows records by partition and offset, and leaves no group behind', async () => {
      const lab = open()
      await createTopic(lab, lab.config.topic)
      await produce(lab, someQuotes(300))
      const { partitions } = await describeTopic(lab, lab.config.topic)
      const { partition, end } = partitions.find(({ end }) => end > 10)!
      expect((await peek(lab, lab.config.topic, { partition, offset: 5, take: 3 })).map(({ offset }) => offset)).toEqual([
        5, 6, 7,
      ])
      expect((await peek(lab, lab.config.topic, { partition, offset: -2 })).map(({ offset }) => offset)).toEqual([
        end - 2,
        end - 1,
      ])
      expect(await peek(lab, lab.config.topic, { partition, offset: end })).toEqual([])
      await expect(peek(lab, lab.config.topic, { partition: 99 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
      expect((await listGroups(lab)).filter(group => group.includes('peek-'))).toEqual([])
    })
  })

  describe('groups', () => {
    it('tell their lag, can be moved and deleted', async () => {
      const lab = open()
      const { topic, group } = lab.config
      await createTopic(lab, topic, { partitions: 1 })
      await produce(lab, someQuotes(10))
      await read(lab, { take: 4 })
      expect(await describeGroup(lab, group)).toMatchObject({
        group,
        state: 'Empty',
        members: [],
        offsets: [{ topic, partition: 0, committed: 4, end: 10, lag: 6 }],
      })
      expect(await resetGroup(lab, group, topic, 'latest')).toEqual({ group, topic, offsets: { 0: 10 } })
      expect(await resetGroup(lab, group, topic, 2)).toMatchObject({ offsets: { 0: 2 } })
      expect(await read(lab)).toHaveLength(8)
      expect(await deleteGroup(lab, group)).toBe(true)
      expect(await deleteGroup(lab, group)).toBe(false)
      await expect(describeGroup(lab, group)).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' })
    })
  })
}
