import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Api } from '../../../lib/local/broker/apis/api.ts'
import { createTopics } from '../../../lib/local/broker/apis/19-create-topics.ts'
import { addPartitionsToTxn } from '../../../lib/local/broker/apis/24-add-partitions-to-txn.ts'
import { apis } from '../../../lib/local/broker/apis/index.ts'
import { errors } from '../../../lib/local/broker/errors.ts'
import { Reader } from '../../../lib/local/broker/wire/reader.ts'
import { Writer } from '../../../lib/local/broker/wire/writer.ts'
import { joinTwice, newProducer, send, sync } from '../../contract/kafka/steps.ts'
import { batch } from '../../contract/kafka/batches.ts'
import { frame, type Wire } from '../../contract/kafka/wire.ts'
import { labBroker } from './lab-broker.ts'

interface Pair {
  lib: string
  from: string
  key: number
  version: number
  request: string
  response: string
}

const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'kafka', 'wire.json')
const pairs = JSON.parse(readFileSync(fixture, 'utf8')) as Pair[]
const served = ({ key, version }: Pair): Api | undefined => apis.find(api => api.key === key && version <= api.versions[1])
const within = pairs.filter(served)
const above = pairs.filter(pair => !served(pair) && pair.key !== 18)

function decodeRequest(pair: Pair): any {
  const reader = new Reader(Buffer.from(pair.request, 'hex'), 8)
  reader.nullableString()
  const request = served(pair)!.request.read(reader, pair.version)
  expect(reader.remaining).toBe(0)
  return request
}

function decodeResponse(pair: Pair): any {
  const reader = new Reader(Buffer.from(pair.response, 'hex'), 4)
  const response = served(pair)!.response.read(reader, pair.version)
  expect(reader.remaining).toBe(0)
  return response
}

/** Fields that tell of ids, offsets and times: they differ from run to run. */
const volatile = new Set(['memberId', 'leader', 'producerId', 'port', 'clusterId', 'baseOffset', 'offset', 'highWatermark', 'lastStableOffset', 'logStartOffset', 'records', 'lowWatermark', 'timestamp', 'committedOffset', 'topicCount']) // prettier-ignore

function steady(value: any): any {
  if (Buffer.isBuffer(value)) return `${value.length > 0}`
  if (Array.isArray(value)) return value.map(steady)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, volatile.has(name) ? '*' : steady(field)]))
}

/** Brings a broker to where the captured one was, and puts this run's ids into the request. */
async function prepare(wire: Wire, { key, version }: Pair, request: any): Promise<any> {
  const topics = ['stocks', 'ckt'].map(name => ({ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }))
  if (key !== 19) await wire.call(createTopics, 4, { topics: key === 3 ? [] : topics, timeoutMs: 1000, validateOnly: false })
  if (key === 1 || key === 2 || key === 21)
    for (const index of [0, 1, 2]) for (let i = 0; i < 5; i++) await send(wire, 'stocks', batch(), { index })
  if (key === 8 || key === 12 || key === 13 || key === 14) {
    const member = await joinTwice(wire, request.groupId, { protocols: ['RoundRobinAssigner'] })
    if (key !== 14) await sync(wire, request.groupId, member, [member.memberId])
    const { memberId, generationId } = member
    const assignments = request.assignments?.map((row: object) => ({ ...row, memberId }))
    return {
      ...request,
      memberId,
      generationId,
      assignments,
      members: request.members?.map((row: object) => ({ ...row, memberId })),
    }
  }
  if (key === 15 || key === 16 || key === 42) {
    const member = await joinTwice(wire, 'g1-stocks')
    await sync(wire, 'g1-stocks', member, [])
    await wire.call(
      apis.find(api => api.key === 13)!,
      1,
      { groupId: 'g1-stocks', memberId: member.memberId },
    )
  }
  if (key === 24 || key === 26) {
    const { producerId, producerEpoch } = await newProducer(wire, request.transactionalId)
    const adapted = { ...request, producerId, producerEpoch }
    const added = [{ name: 'stocks', partitions: [0] }]
    if (key === 26) await wire.call(addPartitionsToTxn, version, { ...adapted, topics: added })
    return adapted
  }
  return request
}

/** Where this broker may say something else. */
function settle({ key }: Pair, theirs: any, ours: any): void {
  // a real broker is still loading its coordinator when the first producer asks
  if (key === 22 && theirs.errorCode === 14) Object.assign(theirs, { errorCode: errors.NONE, producerEpoch: 0 })
  if (key === 18) theirs.apiKeys = ours.apiKeys
  if (key === 32) {
    const known = new Set(ours.results[0].configs.map(({ name }: { name: string }) => name))
    for (const { configs } of [theirs.results[0], ours.results[0]]) configs.sort((a: any, b: any) => (a.name < b.name ? -1 : 1))
    theirs.results[0].configs = theirs.results[0].configs.filter(({ name }: { name: string }) => known.has(name))
    for (const { configs } of [theirs.results[0], ours.results[0]]) for (const config of configs) if (config.name === 'message.downconversion.enable') Object.assign(config, { value: '', synonyms: [], configSource: 0 }) // prettier-ignore
  }
}

describe('captured frames', () => {
  it('there are 32 within the advertised versions', () => {
    expect(within).toHaveLength(32)
  })

  it.each(within)('$lib: key $key v$version is read and written back byte by byte', pair => {
    const writer = new Writer()
    served(pair)!.request.write(writer, decodeRequest(pair), pair.version)
    expect(pair.request.endsWith(writer.toBuffer().toString('hex'))).toBe(true)
    const answer = new Writer()
    served(pair)!.response.write(answer, decodeResponse(pair), pair.version)
    expect(answer.toBuffer().toString('hex')).toBe(pair.response.slice(8))
  })

  it.each(within)('$lib: key $key v$version is answered as the real broker did', async pair => {
    const broker = await labBroker()
    const wire = await broker.open()
    const request = await prepare(wire, pair, decodeRequest(pair))
    const ours = await wire.call(served(pair)!, pair.version, request)
    const theirs = decodeResponse(pair)
    settle(pair, theirs, ours)
    expect(steady(ours)).toEqual(steady(theirs))
  })

  it('those above what is served close the connection, and a line says which they were', async () => {
    const broker = await labBroker()
    expect(above.length).toBeGreaterThan(50)
    for (const pair of above) {
      const wire = await broker.open()
      wire.send(frame(pair.request))
      expect(await wire.receive(), `key ${pair.key} version ${pair.version}`).toBe('closed')
      expect(broker.lines.at(-1)).toContain(`key ${pair.key} version ${pair.version}`)
    }
  })

  it.each(pairs.filter(pair => pair.key === 18 && !served(pair)))(
    '$lib: ApiVersions v$version is told to ask again',
    async pair => {
      const wire = await (await labBroker()).open()
      wire.send(frame(pair.request))
      const answer = (await wire.receive()) as Buffer
      expect(answer.readInt16BE(4)).toBe(errors.UNSUPPORTED_VERSION)
    },
  )
})
