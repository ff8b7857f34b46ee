import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeGroups } from '../../../lib/local/broker/apis/15-describe-groups.ts'
import { batch } from '../../contract/kafka/batches.ts'
import { newTopic, send, until } from '../../contract/kafka/steps.ts'
import { unique } from '../../contract/kafka/target.ts'
import { Wire } from '../../contract/kafka/wire.ts'

export interface RebalanceReport {
  rounds: number
  produced: number
  /** Records that nobody read. */
  lost: number
  /** Records read again although a commit had passed them. */
  readAgain: number
  /** Joins that were answered, over all consumers. */
  joins: number
}

const partitions = 6

/** Each round: three consumers share a topic that is being written; one is killed with -9, one leaves, the third goes on into the next round. */
export async function rebalanceDrill(port: number, rounds: number): Promise<RebalanceReport> {
  const wire = await Wire.open({ host: '127.0.0.1', port })
  const writer = await Wire.open({ host: '127.0.0.1', port })
  const [topic, group] = [await newTopic(wire, { partitions }), unique('drill')]
  const report: RebalanceReport = { rounds, produced: 0, lost: 0, readAgain: 0, joins: 0 }
  const read = new Set<string>()
  const committed = new Map<string, number>()
  const onLine = (line: string): void => {
    const [what, partition, offset] = line.split(' ')
    if (what === 'joined') report.joins++
    if (what === 'committed') committed.set(partition!, Math.max(Number(offset), committed.get(partition!) ?? 0))
    if (what !== 'read') return
    if (Number(offset) < (committed.get(partition!) ?? 0)) report.readAgain++
    read.add(`${partition} ${offset}`)
  }
  const members = async (): Promise<number> => {
    const { groups } = await wire.call(describeGroups, 2, { groups: [group] })
    return groups[0]!.groupState === 'Stable' ? groups[0]!.members.length : 0
  }
  const writing = { on: true }
  const produced = write(writer, topic, writing)
  let consumers: ChildProcess[] = []
  for (let round = 0; round < rounds; round++) {
    while (consumers.length < 3) consumers.push(consumer(port, topic, group, onLine))
    await until(async () => (await members()) === 3, 60_000)
    await sleep(200)
    consumers[0]!.kill('SIGKILL')
    consumers[1]!.kill('SIGTERM')
    consumers = consumers.slice(2)
    await until(async () => (await members()) === 1, 60_000)
  }
  writing.on = false
  report.produced = await produced
  await until(async () => read.size >= report.produced, 30_000).catch(() => {})
  for (const child of consumers) child.kill('SIGKILL')
  report.lost = report.produced - read.size
  wire.close()
  writer.close()
  return report
}

function consumer(port: number, topic: string, group: string, onLine: (line: string) => void): ChildProcess {
  const args = [join(import.meta.dirname, 'consumer-process.ts'), String(port), topic, group]
  const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout! }).on('line', onLine)
  return child
}

async function write(wire: Wire, topic: string, writing: { on: boolean }): Promise<number> {
  let count = 0
  while (writing.on) {
    await send(wire, topic, batch(), { index: count++ % partitions })
    await sleep(2)
  }
  return count
}
