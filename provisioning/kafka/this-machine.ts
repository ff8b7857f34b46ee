import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../lib/config.ts'
import { LabError } from '../../lib/errors.ts'
import { quote } from '../host/script.ts'
import { LocalCluster } from './cluster.ts'
import { findJava } from './java.ts'
import { installRelease, readRelease } from './releases.ts'

export interface UpOptions {
  brokers: 1 | 3
  kraft: boolean
  /** Kafka's version; the data file's default when not given. */
  version?: string
  /** Data file with versions, addresses and sums; `provisioning/kafka.json` when not given. */
  releases?: string
}

interface Shape {
  brokers: number
  kraft: boolean
  version: string
}

/** The folder of real Kafka on this machine; each shape of cluster (1 or 3 brokers, with ZooKeeper or KRaft) has its own data in it. */
export const kafkaDir = (): string => join(loadConfig().dir, 'kafka')

const shapeFile = (): string => join(kafkaDir(), 'cluster.json')
const shapeName = ({ brokers, kraft }: Shape): string => `${kraft ? 'kraft' : 'zookeeper'}-${brokers}`

/** `kafka up`: Kafka on this machine as plain processes. Run again it starts only what does not run. */
export async function up(options: UpOptions, say = console.log): Promise<LocalCluster> {
  const java = findJava()
  const release = await readRelease(options.version, options.releases)
  const shape: Shape = { brokers: options.brokers, kraft: options.kraft, version: release.version }
  await refuseAnother(shape)
  const home = await installRelease(release, kafkaDir(), say)
  const cluster = await openShape(shape, home, java)
  writeFileSync(shapeFile(), JSON.stringify(shape))
  const began = performance.now()
  const started = await cluster.start()
  say(
    started.length
      ? `started ${started.join(', ')} in ${((performance.now() - began) / 1000).toFixed(1)} s`
      : 'already running, 0 changed',
  )
  const settings = join(kafkaDir(), 'kafka.env')
  writeFileSync(settings, `export LAB_KAFKA=${cluster.bootstrap.join(',')}\n`, { mode: 0o600 })
  say(`Kafka ${release.version} answers on ${cluster.bootstrap.join(', ')}\nuse it: source ${quote(settings)}`)
  return cluster
}

/** `kafka status`: the services with pid and memory. Answers true when all of them run. */
export async function status(say = console.log): Promise<boolean> {
  const cluster = await current()
  if (!cluster) {
    say('no Kafka was started on this machine; start one: npx tickerlake kafka up')
    return false
  }
  const services = await cluster.status()
  for (const { name, pid, memoryMiB, address } of services) {
    say(pid === undefined ? `${name} is down` : `${name} runs on ${address}, pid ${pid}, ${memoryMiB} MiB`)
  }
  return services.every(service => service.pid !== undefined)
}

/** `kafka down`: stops everything; the data stay unless `deleteData`. */
export async function down({ deleteData = false } = {}, say = console.log): Promise<void> {
  const cluster = await current()
  const stopped = cluster ? await cluster.stop() : []
  say(stopped.length ? `stopped ${stopped.join(', ')}` : 'nothing runs')
  rmSync(join(kafkaDir(), 'kafka.env'), { force: true })
  if (!deleteData) return
  for (const brokers of [1, 3])
    for (const kraft of [false, true])
      rmSync(join(kafkaDir(), shapeName({ brokers, kraft, version: '' })), { recursive: true, force: true })
  rmSync(shapeFile(), { force: true })
  say('deleted its data')
}

/** The cluster that was started last, or undefined. */
export async function current(): Promise<LocalCluster | undefined> {
  if (!existsSync(shapeFile())) return undefined
  const shape = JSON.parse(readFileSync(shapeFile(), 'utf8')) as Shape
  return openShape(shape, kafkaDir(), 'java')
}

function openShape(shape: Shape, home: string, java: string): Promise<LocalCluster> {
  const dir = join(kafkaDir(), shapeName(shape))
  mkdirSync(dir, { recursive: true })
  return LocalCluster.open({ dir, home, java, brokers: shape.brokers, kraft: shape.kraft })
}

async function refuseAnother(shape: Shape): Promise<void> {
  const cluster = await current()
  if (!cluster || shapeName({ ...cluster.spec, version: '' }) === shapeName(shape)) return
  const running = (await cluster.status()).some(service => service.pid !== undefined)
  if (running)
    throw new LabError(
      'RUNNING',
      `Kafka: another cluster runs (${cluster.spec.brokers} brokers${cluster.spec.kraft ? ', KRaft' : ''}). First: npx tickerlake kafka down.`,
    )
}
