import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { metadata } from '../../../lib/local/broker/apis/03-metadata.ts'
import { offsetCommit } from '../../../lib/local/broker/apis/08-offset-commit.ts'
import { offsetFetch } from '../../../lib/local/broker/apis/09-offset-fetch.ts'
import { heartbeat } from '../../../lib/local/broker/apis/12-heartbeat.ts'
import { addPartitionsToTxn } from '../../../lib/local/broker/apis/24-add-partitions-to-txn.ts'
import { endTxn } from '../../../lib/local/broker/apis/26-end-txn.ts'
import { describeConfigs } from '../../../lib/local/broker/apis/32-describe-configs.ts'
import { deleteRecords } from '../../../lib/local/broker/apis/21-delete-records.ts'
import { startBroker } from '../../../lib/local/broker/server.ts'
import { batch, values } from '../../contract/kafka/batches.ts'
import {
  endOffset,
  fetchFrom,
  lookUp,
  newProducer,
  newTopic,
  readValues,
  send,
  stableGroup,
  until,
} from '../../contract/kafka/steps.ts'
import { frame } from '../../contract/kafka/wire.ts'
import { labBroker, temporaryFolder } from './lab-broker.ts'

describe('a restart', () => {
  it('keeps topics, configs, records, the cluster id and the start of the log', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire, { partitions: 2, configs: { 'retention.ms': '-1' } })
    for (let i = 0; i < 5; i++) await send(wire, topic, batch({ records: values(2, `b${i}-`) }), { index: 1 })
    await wire.call(deleteRecords, 1, { topics: [{ name: topic, partitions: [{ index: 1, offset: 3 }] }], timeoutMs: 1000 })
    const { clusterId } = await wire.call(metadata, 5, { topics: [], allowAutoTopicCreation: false })
    const again = await (await broker.restart()).open()
    expect((await again.call(metadata, 5, { topics: [], allowAutoTopicCreation: false })).clusterId).toBe(clusterId)
    expect([await endOffset(again, topic, 0), await endOffset(again, topic, 1)]).toEqual([0, 10])
    expect((await lookUp(again, topic, -2, { index: 1 })).offset).toBe(3)
    expect((await readValues(again, topic, 4, { index: 1 })).at(-1)).toBe('b4-1')
    const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }]
    const { results } = await again.call(describeConfigs, 1, { resources, includeSynonyms: false })
    expect(results[0]!.configs[0]!.value).toBe('-1')
  })

  it('keeps committed offsets with metadata, members and their generation', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire)
    const { groupId, memberId, generationId } = await stableGroup(wire)
    const partition = {
      index: 0,
      committedOffset: 7,
      committedLeaderEpoch: 0,
      commitTimestamp: -1,
      committedMetadata: 'objekt+0+7 é',
    }
    await wire.call(offsetCommit, 7, {
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      topics: [{ name: topic, partitions: [partition] }],
    })
    const again = await (await broker.restart()).open()
    const { topics } = await again.call(offsetFetch, 5, { groupId, topics: null })
    expect(topics[0]!.partitions[0]).toMatchObject({ committedOffset: 7, committedLeaderEpoch: 0, metadata: 'objekt+0+7 é' })
    expect((await again.call(heartbeat, 3, { groupId, generationId, memberId, groupInstanceId: null })).errorCode).toBe(0)
  })

  it('keeps what it knows of idempotent producers, and never gives a producer id twice', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire)
    const { producerId } = await newProducer(wire)
    const put = (on: typeof wire, baseSequence: number) => send(on, topic, batch({ producerId, producerEpoch: 0, baseSequence }))
    for (let i = 0; i < 7; i++) await put(wire, i)
    const again = await (await broker.restart()).open()
    for (let i = 2; i < 7; i++) expect(await put(again, i)).toMatchObject({ errorCode: 0, baseOffset: i })
    expect((await put(again, 9)).errorCode).toBe(45)
    expect(await put(again, 7)).toMatchObject({ errorCode: 0, baseOffset: 7 })
    expect((await newProducer(again)).producerId).toBeGreaterThan(producerId)
  })

  it('keeps open transactions open and aborted ones aborted', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire)
    const { producerId, producerEpoch } = await newProducer(wire, 'tx')
    const who = { transactionalId: 'tx', producerId, producerEpoch }
    const topics = [{ name: topic, partitions: [0] }]
    const put = (on: typeof wire, baseSequence: number) =>
      send(on, topic, batch({ producerId, producerEpoch, baseSequence, transactional: true }), { transactionalId: 'tx' })
    await wire.call(addPartitionsToTxn, 2, { ...who, topics })
    await put(wire, 0)
    await wire.call(endTxn, 2, { ...who, committed: false })
    await wire.call(addPartitionsToTxn, 2, { ...who, topics })
    await put(wire, 1)
    const again = await (await broker.restart()).open()
    expect(await endOffset(again, topic, 0, 1)).toBe(2)
    expect((await fetchFrom(again, topic, 0, { isolationLevel: 1 })).abortedTransactions).toEqual([
      { producerId, firstOffset: 0 },
    ])
    expect((await put(again, 2)).errorCode).toBe(0)
    expect((await again.call(endTxn, 2, { ...who, committed: true })).errorCode).toBe(0)
    expect(await endOffset(again, topic, 0, 1)).toBe(5)
  })

  it('lets kafkajs go on with its group', async () => {
    const broker = await labBroker()
    const journey = async (port: number, from: number): Promise<string[]> => {
      const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
      const producer = kafka.producer()
      await producer.connect()
      await producer.send({ topic: 'quotes', messages: [0, 1, 2].map(i => ({ value: `v${from + i}` })) })
      await producer.disconnect()
      const consumer = kafka.consumer({ groupId: 'sink', maxWaitTimeInMs: 100 })
      const got: string[] = []
      await consumer.connect()
      await consumer.subscribe({ topics: ['quotes'], fromBeginning: true })
      await new Promise<void>(resolve => {
        void consumer.run({ eachMessage: async ({ message }) => void (got.push(String(message.value)) === 3 && resolve()) })
      })
      await consumer.disconnect()
      return got
    }
    await newTopic(await broker.open())
    const properties = { 'auto.create.topics.enable': 'true', 'num.partitions': '1' }
    const first = await broker.restart(properties)
    expect(await journey(first.port, 0)).toEqual(['v0', 'v1', 'v2'])
    expect(await journey((await first.restart(properties)).port, 3)).toEqual(['v3', 'v4', 'v5'])
  })
})

describe('the folder', () => {
  it("has Kafka's layout", async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire, { configs: { 'segment.bytes': '300' } })
    for (let i = 0; i < 5; i++) await send(wire, topic, batch({ records: values(5) }))
    await broker.close()
    expect(readdirSync(join(broker.dir, `${topic}-0`)).filter(name => name.endsWith('.log'))).toEqual([0, 10, 20].map(at => `${String(at).padStart(20, '0')}.log`)) // prettier-ignore
    expect(readFileSync(join(broker.dir, 'recovery-point-offset-checkpoint'), 'utf8')).toBe(`0\n1\n${topic} 0 25\n`)
    expect(readFileSync(join(broker.dir, 'meta.properties'), 'utf8')).toMatch(
      /^version=0\nbroker\.id=0\ncluster\.id=[\w-]{22}\n$/,
    )
  })

  it('is locked against a second broker, and free again after close', async () => {
    const broker = await labBroker()
    await expect(startBroker({ dir: broker.dir })).rejects.toThrow(`broker folder ${broker.dir}: another broker is using it`)
    await broker.restart()
  })

  it('forgets a deleted topic and what is left of its files', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire)
    await send(wire, topic, batch())
    await broker.close()
    rmSync(join(broker.dir, 'topics.json'))
    const again = await labBroker({ dir: broker.dir })
    const kafka = new Kafka({ brokers: [`127.0.0.1:${again.port}`], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '0' }])
    await admin.disconnect()
  })
})

describe('startBroker', () => {
  it('a port in use is EADDRINUSE, and the folder is free again', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const dir = temporaryFolder()
    await expect(startBroker({ dir, port })).rejects.toMatchObject({ code: 'EADDRINUSE', port })
    server.close()
    await labBroker({ dir })
  })

  it.each([
    ['num.partition', '3', 'broker property num.partition: unknown'],
    ['log.retention.mss', '3', 'similar ones are'],
    ['num.partitions', '0', 'Value must be at least 1'],
    ['num.partitions', 'three', 'Not a number of type INT'],
    ['auto.create.topics.enable', 'yes', 'either true or false'],
    ['log.cleanup.policy', 'compact', 'only delete is'],
  ])('property %s=%s is refused', async (name, value, message) => {
    await expect(startBroker({ dir: temporaryFolder(), properties: { [name]: value } })).rejects.toThrow(message)
  })

  it('properties act: auto creation, the number of partitions, hours of retention', async () => {
    const broker = await labBroker({
      properties: { 'auto.create.topics.enable': 'true', 'num.partitions': '5', 'log.retention.hours': '2' },
    })
    const wire = await broker.open()
    const { topics } = await wire.call(metadata, 5, { topics: ['made'], allowAutoTopicCreation: true })
    expect(topics[0]!.partitions).toHaveLength(5)
    const refused = await wire.call(metadata, 5, { topics: ['not-made'], allowAutoTopicCreation: false })
    expect(refused.topics[0]!.errorCode).toBe(3)
    const resources = [{ resourceType: 2, resourceName: 'made', configurationKeys: ['retention.ms'] }]
    const { results } = await wire.call(describeConfigs, 1, { resources, includeSynonyms: true })
    expect(results[0]!.configs[0]).toMatchObject({ value: '7200000', configSource: 4 })
  })

  it('retention acts while the broker runs', async () => {
    const wire = await (await labBroker({ properties: { 'log.retention.check.interval.ms': '50' } })).open()
    const topic = await newTopic(wire, { configs: { 'retention.ms': '60000' } })
    await send(wire, topic, batch({ timestamp: Date.now() - 120_000 }))
    await until(async () => (await lookUp(wire, topic, -2)).offset === 1)
    await send(wire, topic, batch())
    expect(await readValues(wire, topic, 1)).toEqual(['a'])
  })

  it('flush.messages=1 has each record on the disk before its answer', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire, { configs: { 'flush.messages': '1' } })
    for (let i = 1; i <= 3; i++) {
      await send(wire, topic, batch())
      expect(readFileSync(join(broker.dir, 'recovery-point-offset-checkpoint'), 'utf8')).toContain(`${topic} 0 ${i}\n`)
    }
  })

  it('a line says who sent garbage and why the connection was closed', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    wire.send(Buffer.from('GET / HTTP/1.1\r\n'))
    expect(await wire.receive()).toBe('closed')
    const other = await broker.open()
    other.send(frame('0003', '0001', '00000001', 'ffff', '7fffffff'))
    expect(await other.receive()).toBe('closed')
    expect(broker.lines[0]).toMatch(
      /^connection 127\.0\.0\.1:\d+ closed: a frame of 1195725856 bytes; 0 to 104857600 are accepted$/,
    )
    expect(broker.lines[1]).toMatch(/^connection 127\.0\.0\.1:\d+ closed: Metadata v1: an array of 2147483647 elements/)
  })

  it('queued.max.request.bytes bounds what unfinished requests of all connections take', async () => {
    const broker = await labBroker({ properties: { 'queued.max.request.bytes': '1000000' } })
    const [first, second] = [await broker.open(), await broker.open()]
    const unfinished = Buffer.alloc(700_000)
    unfinished.writeInt32BE(50_000_000)
    first.send(unfinished)
    await until(async () => (await first.receive(50)) === 'nothing')
    second.send(unfinished)
    const answers = [await second.receive(5000), await first.receive(50)]
    expect(answers.sort()).toEqual(['closed', 'nothing'])
    expect(broker.lines.join()).toContain('more than queued.max.request.bytes (1000000)')
    first.close()
    second.close()
    expect(await endOffset(await broker.open(), 'none')).toBeUndefined()
  })

  it('a damaged topics.json is an error that names the file', async () => {
    const dir = temporaryFolder()
    writeFileSync(join(dir, 'topics.json'), '{"version":9}')
    await expect(startBroker({ dir })).rejects.toThrow('topics.json: version 9 where 1 is expected')
  })
})

describe('a machine that went down', () => {
  it('makes the broker check its logs from their beginning', async () => {
    const broker = await labBroker()
    const wire = await broker.open()
    const topic = await newTopic(wire)
    for (let i = 0; i < 12; i++) await send(wire, topic, batch({ records: [{ value: 'x'.repeat(700_000) }] }))
    await broker.close()
    const path = join(broker.dir, `${topic}-0`, '00000000000000000000.log')
    const bytes = readFileSync(path)
    bytes[500]! ^= 1
    writeFileSync(path, bytes)
    writeFileSync(join(broker.dir, 'boot-id'), 'another boot')
    const again = await labBroker({ dir: broker.dir })
    expect(again.lines[0]).toContain('the machine went down while the broker ran')
    expect(again.lines[1]).toContain('is damaged from byte 0')
    expect((await fetchFrom(await again.open(), topic, 0)).errorCode).toBe(2)
    expect((await fetchFrom(await again.open(), topic, 1)).errorCode).toBe(0)
  })
})
