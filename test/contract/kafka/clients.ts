import { Kafka, logLevel, type Admin, type Consumer, type KafkaMessage } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './steps.ts'
import { unique, type Target } from './target.ts'

/** What kafkajs sees: whole journeys of producers, groups and administrators. */
export function clientCases(target: Target): void {
  describe('kafkajs', () => {
    let kafka: Kafka
    let admin: Admin
    beforeAll(async () => {
      const brokers = [`${target.host}:${target.port}`]
      kafka = new Kafka({
        clientId: 'contract',
        brokers,
        logLevel: logLevel.NOTHING,
        retry: { initialRetryTime: 50, retries: 10 },
      })
      admin = kafka.admin()
      await admin.connect()
    })
    afterAll(() => admin.disconnect())

    const topicOf = async (numPartitions = 3): Promise<string> => {
      const topic = unique('journey')
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
      return topic
    }
    const fill = async (topic: string, count: number, options: { idempotent?: boolean } = {}): Promise<void> => {
      const producer = kafka.producer({ ...options, maxInFlightRequests: 1 })
      await producer.connect()
      await producer.send({
        topic,
        messages: Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}`, headers: { n: String(i) } })),
      })
      await producer.disconnect()
    }
    const reader = async (
      topic: string,
      groupId: string,
      onMessage: (message: KafkaMessage, partition: number) => void,
    ): Promise<Consumer> => {
      const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, heartbeatInterval: 500, rebalanceTimeout: 4000 })
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({ eachMessage: async ({ message, partition }) => onMessage(message, partition) })
      return consumer
    }

    it.each([false, true])('what is produced is consumed (idempotent: %s)', async idempotent => {
      const topic = await topicOf()
      await fill(topic, 100, { idempotent })
      const got = new Map<string, string>()
      const consumer = await reader(topic, unique('g'), ({ key, value }) => got.set(String(key), String(value)))
      await until(async () => got.size === 100, 40_000)
      await consumer.disconnect()
      expect([...got].every(([key, value]) => key.slice(1) === value.slice(1))).toBe(true)
    })

    it('a group goes on where it stopped', async () => {
      const [topic, group] = [await topicOf(1), unique('g')]
      await fill(topic, 10)
      const first: string[] = []
      const one = await reader(topic, group, ({ offset }) => first.push(offset))
      await until(async () => first.length === 10, 40_000)
      await one.disconnect()
      await fill(topic, 5)
      const second: string[] = []
      const two = await reader(topic, group, ({ offset }) => second.push(offset))
      await until(async () => second.length === 5, 40_000)
      await two.disconnect()
      expect(second).toEqual(['10', '11', '12', '13', '14'])
    })

    it('two consumers share the partitions and take over from each other', async () => {
      const [topic, group] = [await topicOf(4), unique('g')]
      const got: [string, number, string][] = []
      const one = await reader(topic, group, (message, partition) => got.push(['one', partition, message.offset]))
      const two = await reader(topic, group, (message, partition) => got.push(['two', partition, message.offset]))
      await until(async () => (await admin.describeGroups([group])).groups[0]!.members.length === 2, 40_000)
      await until(async () => (await admin.describeGroups([group])).groups[0]!.state === 'Stable', 40_000)
      await fill(topic, 40)
      await until(async () => new Set(got.map(([, partition, offset]) => `${partition}/${offset}`)).size === 40, 40_000)
      expect(new Set(got.map(([who]) => who)).size).toBe(2)
      await two.disconnect()
      await fill(topic, 20)
      await until(async () => new Set(got.map(([, partition, offset]) => `${partition}/${offset}`)).size === 60, 40_000)
      await one.disconnect()
    })

    it('a committed transaction is read, an aborted one is not', async () => {
      const topic = await topicOf(1)
      const producer = kafka.producer({ transactionalId: unique('tx'), maxInFlightRequests: 1, idempotent: true })
      await producer.connect()
      for (const [value, commit] of [
        ['a', true],
        ['b', false],
        ['c', true],
      ] as const) {
        // prettier-ignore
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [{ value }] })
        await (commit ? transaction.commit() : transaction.abort())
      }
      await producer.disconnect()
      const got: string[] = []
      const consumer = await reader(topic, unique('g'), ({ value }) => got.push(String(value)))
      await until(async () => got.includes('c'), 40_000)
      await consumer.disconnect()
      expect(got).toEqual(['a', 'c'])
    })

    it('sendOffsets of a transaction moves the group', async () => {
      const [topic, group] = [await topicOf(1), unique('g')]
      await fill(topic, 5)
      const producer = kafka.producer({ transactionalId: unique('tx'), maxInFlightRequests: 1, idempotent: true })
      await producer.connect()
      const transaction = await producer.transaction()
      await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition: 0, offset: '3' }] }] })
      await transaction.commit()
      await producer.disconnect()
      await until(async () => (await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]!.partitions[0]?.offset === '3')
    })

    it('an administrator sees offsets, by time as well', async () => {
      const topic = await topicOf(1)
      await fill(topic, 7)
      expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '7', high: '7', low: '0' }])
      expect(await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() - 600_000)).toEqual([{ partition: 0, offset: '0' }])
      expect(await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() + 600_000)).toEqual([{ partition: 0, offset: '7' }])
    })

    it('an administrator moves a group and deletes it', async () => {
      const [topic, group] = [await topicOf(1), unique('g')]
      await fill(topic, 7)
      await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '4' }] })
      expect((await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]!.partitions).toMatchObject([
        { partition: 0, offset: '4' },
      ])
      expect(await admin.deleteGroups([group])).toMatchObject([{ groupId: group }])
      expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain(group)
    })
  })
}
