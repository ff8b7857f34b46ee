import { describe, expect, it } from 'vitest'
import { fetch } from '../../../lib/local/broker/apis/01-fetch.ts'
import { offsetForLeaderEpoch } from '../../../lib/local/broker/apis/23-offset-for-leader-epoch.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { batch, values } from './batches.ts'
import { decode, fetchFrom, lookUp, newTopic, readValues, send } from './steps.ts'
import { differs, unique, type Target } from './target.ts'
import { encodeRequest, type Wire } from './wire.ts'

/** Fetch, ListOffsets, OffsetForLeaderEpoch. */
export function fetchCases(target: Target, open: () => Promise<Wire>): void {
  describe('fetch', () => {
    it.each([4, 5, 6, 7, 8, 9, 10, 11])('Fetch v%i reads what was written', async version => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: values(3) }))
      const answer = await fetchFrom(wire, topic, 0, { version })
      expect(answer).toMatchObject({ errorCode: errors.NONE, highWatermark: 3, lastStableOffset: 3 })
      if (version >= 5) expect(answer.logStartOffset).toBe(0)
      expect(decode(answer.records).flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual([
        'v0',
        'v1',
        'v2',
      ])
    })

    it.each([0, 3])('Fetch v%i, which knows older record formats only', async version => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch())
      const { errorCode } = await fetchFrom(wire, topic, 0, { version })
      const why = 'the embedded broker converts nothing, as Kafka with log.message.downconversion.enable=false'
      expect(errorCode).toBe(differs<number>(target, { embedded: errors.UNSUPPORTED_VERSION, real: errors.NONE, why }))
    })

    it('an offset inside a batch gives the whole batch', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: values(5) }))
      expect(await readValues(wire, topic, 3)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4'])
    })

    it.each([
      ['below the start', -1],
      ['beyond the end', 4],
    ])('an offset %s: OFFSET_OUT_OF_RANGE', async (_, offset) => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: values(3) }))
      expect(await fetchFrom(wire, topic, offset)).toMatchObject({ errorCode: errors.OFFSET_OUT_OF_RANGE, highWatermark: -1 })
    })

    it.each([
      ['topic', 0],
      ['partition', 7],
    ])('an unknown %s: UNKNOWN_TOPIC_OR_PARTITION, at once', async (what, index) => {
      const wire = await open()
      const topic = what === 'topic' ? unique('none') : await newTopic(wire)
      const started = Date.now()
      expect(await fetchFrom(wire, topic, 0, { index, maxWaitMs: 20_000 })).toMatchObject({
        errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION,
      })
      expect(Date.now() - started).toBeLessThan(15_000)
    })

    it('at the end it waits maxWaitMs and answers empty', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const started = Date.now()
      const answer = await fetchFrom(wire, topic, 0, { maxWaitMs: 300 })
      expect(Date.now() - started).toBeGreaterThanOrEqual(295)
      expect(answer).toMatchObject({ errorCode: errors.NONE, highWatermark: 0 })
      expect(answer.records ?? Buffer.alloc(0)).toHaveLength(0)
    })

    it('a waiting fetch is woken by an append', async () => {
      const [reader, writer] = [await open(), await open()]
      const topic = await newTopic(writer)
      const started = Date.now()
      const waiting = readValues(reader, topic, 0, { maxWaitMs: 30_000 })
      await send(writer, topic, batch({ records: values(1) }))
      expect(await waiting).toEqual(['v0'])
      expect(Date.now() - started).toBeLessThan(20_000)
    })

    it('minBytes are waited for', async () => {
      const [reader, writer] = [await open(), await open()]
      const topic = await newTopic(writer)
      const waiting = readValues(reader, topic, 0, { maxWaitMs: 30_000, minBytes: 250 })
      for (const value of ['a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)])
        await send(writer, topic, batch({ records: [{ value }] }))
      expect((await waiting).length).toBeGreaterThanOrEqual(2)
    })

    it('the first batch comes whole, however few bytes are asked for', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: [{ value: 'x'.repeat(5000) }] }))
      await send(wire, topic, batch({ records: [{ value: 'y'.repeat(5000) }] }))
      const answer = await fetchFrom(wire, topic, 0, { maxBytes: 1, partitionMaxBytes: 1 })
      expect(decode(answer.records).map(({ records }) => String(records[0]!.value)[0])).toEqual(['x'])
    })

    it('only the first partition may go over maxBytes', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { partitions: 3 })
      for (const index of [0, 1, 2]) await send(wire, topic, batch({ records: [{ value: 'x'.repeat(3000) }] }), { index })
      const partitions = [0, 1, 2].map(index => ({
        index,
        currentLeaderEpoch: -1,
        fetchOffset: 0,
        logStartOffset: -1,
        partitionMaxBytes: 1 << 20,
      }))
      const { topics } = await wire.call(fetch, 11, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 100,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ name: topic, partitions }],
        forgottenTopics: [],
        rackId: '',
      })
      expect(topics[0]!.partitions.map(({ records }) => decode(records).length)).toEqual([1, 0, 0])
    })

    it('partitionMaxBytes bounds each partition but for the first batch', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      for (let i = 0; i < 10; i++) await send(wire, topic, batch({ records: [{ value: 'x'.repeat(1000) }] }))
      const answer = await fetchFrom(wire, topic, 0, { partitionMaxBytes: 3500 })
      expect(decode(answer.records)).toHaveLength(3)
    })

    it('reading on from batch to batch gives everything once', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'segment.bytes': '2000' } })
      const sent = values(60)
      for (let i = 0; i < 60; i += 3) await send(wire, topic, batch({ records: sent.slice(i, i + 3) }))
      const got: string[] = []
      for (let offset = 0; offset < 60;) {
        const { records } = await fetchFrom(wire, topic, offset, { partitionMaxBytes: 300 })
        for (const { header, records: rows } of decode(records)) {
          got.push(...rows.filter(row => row.offset >= offset).map(({ value }) => String(value)))
          offset = header.lastOffset + 1
        }
      }
      expect(got).toEqual(sent.map(({ value }) => value))
    })

    it.each([
      [0, errors.NONE],
      [5, errors.UNKNOWN_LEADER_EPOCH],
    ])('currentLeaderEpoch %i', async (currentLeaderEpoch, errorCode) => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch())
      expect((await fetchFrom(wire, topic, 0, { currentLeaderEpoch })).errorCode).toBe(errorCode)
    })

    it('a client that goes away while it waits harms nobody', async () => {
      const [gone, wire] = [await open(), await open()]
      const topic = await newTopic(wire)
      const partitions = [{ index: 0, currentLeaderEpoch: -1, fetchOffset: 0, logStartOffset: -1, partitionMaxBytes: 1000 }]
      const topics = [{ name: topic, partitions }]
      gone.send(encodeRequest(fetch, 11, { replicaId: -1, maxWaitMs: 30_000, minBytes: 1, maxBytes: 1000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, topics, forgottenTopics: [], rackId: '' })) // prettier-ignore
      gone.close()
      await send(wire, topic, batch())
      expect(await readValues(wire, topic)).toEqual(['a'])
    })
  })

  describe('offsets by time', () => {
    const day = 86_400_000
    const base = Date.now() - 10 * day

    it.each([0, 1, 2, 3, 4, 5])('ListOffsets v%i: the start and the end', async version => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: values(3) }))
      const [end, start] = [await lookUp(wire, topic, -1, { version }), await lookUp(wire, topic, -2, { version })]
      if (version === 0) expect([end.offsets[0], start.offsets]).toEqual([3, [0]])
      else expect([end, start]).toMatchObject([{ errorCode: 0, offset: 3, timestamp: -1 }, { errorCode: 0, offset: 0, timestamp: -1 }]) // prettier-ignore
    })

    it.each(['none', 'gzip', 'zstd'] as const)(
      'the first record at or after a time, inside a batch of compression %s',
      async compression => {
        const wire = await open()
        const topic = await newTopic(wire, { configs: { 'retention.ms': '-1' } })
        const records = [0, 10, 20, 30].map(delta => ({ value: 'x', delta }))
        await send(wire, topic, batch({ records, timestamp: base, compression }))
        await send(wire, topic, batch({ records, timestamp: base + 1000, compression }))
        const at = async (timestamp: number) => {
          const { errorCode, offset, timestamp: found } = await lookUp(wire, topic, timestamp)
          return [errorCode, offset, found]
        }
        expect(await at(0)).toEqual([0, 0, base])
        expect(await at(base)).toEqual([0, 0, base])
        expect(await at(base + 11)).toEqual([0, 2, base + 20])
        expect(await at(base + 30)).toEqual([0, 3, base + 30])
        expect(await at(base + 31)).toEqual([0, 4, base + 1000])
        expect(await at(base + 1030)).toEqual([0, 7, base + 1030])
        expect(await at(base + 1031)).toEqual([0, -1, -1])
      },
    )

    it('timestamps that go back and forth: the first in offset order', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'retention.ms': '-1' } })
      for (const timestamp of [base + 50, base + 10, base + 90, base + 20]) await send(wire, topic, batch({ timestamp }))
      expect(await lookUp(wire, topic, base + 15)).toMatchObject({ offset: 0, timestamp: base + 50 })
      expect(await lookUp(wire, topic, base + 60)).toMatchObject({ offset: 2, timestamp: base + 90 })
      expect(await lookUp(wire, topic, base + 91)).toMatchObject({ offset: -1, timestamp: -1 })
    })

    it('an empty partition', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect(await lookUp(wire, topic, 1)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
      expect(await lookUp(wire, topic, -1)).toMatchObject({ errorCode: 0, offset: 0 })
    })

    it.each([
      [-3, errors.UNSUPPORTED_VERSION],
      [-4, errors.UNSUPPORTED_VERSION],
    ])('timestamp %i needs a later version', async (timestamp, errorCode) => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect((await lookUp(wire, topic, timestamp)).errorCode).toBe(errorCode)
    })

    it('an unknown partition: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      expect((await lookUp(wire, await newTopic(wire), -1, { index: 3 })).errorCode).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('OffsetForLeaderEpoch: the end of epoch 0, nothing of a later one', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      await send(wire, topic, batch({ records: values(3) }))
      const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
        const topics = [{ name: topic, partitions: [{ index: 0, currentLeaderEpoch, leaderEpoch }] }]
        return (await wire.call(offsetForLeaderEpoch, 3, { replicaId: -1, topics })).topics[0]!.partitions[0]!
      }
      expect(await ask(0)).toEqual({ errorCode: 0, index: 0, leaderEpoch: 0, endOffset: 3 })
      expect(await ask(3)).toEqual({ errorCode: 0, index: 0, leaderEpoch: -1, endOffset: -1 })
      expect((await ask(0, 4)).errorCode).toBe(errors.UNKNOWN_LEADER_EPOCH)
    })
  })
}
