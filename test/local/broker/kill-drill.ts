import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { produce } from '../../../lib/local/broker/apis/00-produce.ts'
import { offsetCommit } from '../../../lib/local/broker/apis/08-offset-commit.ts'
import { offsetFetch } from '../../../lib/local/broker/apis/09-offset-fetch.ts'
import { batch } from '../../contract/kafka/batches.ts'
import { decode, fetchFrom, newProducer, newTopic } from '../../contract/kafka/steps.ts'
import { encodeRequest, Wire } from '../../contract/kafka/wire.ts'

export interface BrokerProcess {
  port: number
  child: ChildProcess
  lines: string[]
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
}

/** Starts a broker as a process and waits until it can be used. */
export function spawnBroker(dir: string, settings: string[] = []): Promise<BrokerProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'broker-process.ts'), dir, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the broker ended with ${code}: ${lines.join('\n')}`)))
    createInterface({ input: child.stdout! }).on('line', line => {
      if (line.startsWith('port ')) resolve({ port: Number(line.slice(5)), child, lines, kill })
      else lines.push(line)
    })
  })
}

/** One idempotent producer with up to five batches in flight: what was acknowledged, what must be sent again. */
interface Sender {
  index: number
  producerId: number
  /** Values sent for good, and those in flight. */
  acknowledged: number
  sent: number
}

const inFlight = 5
const partitions = 3

export interface DrillReport {
  kills: number
  acknowledged: number
  /** What the last kill left that had been acknowledged and is not there, or is there twice: both must be 0. */
  lost: number
  twice: number
  committed: number
  slowestStartMs: number
}

/** Produces and commits without a pause, kills the broker with -9 again and again, starts it, goes on; at the end counts. `random` in [0, 1). */
export async function killDrill({
  dir,
  kills,
  random,
}: {
  dir: string
  kills: number
  random: () => number
}): Promise<DrillReport> {
  let broker = await spawnBroker(dir)
  const first = await Wire.open({ host: '127.0.0.1', port: broker.port })
  const topic = await newTopic(first, { partitions })
  const senders: Sender[] = []
  for (let index = 0; index < partitions; index++)
    senders.push({ index, producerId: (await newProducer(first)).producerId, acknowledged: 0, sent: 0 })
  first.close()
  const offsets = { tried: 0, acknowledged: 0 }
  let slowestStartMs = 0
  for (let round = 0; round < kills; round++) {
    const until = { acknowledged: 20 + Math.floor(random() * 200) }
    const work = senders.map(sender => sendUntilKilled(broker.port, topic, sender, () => void until.acknowledged--))
    work.push(commitUntilKilled(broker.port, topic, offsets))
    while (until.acknowledged > 0) await new Promise(resolve => setTimeout(resolve, 1))
    await broker.kill()
    await Promise.all(work)
    const started = performance.now()
    broker = await spawnBroker(dir)
    slowestStartMs = Math.max(slowestStartMs, performance.now() - started)
  }
  const wire = await Wire.open({ host: '127.0.0.1', port: broker.port })
  const report = { kills, acknowledged: 0, lost: 0, twice: 0, committed: 0, slowestStartMs }
  for (const sender of senders) await count(wire, topic, sender, report)
  const { topics } = await wire.call(offsetFetch, 5, { groupId: 'drill', topics: [{ name: topic, partitions: [0] }] })
  const { committedOffset, metadata } = topics[0]!.partitions[0]!
  if (committedOffset < offsets.acknowledged || committedOffset > offsets.tried || metadata !== `at ${committedOffset}`) {
    throw new Error(`committed ${committedOffset} (${metadata}); acknowledged ${offsets.acknowledged}, tried ${offsets.tried}`)
  }
  report.committed = committedOffset
  wire.close()
  await broker.kill()
  return report
}

async function sendUntilKilled(port: number, topic: string, sender: Sender, onAcknowledged: () => void): Promise<void> {
  const wire = await Wire.open({ host: '127.0.0.1', port })
  const { index, producerId } = sender
  sender.sent = sender.acknowledged
  for (;;) {
    while (sender.sent < sender.acknowledged + inFlight) {
      const records = batch({
        producerId,
        producerEpoch: 0,
        baseSequence: sender.sent,
        records: [{ value: String(sender.sent) }],
      })
      const request = {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1000,
        topics: [{ name: topic, partitions: [{ index, records }] }],
      }
      wire.send(encodeRequest(produce, 8, request, sender.sent++))
    }
    const frame = await wire.receive()
    if (typeof frame === 'string') return wire.close()
    const errorCode = frame.readInt16BE(4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4)
    if (errorCode !== 0) throw new Error(`partition ${index}, record ${sender.acknowledged}: error ${errorCode}`)
    sender.acknowledged++
    onAcknowledged()
  }
}

async function commitUntilKilled(port: number, topic: string, offsets: { tried: number; acknowledged: number }): Promise<void> {
  const wire = await Wire.open({ host: '127.0.0.1', port })
  try {
    for (;;) {
      const committedOffset = ++offsets.tried
      const partition = {
        index: 0,
        committedOffset,
        committedLeaderEpoch: -1,
        commitTimestamp: -1,
        committedMetadata: `at ${committedOffset}`,
      }
      const request = {
        groupId: 'drill',
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [{ name: topic, partitions: [partition] }],
      }
      const answer = await wire.call(offsetCommit, 7, request)
      if (answer.topics[0]!.partitions[0]!.errorCode === 0) offsets.acknowledged = committedOffset
    }
  } catch {
    wire.close()
  }
}

async function count(wire: Wire, topic: string, sender: Sender, report: DrillReport): Promise<void> {
  const seen = new Map<number, number>()
  for (let offset = 0; ;) {
    const { records, highWatermark } = await fetchFrom(wire, topic, offset, { index: sender.index })
    for (const { header, records: rows } of decode(records)) {
      for (const { value } of rows) seen.set(Number(value), (seen.get(Number(value)) ?? 0) + 1)
      offset = header.lastOffset + 1
    }
    if (offset >= highWatermark) break
  }
  report.acknowledged += sender.acknowledged
  for (let value = 0; value < sender.acknowledged; value++) if (!seen.has(value)) report.lost++
  for (const times of seen.values()) if (times > 1) report.twice++
}

/** Small and seeded (mulberry32): the same seed gives the same drill. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
