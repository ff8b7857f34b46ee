import { describe, expect, it } from 'vitest'
import { metadata } from '../../../lib/local/broker/apis/03-metadata.ts'
import { createTopics } from '../../../lib/local/broker/apis/19-create-topics.ts'
import { deleteTopics } from '../../../lib/local/broker/apis/20-delete-topics.ts'
import { deleteRecords } from '../../../lib/local/broker/apis/21-delete-records.ts'
import { createPartitions } from '../../../lib/local/broker/apis/37-create-partitions.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { batch, values } from './batches.ts'
import { endOffset, fetchFrom, lookUp, newTopic, readValues, send, until } from './steps.ts'
import { differs, unique, type Target } from './target.ts'
import type { Wire } from './wire.ts'

interface Wanted {
  name?: string
  numPartitions?: number
  replicationFactor?: number
  assignments?: { index: number; brokerIds: number[] }[]
  configs?: { name: string; value: string | null }[]
}

/** CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords. */
export function topicCases(target: Target, open: () => Promise<Wire>): void {
  const create = async (wire: Wire, wanted: Wanted, { version = 4, validateOnly = false } = {}) => {
    const topic = { name: unique('made'), numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...wanted }
    const { topics } = await wire.call(createTopics, version, { topics: [topic], timeoutMs: 10_000, validateOnly })
    return topics[0]!
  }
  const partitionsOf = async (wire: Wire, name: string): Promise<number> =>
    (await wire.call(metadata, 5, { topics: [name], allowAutoTopicCreation: false })).topics[0]!.partitions.length

  describe('topics', () => {
    it.each([0, 1, 2, 3, 4])('CreateTopics v%i makes a topic', async version => {
      const wire = await open()
      const { name, errorCode } = await create(wire, { numPartitions: 2 }, { version })
      expect(errorCode).toBe(errors.NONE)
      await until(async () => (await partitionsOf(wire, name)) === 2)
    })

    it.each<[string, Wanted, number]>([
      ['no partitions', { numPartitions: 0 }, errors.INVALID_PARTITIONS],
      ['-2 partitions', { numPartitions: -2 }, errors.INVALID_PARTITIONS],
      ['replication factor 0', { replicationFactor: 0 }, errors.INVALID_REPLICATION_FACTOR],
      ['replication factor 3 on one node', { replicationFactor: 3 }, errors.INVALID_REPLICATION_FACTOR],
      ['a bad name', { name: 'a/b' }, errors.INVALID_TOPIC_EXCEPTION],
      ['an empty name', { name: '' }, errors.INVALID_TOPIC_EXCEPTION],
      ['the name .', { name: '.' }, errors.INVALID_TOPIC_EXCEPTION],
      ['a name of 250 characters', { name: 'x'.repeat(250) }, errors.INVALID_TOPIC_EXCEPTION],
      ['an unknown config', { configs: [{ name: 'no.such.thing', value: '1' }] }, errors.INVALID_CONFIG],
      ['a config that is no number', { configs: [{ name: 'retention.ms', value: 'long' }] }, errors.INVALID_CONFIG],
      ['a config below its least value', { configs: [{ name: 'segment.bytes', value: '3' }] }, errors.INVALID_CONFIG],
      [
        'a config above its greatest value',
        { configs: [{ name: 'max.message.bytes', value: '99999999999' }] },
        errors.INVALID_CONFIG,
      ],
      [
        'a config that is none of the words',
        { configs: [{ name: 'message.timestamp.type', value: 'Never' }] },
        errors.INVALID_CONFIG,
      ],
      ['a config without a value', { configs: [{ name: 'retention.ms', value: null }] }, errors.INVALID_CONFIG],
      ['a bad cleanup.policy', { configs: [{ name: 'cleanup.policy', value: 'sometimes' }] }, errors.INVALID_CONFIG],
      ['partitions and assignments', { assignments: [{ index: 0, brokerIds: [0] }] }, errors.INVALID_REQUEST],
      [
        'assignments that do not begin with 0',
        { numPartitions: -1, replicationFactor: -1, assignments: [{ index: 1, brokerIds: [0] }] },
        errors.INVALID_REPLICA_ASSIGNMENT,
      ],
    ])('CreateTopics with %s is refused', async (_, wanted, errorCode) => {
      const wire = await open()
      const answer = await create(wire, wanted)
      expect(answer.errorCode, String(answer.errorMessage)).toBe(errorCode)
      expect(answer.errorMessage).toBeTruthy()
    })

    it('CreateTopics with cleanup.policy=compact', async () => {
      const wire = await open()
      const { errorCode } = await create(wire, { configs: [{ name: 'cleanup.policy', value: 'compact' }] })
      const why = 'the embedded broker has no log cleaner and says so'
      expect(errorCode).toBe(differs<number>(target, { embedded: errors.INVALID_CONFIG, real: errors.NONE, why }))
    })

    it('CreateTopics with assignments to an unknown node is refused', async () => {
      const wire = await open()
      const assignments = [{ index: 0, brokerIds: [7] }]
      const topics = [{ name: unique('made'), numPartitions: -1, replicationFactor: -1, assignments, configs: [] }]
      const answer = await wire.call(createTopics, 4, { topics, timeoutMs: 200, validateOnly: false })
      const why =
        'a controller on ZooKeeper waits for the node in vain: REQUEST_TIMED_OUT; KRaft refuses as the embedded broker does'
      expect(answer.topics[0]!.errorCode).toBe(
        differs<number>(target, { embedded: errors.INVALID_REPLICA_ASSIGNMENT, real: 7, why }),
      )
    })

    it('CreateTopics of one that exists: TOPIC_ALREADY_EXISTS', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      expect((await create(wire, { name })).errorCode).toBe(errors.TOPIC_ALREADY_EXISTS)
    })

    it('CreateTopics of one that differs by . and _ alone: INVALID_TOPIC_EXCEPTION', async () => {
      const wire = await open()
      const name = `${unique('dots')}.a`
      expect((await create(wire, { name })).errorCode).toBe(errors.NONE)
      await until(async () => (await partitionsOf(wire, name)) === 1)
      expect((await create(wire, { name: name.replace('.', '_') })).errorCode).toBe(errors.INVALID_TOPIC_EXCEPTION)
    })

    it('CreateTopics with one name twice: INVALID_REQUEST for each', async () => {
      const wire = await open()
      const topic = { name: unique('twice'), numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      const { topics } = await wire.call(createTopics, 4, { topics: [topic, topic], timeoutMs: 1000, validateOnly: false })
      const answer = { name: topic.name, errorCode: errors.INVALID_REQUEST }
      expect(topics).toMatchObject([answer, answer])
    })

    it('CreateTopics with -1 and -1 takes the defaults of the broker', async () => {
      const wire = await open()
      const { name, errorCode } = await create(wire, { numPartitions: -1, replicationFactor: -1 })
      expect(errorCode).toBe(errors.NONE)
      await until(async () => (await partitionsOf(wire, name)) === 3)
    })

    it('CreateTopics with assignments makes as many partitions', async () => {
      const wire = await open()
      const assignments = [0, 1].map(index => ({ index, brokerIds: [0] }))
      const { name, errorCode } = await create(wire, { numPartitions: -1, replicationFactor: -1, assignments })
      expect(errorCode).toBe(errors.NONE)
      await until(async () => (await partitionsOf(wire, name)) === 2)
    })

    it('CreateTopics with validateOnly makes nothing', async () => {
      const wire = await open()
      const { name, errorCode } = await create(wire, {}, { validateOnly: true })
      expect(errorCode).toBe(errors.NONE)
      expect(await endOffset(wire, name)).toBeUndefined()
    })

    it.each([0, 1, 2, 3])('DeleteTopics v%i removes a topic, its records too', async version => {
      const wire = await open()
      const name = await newTopic(wire)
      await send(wire, name, batch())
      const { responses } = await wire.call(deleteTopics, version, { topicNames: [name], timeoutMs: 10_000 })
      expect(responses).toEqual([{ name, errorCode: errors.NONE }])
      await until(async () => (await endOffset(wire, name)) === undefined)
      await until(async () => (await create(wire, { name })).errorCode === errors.NONE)
      await until(async () => (await endOffset(wire, name)) === 0)
    })

    it('DeleteTopics of an unknown one: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      const { responses } = await wire.call(deleteTopics, 3, { topicNames: [unique('none')], timeoutMs: 1000 })
      expect(responses[0]!.errorCode).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('CreatePartitions adds empty partitions', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      await send(wire, name, batch())
      const topics = [{ name, count: 3, assignments: null }]
      const { results } = await wire.call(createPartitions, 1, { topics, timeoutMs: 10_000, validateOnly: false })
      expect(results).toEqual([{ name, errorCode: errors.NONE, errorMessage: null }])
      await until(async () => (await endOffset(wire, name, 2)) === 0)
      expect(await endOffset(wire, name, 0)).toBe(1)
    })

    it.each<[string, number, { brokerIds: number[] }[] | null, number]>([
      ['as many as there are', 2, null, errors.INVALID_PARTITIONS],
      ['fewer', 1, null, errors.INVALID_PARTITIONS],
      ['none', 0, null, errors.INVALID_PARTITIONS],
      ['too few assignments', 4, [{ brokerIds: [0] }], errors.INVALID_REPLICA_ASSIGNMENT],
      ['an unknown node', 3, [{ brokerIds: [9] }], errors.INVALID_REPLICA_ASSIGNMENT],
    ])('CreatePartitions to %s is refused', async (_, count, assignments, errorCode) => {
      const wire = await open()
      const name = await newTopic(wire, { partitions: 2 })
      const topics = [{ name, count, assignments }]
      const { results } = await wire.call(createPartitions, 1, { topics, timeoutMs: 1000, validateOnly: false })
      expect(results[0]!.errorCode, String(results[0]!.errorMessage)).toBe(errorCode)
    })

    it('CreatePartitions of an unknown topic: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      const topics = [{ name: unique('none'), count: 3, assignments: null }]
      const { results } = await wire.call(createPartitions, 0, { topics, timeoutMs: 1000, validateOnly: false })
      expect(results[0]!.errorCode).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('CreatePartitions with validateOnly adds none', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      const topics = [{ name, count: 3, assignments: null }]
      const { results } = await wire.call(createPartitions, 1, { topics, timeoutMs: 1000, validateOnly: true })
      expect(results[0]!.errorCode).toBe(errors.NONE)
      expect(await partitionsOf(wire, name)).toBe(1)
    })

    const removeBefore = async (wire: Wire, name: string, offset: number, index = 0) => {
      const request = { topics: [{ name, partitions: [{ index, offset }] }], timeoutMs: 10_000 }
      return (await wire.call(deleteRecords, 1, request)).topics[0]!.partitions[0]!
    }

    it('DeleteRecords moves the start: earliest, fetch below it, what is left', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      for (let i = 0; i < 3; i++) await send(wire, name, batch({ records: values(2, `b${i}-`) }))
      expect(await removeBefore(wire, name, 3)).toEqual({ index: 0, lowWatermark: 3, errorCode: errors.NONE })
      expect((await lookUp(wire, name, -2)).offset).toBe(3)
      expect((await fetchFrom(wire, name, 2)).errorCode).toBe(errors.OFFSET_OUT_OF_RANGE)
      // the batch that holds offset 3 comes whole, the client skips what is before
      expect(await readValues(wire, name, 3)).toEqual(['b1-0', 'b1-1', 'b2-0', 'b2-1'])
      expect((await send(wire, name, batch())).logStartOffset).toBe(3)
    })

    it('DeleteRecords to -1 empties the partition', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      await send(wire, name, batch({ records: values(4) }))
      expect(await removeBefore(wire, name, -1)).toEqual({ index: 0, lowWatermark: 4, errorCode: errors.NONE })
      expect((await lookUp(wire, name, -2)).offset).toBe(4)
      expect(await readValues(wire, name, 4)).toEqual([])
    })

    it.each([
      ['beyond the end', 5, errors.OFFSET_OUT_OF_RANGE],
      ['below -1', -2, errors.OFFSET_OUT_OF_RANGE],
    ])('DeleteRecords to an offset %s is refused', async (_, offset, errorCode) => {
      const wire = await open()
      const name = await newTopic(wire)
      await send(wire, name, batch({ records: values(4) }))
      expect(await removeBefore(wire, name, offset)).toEqual({ index: 0, lowWatermark: -1, errorCode })
    })

    it('DeleteRecords to an offset before the start changes nothing', async () => {
      const wire = await open()
      const name = await newTopic(wire)
      await send(wire, name, batch({ records: values(4) }))
      await removeBefore(wire, name, 3)
      expect(await removeBefore(wire, name, 1)).toEqual({ index: 0, lowWatermark: 3, errorCode: errors.NONE })
    })

    it('DeleteRecords of an unknown partition: UNKNOWN_TOPIC_OR_PARTITION', async () => {
      const wire = await open()
      expect((await removeBefore(wire, await newTopic(wire), 0, 4)).errorCode).toBe(errors.UNKNOWN_TOPIC_OR_PARTITION)
    })
  })
}
