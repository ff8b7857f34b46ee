import { describe, expect, it } from 'vitest'
import { initProducerId } from '../../../lib/local/broker/apis/22-init-producer-id.ts'
import { addPartitionsToTxn } from '../../../lib/local/broker/apis/24-add-partitions-to-txn.ts'
import { addOffsetsToTxn } from '../../../lib/local/broker/apis/25-add-offsets-to-txn.ts'
import { endTxn } from '../../../lib/local/broker/apis/26-end-txn.ts'
import { txnOffsetCommit } from '../../../lib/local/broker/apis/28-txn-offset-commit.ts'
import { offsetFetch } from '../../../lib/local/broker/apis/09-offset-fetch.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { batch } from './batches.ts'
import { coordinator, decode, endOffset, fetchFrom, newProducer, newTopic, readValues, send, until } from './steps.ts'
import { unique } from './target.ts'
import type { Wire } from './wire.ts'

/** Transactions. */
export function transactionCases(open: () => Promise<Wire>): void {
  describe('transactions', () => {
    const begin = async (wire: Wire, transactionTimeoutMs = 60_000) => {
      const transactionalId = unique('tx')
      const [topic, producer] = [
        await newTopic(wire, { partitions: 2 }),
        await newProducer(wire, transactionalId, transactionTimeoutMs),
      ]
      const { producerId, producerEpoch } = producer
      const add = async (name = topic, index = 0, epoch = producerEpoch, id = producerId, version = 2): Promise<number> => {
        for (;;) {
          const topics = [{ name, partitions: [index] }]
          const answer = await wire.call(addPartitionsToTxn, version, {
            transactionalId,
            producerId: id,
            producerEpoch: epoch,
            topics,
          })
          const { errorCode } = answer.results[0]!.partitions[0]!
          if (errorCode !== errors.CONCURRENT_TRANSACTIONS) return errorCode
        }
      }
      const put = (baseSequence: number, value: string, index = 0, epoch = producerEpoch) =>
        send(wire, topic, batch({ producerId, producerEpoch: epoch, baseSequence, transactional: true, records: [{ value }] }), {
          index,
          transactionalId,
        })
      const end = async (committed: boolean, epoch = producerEpoch, id = producerId, version = 2): Promise<number> => {
        for (;;) {
          const { errorCode } = await wire.call(endTxn, version, {
            transactionalId,
            producerId: id,
            producerEpoch: epoch,
            committed,
          })
          if (errorCode !== errors.CONCURRENT_TRANSACTIONS) return errorCode
        }
      }
      return { transactionalId, topic, producerId, producerEpoch, add, put, end }
    }
    const readCommitted = (wire: Wire, topic: string, index = 0) => readValues(wire, topic, 0, { isolationLevel: 1, index })

    it('committed records are seen at the commit, not before', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire)
      expect(await add()).toBe(errors.NONE)
      expect(await put(0, 'in')).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await readCommitted(wire, topic)).toEqual([])
      expect(await readValues(wire, topic)).toEqual(['in'])
      expect(await fetchFrom(wire, topic, 0, { isolationLevel: 1 })).toMatchObject({ highWatermark: 1, lastStableOffset: 0 })
      expect(await endOffset(wire, topic, 0, 1)).toBe(0)
      expect(await endOffset(wire, topic, 0, 0)).toBe(1)
      expect(await end(true)).toBe(errors.NONE)
      await until(async () => (await endOffset(wire, topic, 0, 1)) === 2)
      expect(await readCommitted(wire, topic)).toEqual(['in'])
    })

    it('a commit is a control batch of the producer', async () => {
      const wire = await open()
      const { topic, producerId, producerEpoch, add, put, end } = await begin(wire)
      await add()
      await put(0, 'x')
      await end(true)
      await until(async () => (await endOffset(wire, topic)) === 2)
      const [, marker] = decode((await fetchFrom(wire, topic, 0)).records)
      expect(marker!.header).toMatchObject({
        isControl: true,
        isTransactional: true,
        producerId,
        producerEpoch,
        baseSequence: -1,
        count: 1,
      })
      expect(marker!.records[0]!.key).toEqual(Buffer.from([0, 0, 0, 1]))
      expect(marker!.records[0]!.value).toHaveLength(6)
    })

    it('aborted records come with the range to drop', async () => {
      const wire = await open()
      const { topic, producerId, add, put, end } = await begin(wire)
      await add()
      await put(0, 'bad')
      expect(await end(false)).toBe(errors.NONE)
      await until(async () => (await endOffset(wire, topic, 0, 1)) === 2)
      const answer = await fetchFrom(wire, topic, 0, { isolationLevel: 1 })
      expect(answer.abortedTransactions).toEqual([{ producerId, firstOffset: 0 }])
      expect((await fetchFrom(wire, topic, 0)).abortedTransactions).toBeNull()
      const [, marker] = decode(answer.records)
      expect(marker!.records[0]!.key).toEqual(Buffer.from([0, 0, 0, 0]))
    })

    it('the range of an abort is not told to readers behind it', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire)
      await add()
      await put(0, 'bad')
      await end(false)
      await until(async () => (await endOffset(wire, topic, 0, 1)) === 2)
      await send(wire, topic, batch())
      expect((await fetchFrom(wire, topic, 2, { isolationLevel: 1 })).abortedTransactions).toEqual([])
    })

    it('an open transaction holds back everybody behind it', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire)
      await send(wire, topic, batch({ records: [{ value: 'before' }] }))
      await add()
      await put(0, 'open')
      await send(wire, topic, batch({ records: [{ value: 'after' }] }))
      expect(await readCommitted(wire, topic)).toEqual(['before'])
      await end(true)
      await until(async () => (await readCommitted(wire, topic)).length === 3)
    })

    it('a waiting read_committed fetch is woken by the commit', async () => {
      const [reader, wire] = [await open(), await open()]
      const { topic, add, put, end } = await begin(wire)
      await add()
      await put(0, 'x')
      const waiting = readValues(reader, topic, 0, { isolationLevel: 1, maxWaitMs: 30_000 })
      await end(true)
      expect(await waiting).toEqual(['x'])
    })

    it('one transaction over two partitions', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire)
      await add(topic, 0)
      await add(topic, 1)
      await put(0, 'a', 0)
      await put(0, 'b', 1)
      await end(true)
      await until(async () => (await readCommitted(wire, topic, 0)).length + (await readCommitted(wire, topic, 1)).length === 2)
    })

    it('one transaction after the other, sequences go on', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire)
      for (let i = 0; i < 4; i++) {
        expect(await add()).toBe(errors.NONE)
        expect((await put(i, `t${i}`)).errorCode).toBe(errors.NONE)
        expect(await end(true)).toBe(errors.NONE)
      }
      await until(async () => (await readCommitted(wire, topic)).length === 4)
    })

    it('InitProducerId again: the same producer, a higher epoch; the old one is fenced everywhere', async () => {
      const wire = await open()
      const { transactionalId, producerId, producerEpoch, add, put, end } = await begin(wire)
      await add()
      await put(0, 'x')
      const again = await newProducer(wire, transactionalId)
      expect(again).toMatchObject({ errorCode: 0, producerId })
      expect(again.producerEpoch).toBeGreaterThan(producerEpoch)
      expect((await put(1, 'y')).errorCode).toBe(errors.INVALID_PRODUCER_EPOCH)
      expect(await add()).toBe(errors.PRODUCER_FENCED)
      expect(await end(true)).toBe(errors.PRODUCER_FENCED)
      expect(await end(true, producerEpoch, producerId, 1)).toBe(errors.INVALID_PRODUCER_EPOCH)
      expect(await add(undefined, 0, producerEpoch, producerId, 1)).toBe(errors.INVALID_PRODUCER_EPOCH)
    })

    it('InitProducerId aborts what was open', async () => {
      const wire = await open()
      const { transactionalId, topic, producerId, add, put } = await begin(wire)
      await add()
      await put(0, 'lost')
      await newProducer(wire, transactionalId)
      await until(async () => (await endOffset(wire, topic, 0, 1)) === 2)
      expect((await fetchFrom(wire, topic, 0, { isolationLevel: 1 })).abortedTransactions).toEqual([
        { producerId, firstOffset: 0 },
      ])
    })

    it.each([
      ['an empty transactional id', '', 60_000, errors.INVALID_REQUEST],
      ['a timeout of 0', 'tx', 0, errors.INVALID_TRANSACTION_TIMEOUT],
      ['a timeout above transaction.max.timeout.ms', 'tx', 900_001, errors.INVALID_TRANSACTION_TIMEOUT],
    ])('InitProducerId with %s is refused', async (_, prefix, transactionTimeoutMs, errorCode) => {
      const wire = await open()
      await coordinator(wire, 'tx', 1)
      const transactionalId = prefix && unique(prefix)
      const answer = await wire.call(initProducerId, 1, { transactionalId, transactionTimeoutMs })
      expect(answer).toMatchObject({ errorCode, producerId: -1, producerEpoch: -1 })
    })

    it('the wrong producer id, the wrong epoch, an unknown id', async () => {
      const wire = await open()
      const { producerId, producerEpoch, add, end } = await begin(wire)
      expect(await add(undefined, 0, producerEpoch, producerId + 77_777)).toBe(errors.INVALID_PRODUCER_ID_MAPPING)
      expect(await add(undefined, 0, producerEpoch + 1)).toBe(errors.PRODUCER_FENCED)
      expect(await end(true, producerEpoch, producerId + 77_777)).toBe(errors.INVALID_PRODUCER_ID_MAPPING)
      const answer = await wire.call(endTxn, 2, { transactionalId: unique('none'), producerId, producerEpoch, committed: true })
      expect(answer.errorCode).toBe(errors.INVALID_PRODUCER_ID_MAPPING)
    })

    it('EndTxn without a transaction: INVALID_TXN_STATE', async () => {
      const { end } = await begin(await open())
      expect(await end(true)).toBe(errors.INVALID_TXN_STATE)
    })

    it('EndTxn again: the same is fine, the other is not', async () => {
      const { add, put, end } = await begin(await open())
      await add()
      await put(0, 'x')
      await end(true)
      expect(await end(true)).toBe(errors.NONE)
      expect(await end(false)).toBe(errors.INVALID_TXN_STATE)
    })

    it('AddPartitionsToTxn with an unknown partition adds none', async () => {
      const wire = await open()
      const { transactionalId, topic, producerId, producerEpoch } = await begin(wire)
      const topics = [{ name: topic, partitions: [0, 9] }]
      const { results } = await wire.call(addPartitionsToTxn, 1, { transactionalId, producerId, producerEpoch, topics })
      const codes = new Map(results[0]!.partitions.map(({ index, errorCode }) => [index, errorCode]))
      expect(codes).toEqual(new Map<number, number>([[0, errors.OPERATION_NOT_ATTEMPTED], [9, errors.UNKNOWN_TOPIC_OR_PARTITION]])) // prettier-ignore
    })

    it('a transactional batch without a transactional id', async () => {
      const wire = await open()
      const { topic, producerId, producerEpoch } = await begin(wire)
      const records = batch({ producerId, producerEpoch, baseSequence: 0, transactional: true })
      expect((await send(wire, topic, records)).errorCode).toBe(errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    })

    it('a partition that was not added: INVALID_TXN_STATE', async () => {
      const wire = await open()
      const { topic, add, put } = await begin(wire)
      expect((await put(0, 'x')).errorCode).toBe(errors.INVALID_TXN_STATE)
      await add(topic, 0)
      expect((await put(0, 'x', 1)).errorCode).toBe(errors.INVALID_TXN_STATE)
      expect((await put(0, 'x', 0)).errorCode).toBe(errors.NONE)
    })

    it('a plain batch of a producer in a transaction: INVALID_TXN_STATE', async () => {
      const wire = await open()
      const { topic, producerId, producerEpoch, add, put } = await begin(wire)
      await add()
      await put(0, 'x')
      expect((await send(wire, topic, batch({ producerId, producerEpoch, baseSequence: 1 }))).errorCode).toBe(
        errors.INVALID_TXN_STATE,
      )
    })

    it('a transaction that is open too long is aborted and its producer fenced', async () => {
      const wire = await open()
      const { topic, add, put, end } = await begin(wire, 1000)
      await add()
      await put(0, 'late')
      await until(async () => (await endOffset(wire, topic, 0, 1)) === 2, 40_000)
      expect(await end(true)).toBe(errors.PRODUCER_FENCED)
    })

    it('offsets in a transaction count from its commit on', async () => {
      const wire = await open()
      const { transactionalId, topic, producerId, producerEpoch, end } = await begin(wire)
      const groupId = unique('g')
      await coordinator(wire, groupId)
      const commit = async (committedOffset: number): Promise<number> => {
        const partitions = [{ index: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: 'in tx' }]
        const request = { transactionalId, groupId, producerId, producerEpoch, topics: [{ name: topic, partitions }] }
        return (await wire.call(txnOffsetCommit, 2, request)).topics[0]!.partitions[0]!.errorCode
      }
      const committed = async () => {
        const answer = await wire.call(offsetFetch, 5, { groupId, topics: [{ name: topic, partitions: [0] }] })
        return answer.topics[0]!.partitions[0]!.committedOffset
      }
      const addOffsets = async () => {
        for (;;) {
          const { errorCode } = await wire.call(addOffsetsToTxn, 2, { transactionalId, producerId, producerEpoch, groupId })
          if (errorCode !== errors.CONCURRENT_TRANSACTIONS) return errorCode
        }
      }
      expect(await addOffsets()).toBe(errors.NONE)
      expect(await commit(5)).toBe(errors.NONE)
      expect(await committed()).toBe(-1)
      await end(true)
      await until(async () => (await committed()) === 5)
      expect(await addOffsets()).toBe(errors.NONE)
      expect(await commit(9)).toBe(errors.NONE)
      await end(false)
      expect(await committed()).toBe(5)
    })
  })
}
