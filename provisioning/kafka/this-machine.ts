import { existsSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../lib/config.ts'
import { LabError } from '../../lib/errors.ts'
import { quote } from '../host/script.ts'
import { LocalCluster } from './cluster.ts'
import { writeWhole } from './files.ts'
import { findJava } from './java.ts'
import { tryLock, withLock } from './lock.ts'
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

type Say = (line: string) => void

/** The folder of real Kafka on this machine; each shape of cluster (1 or 3 brokers, with ZooKeeper or KRaft) has its own data in it. */
export const kafkaDir = (): string => refuseOddPath(join(loadConfig().dir, 'kafka'))

/** Kafka splits `log.dirs` at commas and Java the class path at colons, without a way to escape either. */
function refuseOddPath(path: string): string {
  if (/[,:\n]/.test(path))
    throw new LabError(
      'PATH',
      `${JSON.stringify(path)}: cannot hold Kafka, there is a comma, colon or newline in the path. Choose another LAB_DIR.`,
    )
  return path
}

const shapeFile = (): string => join(kafkaDir(), 'cluster.json')
const shapeName = ({ brokers, kraft }: Omit<Shape, 'version'>): string => `${kraft ? 'kraft' : 'zookeeper'}-${brokers}`
const shapeWords = ({ brokers, kraft }: Omit<Shape, 'version'>): string =>
  `${brokers === 1 ? 'one broker' : `${brokers} brokers`} ${kraft ? 'with KRaft' : 'with ZooKeeper'}`

/** `kafka up`: Kafka on this machine as plain processes. Run again it starts only what does not run. */
export async function up(options: UpOptions, say: Say = console.log): Promise<LocalCluster> {
  const java = findJava()
  const release = await readRelease(options.version, options.releases)
  const shape: Shape = { brokers: options.brokers, kraft: options.kraft, version: release.version }
  return withLock(kafkaDir(), 'cluster', say, async () => {
    await refuseAnother(shape)
    const home = await installRelease(release, kafkaDir(), say)
    const cluster = await openShape(shape, home, java)
    writeWhole(shapeFile(), JSON.stringify(shape))
    const began = performance.now()
    const started = await cluster.start(say)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    say(started.length ? `started ${started.join(', ')} in ${seconds} s` : 'already running, 0 changed')
    const settings = join(kafkaDir(), 'kafka.env')
    writeWhole(settings, `export LAB_KAFKA=${cluster.bootstrap.join(',')}\n`, 0o600)
    const states = await cluster.status()
    say(`memory: ${states.map(({ name, memoryMiB }) => `${name} ${memoryMiB} MiB`).join(', ')}`)
    say(`Kafka ${release.version} answers on ${cluster.bootstrap.join(', ')}\nuse it: source ${quote(settings)}`)
    return cluster
  })
}

/** `kafka status`: the services with pid, memory and age. Answers true when all of them run and serve. */
export async function status(say: Say = console.log): Promise<boolean> {
  const [cluster] = await current()
  if (!cluster) {
    say('no Kafka was started on this machine; start one: npx tickerlake kafka up')
    return false
  }
  const services = await cluster.status()
  for (const { name, pid, serves, memoryMiB, age, address } of services) {
    if (pid === undefined) say(`${name} is down; start it: ${upCommand(cluster)}`)
    else say(`${name} ${serves ? 'serves' : 'runs, but does not answer'} on ${address}: pid ${pid}, ${memoryMiB} MiB, for ${age}`)
  }
  const { bavail, bsize } = statfsSync(kafkaDir())
  const freeMiB = Math.floor((bavail * bsize) / 1048576)
  if (freeMiB < roomMiB)
    say(`PROBLEM the disk is full: ${freeMiB} MiB free, Kafka wants ${roomMiB}. Make room, then: ${upCommand(cluster)}`)
  return services.every(({ serves }) => serves) && freeMiB >= roomMiB
}

/** The least room that keeps a broker safe: two segments of the lab's topics. */
const roomMiB = 128

const upCommand = ({ spec }: LocalCluster): string =>
  `npx tickerlake kafka up${spec.brokers === 3 ? ' --brokers 3' : ''}${spec.kraft ? ' --kraft' : ''}`

/** `kafka down`: stops everything; the data stay unless `deleteData`. */
export async function down({ deleteData = false } = {}, say: Say = console.log): Promise<void> {
  if (!existsSync(kafkaDir())) return say('nothing runs')
  await withLock(kafkaDir(), 'cluster', say, async () => {
    const stopped: string[] = []
    for (const cluster of await everyCluster()) stopped.push(...(await cluster.stop()))
    if (await endAbandonedDrill()) stopped.push('a replication drill that was killed')
    say(stopped.length ? `stopped ${stopped.join(', ')}` : 'nothing runs')
    rmSync(join(kafkaDir(), 'kafka.env'), { force: true })
    if (!deleteData) return
    for (const cluster of await everyCluster()) cluster.wipe()
    rmSync(shapeFile(), { force: true })
    say('deleted its data')
  })
}

/** The three brokers of `kafka replication` (replication.ts), which has no `down` of its own. */
export const drillDir = (): string => join(kafkaDir(), 'replication')

/** Kills what a drill left that was killed itself; one that runs is left alone. */
async function endAbandonedDrill(): Promise<boolean> {
  const unlock = existsSync(drillDir()) && tryLock(kafkaDir(), 'replication')
  if (!unlock) return false
  const left = await LocalCluster.open({ dir: drillDir(), home: kafkaDir(), java: 'java', brokers: 3, kraft: false })
  await left.abort()
  left.wipe()
  unlock()
  return true
}

/** The cluster that was started last, then others that run: none can, but for files that were lost. */
async function current(): Promise<LocalCluster[]> {
  const last = readShape()
  const running: LocalCluster[] = []
  for (const cluster of await everyCluster()) if (await runs(cluster)) running.push(cluster)
  return last && existsSync(join(kafkaDir(), shapeName(last))) && !running.length
    ? [await openShape(last, kafkaDir(), 'java')]
    : running
}

const runs = async (cluster: LocalCluster): Promise<boolean> => (await cluster.status()).some(({ pid }) => pid !== undefined)

/** What `kafka up` noted; undefined before the first one, or when the note is spoiled. */
function readShape(): Shape | undefined {
  try {
    return JSON.parse(readFileSync(shapeFile(), 'utf8')) as Shape
  } catch {
    return undefined
  }
}

/** The clusters of every shape that has a folder here. */
async function everyCluster(): Promise<LocalCluster[]> {
  const shapes = [1, 3].flatMap(brokers => [false, true].map(kraft => ({ brokers, kraft, version: '' })))
  return Promise.all(
    shapes.filter(shape => existsSync(join(kafkaDir(), shapeName(shape)))).map(shape => openShape(shape, kafkaDir(), 'java')),
  )
}

const openShape = (shape: Shape, home: string, java: string): Promise<LocalCluster> =>
  LocalCluster.open({ dir: join(kafkaDir(), shapeName(shape)), home, java, brokers: shape.brokers, kraft: shape.kraft })

async function refuseAnother(shape: Shape): Promise<void> {
  const version = readShape()?.version
  for (const cluster of await everyCluster()) {
    if (!(await runs(cluster))) continue
    const same = shapeName(cluster.spec) === shapeName(shape) && (version ?? shape.version) === shape.version
    if (same) continue
    throw new LabError(
      'RUNNING',
      `Kafka: another cluster runs: ${shapeWords(cluster.spec)}${version ? `, Kafka ${version}` : ''}. First: npx tickerlake kafka down`,
    )
  }
}
