import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { startRealKafka, toolCommand, type KafkaTool } from '../helpers/real-kafka.ts'
import { spawnBroker } from '../local/broker/kill-drill.ts'

/** The embedded broker beside a real Kafka 3.9.2, in the same run: `node test/bench/broker.ts [RUNS] [RECORDS]`. Both in processes of their own; medians. */
const runs = Number(process.argv[2] ?? 5)
const records = Number(process.argv[3] ?? 200_000)
const value = JSON.stringify({ symbol: 'NYA', open: 1234.5, note: 'x'.repeat(150) })

interface Peer {
  name: string
  port: number
  pid: number
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const status = (pid: number, field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
const residentMiB = (pid: number): number => status(pid, 'VmRSS') / 1024
const cpuTicks = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}

const kafkaOf = ({ port }: Peer): Kafka =>
  new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, retry: { retries: 20 } })

async function newTopic(peer: Peer): Promise<string> {
  const topic = `bench-${Math.random().toString(36).slice(2)}`
  const admin = kafkaOf(peer).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}

/** kafkajs: batches of 1,000 records of 190 B, acks all. Records in a second. */
async function batched(peer: Peer, topic: string): Promise<number> {
  const producer = kafkaOf(peer).producer()
  await producer.connect()
  const messages = Array.from({ length: 1000 }, (_, i) => ({ key: `k${i % 7}`, value }))
  const started = performance.now()
  for (let sent = 0; sent < records; sent += 1000) await producer.send({ topic, messages, acks: -1 })
  const seconds = (performance.now() - started) / 1000
  await producer.disconnect()
  return records / seconds
}

async function single(peer: Peer, topic: string): Promise<number> {
  const producer = kafkaOf(peer).producer()
  await producer.connect()
  const count = 2000
  const started = performance.now()
  for (let i = 0; i < count; i++) await producer.send({ topic, messages: [{ value }], acks: -1 })
  const seconds = (performance.now() - started) / 1000
  await producer.disconnect()
  return count / seconds
}

async function consume(peer: Peer, topic: string): Promise<number> {
  const consumer = kafkaOf(peer).consumer({ groupId: `g-${Math.random()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  let started = 0
  let count = 0
  const rate = await new Promise<number>(resolve => {
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        started ||= performance.now()
        if ((count += batch.messages.length) >= records) resolve((count / (performance.now() - started)) * 1000)
      },
    })
  })
  await consumer.disconnect()
  return rate
}

function java(tool: KafkaTool, args: string[]): Promise<string> {
  return new Promise(resolve => {
    const child = spawn('java', toolCommand(tool, args).filter(flag => flag !== '-XX:TieredStopAtLevel=1'), { stdio: ['ignore', 'pipe', 'ignore'] }) // prettier-ignore
    let out = ''
    child.stdout.on('data', chunk => (out += chunk))
    child.on('exit', () => resolve(out.trim().split('\n').at(-1)!))
  })
}

async function javaProduce({ port }: Peer, topic: string): Promise<number> {
  const props = [`bootstrap.servers=127.0.0.1:${port}`, 'acks=all']
  const args = [
    '--topic',
    topic,
    '--num-records',
    String(records * 2),
    '--record-size',
    '190',
    '--throughput',
    '-1',
    '--producer-props',
    ...props,
  ]
  return Number(/([\d.]+) records\/sec/.exec(await java('kafka-producer-perf-test', args))![1])
}

async function javaConsume({ port }: Peer, topic: string): Promise<number> {
  const args = ['--bootstrap-server', `127.0.0.1:${port}`, '--topic', topic, '--messages', String(records * 2)]
  return Number((await java('kafka-consumer-perf-test', args)).split(', ')[9])
}

async function compare(
  name: string,
  peers: [Peer, Peer],
  run: (peer: Peer, topic: string) => Promise<number>,
  topics: string[][],
): Promise<void> {
  const rates: [number[], number[]] = [[], []]
  for (let i = 0; i < runs; i++) {
    for (const side of [0, 1] as const) {
      const topic = topics[side]![i] ?? (topics[side]![i] = await newTopic(peers[side]))
      rates[side].push(await run(peers[side], topic))
    }
  }
  const [ours, theirs] = [median(rates[0]), median(rates[1])]
  console.log(
    `${name.padEnd(34)} ${ours.toFixed(0).padStart(9)} ${theirs.toFixed(0).padStart(9)}   ${(ours / theirs).toFixed(2)}`,
  )
}

async function idle(peers: [Peer, Peer]): Promise<void> {
  const before = peers.map(({ pid }) => cpuTicks(pid))
  await sleep(30_000)
  const [ours, theirs] = peers.map(({ pid }, i) => (cpuTicks(pid) - before[i]!) / 30)
  console.log(`${'idle CPU, % of a core'.padEnd(34)} ${ours!.toFixed(2).padStart(9)} ${theirs!.toFixed(2).padStart(9)}`)
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'))
  const started = performance.now()
  const ours = await spawnBroker(dir)
  const oursMs = performance.now() - started
  const again = performance.now()
  const theirs = await startRealKafka()
  const theirsMs = performance.now() - again
  const peers: [Peer, Peer] = [
    { name: 'embedded', port: ours.port, pid: ours.child.pid! },
    { name: 'real', port: theirs.port, pid: theirs.pid },
  ]
  console.log(`${''.padEnd(34)} ${'embedded'.padStart(9)} ${'real'.padStart(9)}   ratio`)
  console.log(
    `${'start to first answer, ms'.padEnd(34)} ${oursMs.toFixed(0).padStart(9)} ${theirsMs.toFixed(0).padStart(9)} (ZooKeeper included)`,
  )
  const byKafkajs: string[][] = [[], []]
  await compare('kafkajs, 1,000 x 190 B, records/s', peers, batched, byKafkajs)
  await compare('kafkajs, single sends/s', peers, single, [[], []])
  await compare('kafkajs, consumed records/s', peers, consume, byKafkajs)
  const byJava: string[][] = [[], []]
  await compare('producer-perf-test, records/s', peers, javaProduce, byJava)
  await compare('consumer-perf-test, records/s', peers, javaConsume, byJava)
  await idle(peers)
  console.log(
    `${'resident, MiB'.padEnd(34)} ${residentMiB(peers[0].pid).toFixed(0).padStart(9)} ${residentMiB(peers[1].pid).toFixed(0).padStart(9)}`,
  )
  await ours.kill()
  await theirs.close()
  rmSync(dir, { recursive: true, force: true })
}
void main()
