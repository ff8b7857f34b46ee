import { describe, expect, it } from 'vitest'
import { metadata } from '../../../lib/local/broker/apis/03-metadata.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { produce } from '../../../lib/local/broker/apis/00-produce.ts'
import { batch, reseal, values } from './batches.ts'
import { decode, endOffset, fetchFrom, newTopic, readValues, send } from './steps.ts'
import { unique } from './target.ts'
import { encodeRequest, type Wire } from './wire.ts'

/** Produce: offsets, what is refused, timestamps. */
export function produceCases(open: () => Promise<Wire>): void {
  describe('produce', () => {
    it.each([2, 3, 4, 5, 6, 7, 8])('Produce v%i appends a batch at the end', async version => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect(await send(wire, topic, batch({ records: values(3) }), { version })).toMatchObject({
        errorCode: errors.NONE,
        baseOffset: 0,
        logAppendTimeMs: -1,
      })
      expect(await send(wire, topic, batch(), { version })).toMatchObject({ errorCode: errors.NONE, baseOffset: 3 })
      expect(await endOffset(wire, topic)).toBe(4)
    })

    it('the batch is kept byte by byte, but for its offset', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const sent = batch({ records: [{ key: 'k', value: 'é€😀', headers: [['h', 'x'], ['h', 'y']] }, { key: null, value: null }, { key: '', value: '' }] }) // prettier-ignore
      await send(wire, topic, batch())
      await send(wire, topic, Buffer.from(sent))
      const { records } = await fetchFrom(wire, topic, 1)
      expect(records!.readBigInt64BE(0)).toBe(1n)
      expect(records!.subarray(16).equals(sent.subarray(16))).toBe(true)
      expect(records!.readInt32BE(12)).toBe(0)
    })

    it.each(['none', 'gzip', 'zstd'] as const)('a batch with compression %s is kept as it is', async compression => {
      const wire = await open()
      const topic = await newTopic(wire)
      const sent = batch({ records: values(50), compression })
      expect(await send(wire, topic, Buffer.from(sent))).toMatchObject({ errorCode: errors.NONE, baseOffset: 0 })
      const { records } = await fetchFrom(wire, topic, 0)
      expect(records!.subarray(16).equals(sent.subarray(16))).toBe(true)
      expect(await endOffset(wire, topic)).toBe(50)
    })

    it.each<[string, () => Buffer | null, number]>([
      ['a wrong crc', () => { const bytes = batch(); bytes[20]! ^= 1; return bytes }, errors.CORRUPT_MESSAGE],
      ['a changed value', () => { const bytes = batch(); bytes[bytes.length - 2]! ^= 1; return bytes }, errors.CORRUPT_MESSAGE],
      ['a record count too high', () => { const bytes = batch({ records: values(2) }); bytes.writeInt32BE(3, 57); return reseal(bytes) }, errors.INVALID_RECORD],
      ['count and last offset too high', () => { const bytes = batch({ records: values(2) }); bytes.writeInt32BE(3, 57); bytes.writeInt32BE(2, 23); return reseal(bytes) }, errors.INVALID_RECORD],
      ['count and last offset too low', () => { const bytes = batch({ records: values(2) }); bytes.writeInt32BE(1, 57); bytes.writeInt32BE(0, 23); return reseal(bytes) }, errors.INVALID_RECORD],
      ['no records', () => { const bytes = batch(); bytes.writeInt32BE(0, 57); return reseal(bytes) }, errors.INVALID_RECORD],
      ['a negative last offset delta', () => { const bytes = batch(); bytes.writeInt32BE(-1, 23); return reseal(bytes) }, errors.INVALID_RECORD],
      ['a base offset that is not 0', () => { const bytes = batch(); bytes.writeBigInt64BE(7n, 0); return bytes }, errors.INVALID_RECORD],
      ['a control batch', () => batch({ attributes: 32 }), errors.INVALID_RECORD],
      ['two batches', () => Buffer.concat([batch(), batch()]), errors.INVALID_RECORD],
      ['magic 1', () => { const bytes = batch(); bytes[16] = 1; return bytes }, errors.INVALID_RECORD],
      ['an unknown magic', () => { const bytes = batch(); bytes[16] = 9; return bytes }, errors.CORRUPT_MESSAGE],
      ['no bytes', () => Buffer.alloc(0), errors.INVALID_RECORD],
      ['a batch that is cut', () => batch().subarray(0, 40), errors.INVALID_RECORD],
      ['a batch length that is too small', () => { const bytes = batch(); bytes.writeInt32BE(10, 8); return bytes }, errors.CORRUPT_MESSAGE],
      ['a gzip batch whose count is wrong', () => { const bytes = batch({ records: values(5), compression: 'gzip' }); bytes.writeInt32BE(6, 57); bytes.writeInt32BE(5, 23); return reseal(bytes) }, errors.INVALID_RECORD],
      ['more than max.message.bytes', () => batch({ records: [{ value: 'x'.repeat(1_100_000) }] }), errors.MESSAGE_TOO_LARGE],
    ])('a batch with %s is refused and nothing is written', async (_, make, errorCode) => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect(await send(wire, topic, make())).toMatchObject({ errorCode, baseOffset: -1, logAppendTimeMs: -1 })
      expect(await endOffset(wire, topic)).toBe(0)
      expect(await send(wire, topic, batch())).toMatchObject({ errorCode: errors.NONE, baseOffset: 0 })
    }) // prettier-ignore

    it('zstd needs Produce v7', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect((await send(wire, topic, batch({ compression: 'zstd' }), { version: 6 })).errorCode).toBe(
        errors.UNSUPPORTED_COMPRESSION_TYPE,
      )
      expect((await send(wire, topic, batch({ compression: 'zstd' }), { version: 7 })).errorCode).toBe(errors.NONE)
    })

    it('an unknown topic or partition: UNKNOWN_TOPIC_OR_PARTITION, the others of the request are written', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const { topics } = await wire.call(produce, 8, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1000,
        topics: [
          { name: topic, partitions: [0, 5].map(index => ({ index, records: batch() })) },
          { name: unique('none'), partitions: [{ index: 0, records: batch() }] },
        ],
      })
      const codes = new Map(
        topics.flatMap(({ name, partitions }) =>
          partitions.map(({ index, errorCode }) => [`${name === topic}-${index}`, errorCode]),
        ),
      )
      expect(codes).toEqual(
        new Map<string, number>([
          ['true-0', errors.NONE],
          ['true-5', errors.UNKNOWN_TOPIC_OR_PARTITION],
          ['false-0', errors.UNKNOWN_TOPIC_OR_PARTITION],
        ]),
      )
      expect(await endOffset(wire, topic)).toBe(1)
    })

    it.each([2, -2, 100])('acks=%i: INVALID_REQUIRED_ACKS', async acks => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect((await send(wire, topic, batch(), { acks })).errorCode).toBe(errors.INVALID_REQUIRED_ACKS)
      expect(await endOffset(wire, topic)).toBe(0)
    })

    it('acks=0 is never answered', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      const topics = [{ name: topic, partitions: [{ index: 0, records: batch() }] }]
      wire.send(encodeRequest(produce, 8, { transactionalId: null, acks: 0, timeoutMs: 1000, topics }))
      expect((await wire.call(metadata, 1, { topics: [] })).brokers).toHaveLength(1)
      expect(await endOffset(wire, topic)).toBe(1)
    })

    it('acks=0 with an error: the connection is closed', async () => {
      const wire = await open()
      const topics = [{ name: unique('none'), partitions: [{ index: 0, records: batch() }] }]
      wire.send(encodeRequest(produce, 8, { transactionalId: null, acks: 0, timeoutMs: 1000, topics }))
      expect(await wire.receive()).toBe('closed')
    })

    it('min.insync.replicas above the one replica asks for no more than there can be', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'min.insync.replicas': '2' } })
      expect((await send(wire, topic, batch(), { acks: -1 })).errorCode).toBe(errors.NONE)
    })

    it('max.message.bytes of the topic counts', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'max.message.bytes': '200' } })
      expect((await send(wire, topic, batch({ records: [{ value: 'x'.repeat(200) }] }))).errorCode).toBe(errors.MESSAGE_TOO_LARGE)
      expect((await send(wire, topic, batch({ records: [{ value: 'x'.repeat(50) }] }))).errorCode).toBe(errors.NONE)
    })

    it('a batch larger than segment.bytes: RECORD_LIST_TOO_LARGE', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'segment.bytes': '300' } })
      expect((await send(wire, topic, batch({ records: [{ value: 'x'.repeat(300) }] }))).errorCode).toBe(
        errors.RECORD_LIST_TOO_LARGE,
      )
    })

    it.each([
      ['in two hours', Date.now() + 7_200_000],
      ['of 1990', Date.UTC(1990, 0, 1)],
      ['before 1970', -1_000_000],
    ])('a timestamp %s is taken', async (_, timestamp) => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'retention.ms': '-1' } })
      expect((await send(wire, topic, batch({ timestamp }))).errorCode).toBe(errors.NONE)
      const [first] = decode((await fetchFrom(wire, topic, 0)).records)
      expect(first!.records[0]!.timestamp).toBe(timestamp)
    })

    it('message.timestamp.type=LogAppendTime: the broker gives the time, in the batch and in the answer', async () => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { 'message.timestamp.type': 'LogAppendTime' } })
      const before = Date.now() - 1000
      const { logAppendTimeMs } = await send(wire, topic, batch({ timestamp: 1000, records: values(2) }))
      expect(logAppendTimeMs).toBeGreaterThan(before)
      const { records } = await fetchFrom(wire, topic, 0)
      const [first] = decode(records)
      expect(first!.header).toMatchObject({ logAppendTime: true, maxTimestamp: logAppendTimeMs, baseTimestamp: 1000 })
      expect(first!.records.map(({ timestamp }) => timestamp)).toEqual([logAppendTimeMs, logAppendTimeMs])
      expect(reseal(Buffer.from(records!)).equals(records!)).toBe(true)
    })

    it.each([
      ['message.timestamp.before.max.ms', Date.now() - 100_000_000],
      ['message.timestamp.after.max.ms', Date.now() + 100_000_000],
    ])('%s: INVALID_TIMESTAMP beyond it', async (config, timestamp) => {
      const wire = await open()
      const topic = await newTopic(wire, { configs: { [config]: '60000' } })
      expect((await send(wire, topic, batch({ timestamp }))).errorCode).toBe(errors.INVALID_TIMESTAMP)
      expect((await send(wire, topic, batch())).errorCode).toBe(errors.NONE)
    })

    it('a producer cannot write to an internal topic', async () => {
      const wire = await open()
      const { errorCode } = await send(wire, '__consumer_offsets', batch())
      expect([errors.INVALID_TOPIC_EXCEPTION, errors.UNKNOWN_TOPIC_OR_PARTITION]).toContain(errorCode)
    })

    it('small batches in many requests keep their order', async () => {
      const wire = await open()
      const topic = await newTopic(wire)
      for (let i = 0; i < 30; i++) await send(wire, topic, batch({ records: [{ value: `n${i}` }] }))
      expect(await readValues(wire, topic)).toEqual(Array.from({ length: 30 }, (_, i) => `n${i}`))
    })

    it.each([0, 1])('Produce v%i with a batch of today is taken', async version => {
      const wire = await open()
      const topic = await newTopic(wire)
      expect((await send(wire, topic, batch(), { version })).errorCode).toBe(errors.NONE)
    })
  })
}
