import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { errorMessage } from '../../lib/errors.ts'
import type { HomeInfo } from '../../lib/home.ts'
import { findJava } from '../kafka/java.ts'
import { releasesFile } from '../kafka/releases.ts'
import { count, type Finding, fine, skipped, some, wrong } from './finding.ts'
import { probe, whatSpeaks } from './probe.ts'
import { lookAtSecrets } from './secrets.ts'

/** What the machine's checks look at. */
export interface MachinePlace {
  /** LAB_DIR. */
  dir: string
  /** The project's folder, looked through for secrets. */
  root: string
  /** True when a switch says `embedded`. */
  needsHome: boolean
  home: HomeInfo | undefined
  /** Where the embedded home wants to listen: Kafka, AWS. */
  ports: readonly number[]
  /** Ask whether Kafka can still be downloaded. */
  downloads: boolean
  platform: NodeJS.Platform
  releases?: string
  get?: typeof fetch
}

/** Less than this on the disk and a lesson does not fit. */
const roomBytes = 512_000_000

/** The machine one sits at: system, disk, the embedded home, private files, and what real Kafka here needs. */
export async function examineMachine(place: MachinePlace): Promise<Finding[]> {
  return [
    ...lookAtPlatform(place.platform),
    ...(await lookAtDisk(place.dir)),
    ...(await lookAtHome(place)),
    ...lookAtPrivateFiles(place.dir),
    ...lookAtSecrets(place.root),
    ...lookAtLocalKafka(place.dir),
    ...(await lookAtDownloads(place)),
  ]
}

function lookAtPlatform(platform: NodeJS.Platform): Finding[] {
  if (platform !== 'win32') return []
  return [
    wrong(
      'this is native Windows',
      'Kafka\'s scripts fail there ("The input line is too long", AccessDenied when it renames files), and the lab is not made for it',
      'use WSL: wsl --install, then clone and run the lab inside of it',
    ),
  ]
}

async function lookAtDisk(dir: string): Promise<Finding[]> {
  let folder = dir
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const megabytes = `${Math.round(free / 1e6)} MB`
  if (free >= roomBytes) return [fine(`${megabytes} free where LAB_DIR lies`)]
  return [
    wrong(
      `the disk of LAB_DIR is nearly full: ${megabytes} free`,
      `${dir} shares it with other things`,
      'make room, or choose another folder with LAB_DIR; npx tickerlake reset empties the embedded home',
    ),
  ]
}

async function lookAtHome({ dir, needsHome, home, ports }: MachinePlace): Promise<Finding[]> {
  if (home) return [fine(`the embedded home runs: Kafka ${home.brokers.join(', ')}, AWS ${home.endpoint}`)]
  if (!needsHome) return [skipped('the embedded home: neither LAB_KAFKA nor LAB_CLOUD is embedded')]
  const left = readLeftPid(join(dir, 'home.json'))
  const down =
    left === undefined
      ? wrong(
          `the embedded home does not run (${dir})`,
          'it was not started yet, or was stopped',
          'npx tickerlake up; npm start and notebooks start it by themselves',
        )
      : wrong(
          `the embedded home does not run, although ${join(dir, 'home.json')} says process ${left}`,
          'it ended without a word: killed, out of memory, or the machine was restarted',
          `npx tickerlake up mends what it left behind; its last words are in ${join(dir, 'home.log')}`,
        )
  const taken = await Promise.all(ports.map(async port => [port, await probe('127.0.0.1', port, 1000)] as const))
  const strangers = taken.filter(([, reach]) => reach === 'open').map(([port]) => port)
  return [down, ...(await Promise.all(strangers.map(lookAtStranger)))]
}

async function lookAtStranger(port: number): Promise<Finding> {
  const kafka = (await whatSpeaks('127.0.0.1', port, 1000)) === 'kafka'
  return wrong(
    `port ${port} is taken by ${kafka ? 'another Kafka' : 'another program'}`,
    'an earlier run, a container, or another lab: what has this port written down would talk to that one',
    `end it (lsof -i :${port} tells which), or let npx tickerlake up take a free port and use the one that npx tickerlake status tells`,
  )
}

function readLeftPid(file: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid
  } catch {
    return undefined
  }
}

/** Files of LAB_DIR that hold keys or passwords; ssh refuses a key that others can read. */
function lookAtPrivateFiles(dir: string): Finding[] {
  const folders = [dir, join(dir, 'aws'), join(dir, 'host')].filter(folder => existsSync(folder))
  const files = folders.flatMap(folder =>
    readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile() && isSecretName(entry.name))
      .map(({ name }) => join(folder, name)),
  )
  const open = files.flatMap(file => keyModeFinding(file))
  return open.length || !files.length
    ? open
    : [fine(`${count(files.length, 'file')} with keys or passwords, readable for you only`)]
}

const isSecretName = (name: string): boolean =>
  name !== 'ca.pem' && /^(home|secrets|access-key)\.json$|\.env$|^(id_.*|key)$|\.(pem|key)$/.test(name)

/** A finding when others may read this file. */
export function keyModeFinding(file: string): Finding[] {
  const mode = statSync(file).mode & 0o777
  if ((mode & 0o077) === 0) return []
  return [
    wrong(
      `${file} can be read by others (mode ${mode.toString(8)})`,
      'it holds keys or passwords; ssh refuses such a key (UNPROTECTED PRIVATE KEY FILE)',
      `chmod 600 '${file}'`,
    ),
  ]
}

/** Java, memory and scripts of the Kafka that `kafka up` runs here. */
function lookAtLocalKafka(dir: string): Finding[] {
  const file = join(dir, 'kafka', 'cluster.json')
  if (!existsSync(file)) return [skipped('Java, memory and version of a Kafka on this machine: kafka up was not used here')]
  const { brokers, kraft, version } = JSON.parse(readFileSync(file, 'utf8')) as {
    brokers: number
    kraft: boolean
    version: string
  }
  return [
    ...lookAtJava(),
    ...versionFinding(version, kraft),
    ...memoryFinding({
      where: 'this machine',
      totalMiB: Math.round(totalmem() / 1048576),
      swapMiB: swapMiB(),
      heapsMiB: [...Array<number>(brokers).fill(256), ...(kraft ? [] : [128])],
    }),
  ]
}

function lookAtJava(): Finding[] {
  try {
    return [fine(`Java for Kafka: ${findJava()}`)]
  } catch (error) {
    const [problem, ...fix] = errorMessage(error).split(/(?<=\.) (?=Get )/)
    return [wrong(problem ?? '', 'Kafka 3.9 wants Java 17 or newer (Kafka 4 does not start on 8 or 11 at all)', fix.join(' '))]
  }
}

function swapMiB(): number {
  if (!existsSync('/proc/meminfo')) return 0
  return Math.round(Number(/SwapTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1024)
}

/** ZooKeeper's scripts are gone since Kafka 4. */
export function versionFinding(version: string, kraft: boolean): Finding[] {
  if (kraft || Number(version.split('.')[0]) < 4) return [fine(`Kafka ${version} ${kraft ? 'without' : 'with'} ZooKeeper`)]
  return [
    wrong(
      `Kafka ${version} is to run with ZooKeeper`,
      'ZooKeeper went with Kafka 4: there is no zookeeper-server-start.sh, and no --zookeeper option since 3.0',
      'use 3.9 (npx tickerlake kafka up), or KRaft: --kraft here; by hand kafka-storage.sh format, then kafka-server-start.sh',
    ),
  ]
}

/** What a JVM takes beside its heap, in MiB (measured: 70 to 90). */
const besideHeapMiB = 90

interface Memory {
  where: string
  totalMiB: number
  swapMiB: number
  heapsMiB: number[]
}

/** Whether heaps fit into memory and swap. */
export function memoryFinding({ where, totalMiB, swapMiB, heapsMiB }: Memory): Finding[] {
  const wanted = heapsMiB.reduce((sum, heap) => sum + heap + besideHeapMiB, 0)
  const heaps = `heaps of ${some(
    heapsMiB.map(heap => `${heap} MiB`),
    4,
  )} take up to ${wanted} MiB`
  if (wanted <= (totalMiB + swapMiB) * 0.85) return [fine(`${where}: ${heaps} of ${totalMiB} MiB and ${swapMiB} MiB of swap`)]
  return [
    wrong(
      `${where}: ${heaps}, but there are ${totalMiB} MiB and ${swapMiB} MiB of swap`,
      "Kafka's default heap is 1 GiB and ZooKeeper's 512 MiB: the kernel kills one of them, or Java says errno=12",
      "KAFKA_HEAP_OPTS='-Xmx256M -Xms128M' in the shell (or unit) of each, and a swap file; npx tickerlake kafka host up does both",
    ),
  ]
}

interface Releases {
  default: string
  releases: Record<string, { urls: string[] }>
}

async function lookAtDownloads({ downloads, releases = releasesFile, get = fetch }: MachinePlace): Promise<Finding[]> {
  if (!downloads) return [skipped("Kafka's download addresses: ask with --downloads")]
  const { default: version, releases: all } = JSON.parse(readFileSync(releases, 'utf8')) as Releases
  const urls = all[version]?.urls ?? []
  const answers = await Promise.all(urls.map(url => headOf(url, get)))
  const words = answers.map(({ url, answer }) => `${url}: ${answer}`)
  if (answers.some(({ ok }) => ok)) return [fine(`Kafka ${version} can be downloaded (${words.join('; ')})`)]
  return [
    wrong(
      `Kafka ${version} cannot be downloaded: ${words.join('; ')}`,
      'downloads.apache.org keeps the newest versions only (older ones: 404), or there is no way to the internet',
      'use https://archive.apache.org/dist/kafka/, or a mirror with --releases FILE',
    ),
  ]
}

async function headOf(url: string, get: typeof fetch): Promise<{ url: string; ok: boolean; answer: string }> {
  try {
    const { ok, status } = await get(url, { method: 'HEAD', signal: AbortSignal.timeout(10_000) })
    return { url, ok, answer: `HTTP ${status}` }
  } catch (error) {
    return { url, ok: false, answer: errorMessage((error as Error).cause ?? error) }
  }
}
