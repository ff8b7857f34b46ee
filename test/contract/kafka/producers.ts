import { describe, expect, it } from 'vitest'
import { initProducerId } from '../../../lib/local/broker/apis/22-init-producer-id.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { batch, values } from './batches.ts'
import { endOffset, newProducer, newTopic, send } from './steps.ts'
import type { Wire } from './wire.ts'

/** Idempotent producers. */
export function producerCases(open: () => Promise<Wire>): void {
  describe('idempotent producers', () => {
    const sender = async (wire: Wire) => {
      const [topic, { producerId }] = [await newTopic(wire), await newProducer(wire)]
      return {
        topic,
        producerId,
        put: (baseSequence: number, { count = 1, producerEpoch = 0, id = producerId } = {}) =>
          send(wire, topic, batch({ producerId: id, producerEpoch, baseSequence, records: values(count, `s${baseSequence}-`) })),
      }
    }

    it.each([0, 1])('InitProducerId v%i: an id that nobody else has, epoch 0', async version => {
      const wire = await open()
      await newProducer(wire)
      const ask = () => wire.call(initProducerId, version, { transactionalId: null, transactionTimeoutMs: 1000 })
      const [a, b] = [await ask(), await ask()]
      expect(a).toMatchObject({ errorCode: 0, producerEpoch: 0 })
      expect(a.producerId).not.toBe(b.producerId)
    })

    it('sequences go on across batches', async () => {
      const { put } = await sender(await open())
      expect(await put(0, { count: 3 })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await put(3, { count: 2 })).toMatchObject({ errorCode: 0, baseOffset: 3 })
      expect(await put(5)).toMatchObject({ errorCode: 0, baseOffset: 5 })
    })

    it('a batch sent twice is written once and answered with the first offset', async () => {
      const wire = await open()
      const { topic, put } = await sender(wire)
      await put(0, { count: 3 })
      await put(3)
      expect(await put(0, { count: 3 })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await put(3)).toMatchObject({ errorCode: 0, baseOffset: 3 })
      expect(await endOffset(wire, topic)).toBe(4)
    })

    it('each of the last five batches is known, one before them is not', async () => {
      const wire = await open()
      const { topic, put } = await sender(wire)
      for (let i = 0; i < 6; i++) await put(i)
      for (let i = 1; i < 6; i++) expect(await put(i)).toMatchObject({ errorCode: 0, baseOffset: i })
      expect((await put(0)).errorCode).toBe(errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect(await endOffset(wire, topic)).toBe(6)
    })

    it('a gap: OUT_OF_ORDER_SEQUENCE_NUMBER', async () => {
      const { put } = await sender(await open())
      await put(0)
      expect((await put(2)).errorCode).toBe(errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect((await put(1)).errorCode).toBe(errors.NONE)
    })

    it('part of a batch sent again: OUT_OF_ORDER_SEQUENCE_NUMBER', async () => {
      const { put } = await sender(await open())
      await put(0, { count: 3 })
      expect((await put(0, { count: 2 })).errorCode).toBe(errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    })

    it('an unknown producer may begin anywhere', async () => {
      const { put } = await sender(await open())
      expect(await put(5, { id: 987_654 })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect((await put(6, { id: 987_654 })).errorCode).toBe(errors.NONE)
    })

    it('a new epoch begins with sequence 0, the old one is refused', async () => {
      const { put } = await sender(await open())
      await put(0)
      expect((await put(4, { producerEpoch: 1 })).errorCode).toBe(errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect((await put(0, { producerEpoch: 1 })).errorCode).toBe(errors.NONE)
      expect((await put(1)).errorCode).toBe(errors.INVALID_PRODUCER_EPOCH)
    })

    it('a producer id without a sequence: INVALID_RECORD', async () => {
      const { put } = await sender(await open())
      expect((await put(-1)).errorCode).toBe(errors.INVALID_RECORD)
    })

    it('sequences wrap around after 2^31 - 1', async () => {
      const { put } = await sender(await open())
      expect((await put(0x7fff_fffe, { count: 2, id: 876_543 })).errorCode).toBe(errors.NONE)
      expect((await put(0, { id: 876_543 })).errorCode).toBe(errors.NONE)
    })

    it('producers do not disturb each other', async () => {
      const wire = await open()
      const { topic, put } = await sender(wire)
      const other = (await newProducer(wire)).producerId
      await put(0)
      expect(await put(0, { id: other })).toMatchObject({ errorCode: 0, baseOffset: 1 })
      expect(await put(1)).toMatchObject({ errorCode: 0, baseOffset: 2 })
      expect(await endOffset(wire, topic)).toBe(3)
    })
  })
}
