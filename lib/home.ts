import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { errorMessage, LabError } from './errors.ts'
import { makeFolder } from './folder.ts'
import { waitFor } from './wait.ts'

/** Where a running embedded home is, and the keys to its AWS services. What `tickerlake up --json` prints. */
export interface HomeInfo {
  brokers: string[]
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  dir: string
  pid: number
}

export interface HomeOptions {
  /** Of the AWS endpoint; default 4566 or another free one; 0 for a free one. One asked for and taken is an error. */
  port?: number
  /** Of the broker; default 9092, same rules. */
  kafkaPort?: number
  /** Broker properties under Kafka's names. */
  properties?: Record<string, string>
}

const main = join(import.meta.dirname, 'local', 'main.ts')

/** How the home's process says that the folder belongs to another one (`EX_TEMPFAIL` of sysexits.h). */
const folderInUse = 75

/** The embedded home that runs in `dir`, or undefined. A file left behind by a dead process, or by another one that got its number, counts as none. */
export async function findHome(dir: string): Promise<HomeInfo | undefined> {
  const home = readHome(dir)
  if (!home || !isAlive(home.pid)) return undefined
  try {
    if ((await askPid(home.endpoint)) !== home.pid) return undefined
    const { properties: _, ...info } = home
    return info
  } catch {
    return undefined
  }
}

/** The process that answers there. Not by fetch, which refuses to talk to ports that a home may well have been given (6000, 6667). */
function askPid(endpoint: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(`${endpoint}/_tickerlake/health`, { agent: false, signal: AbortSignal.timeout(5000) }, answer =>
      json(answer).then(health => resolve((health as { pid?: number }).pid), reject),
    )
    request.on('error', reject)
  })
}

/** Finds the embedded home of `dir`, or starts it as a background process and waits until it answers. It outlives the caller: notebooks that are
 *  open side by side share it. Throws `LabError` HOME_DIR, HOME_START or HOME_SILENT with the reason. */
export async function startHome(dir: string, options: HomeOptions = {}): Promise<HomeInfo> {
  let started: Started | undefined
  return waitFor(
    `embedded home in ${dir}`,
    async () => {
      const home = await findHome(dir)
      if (home) return home
      // In use without answering: another one is about to be up, and found next time, or about to end, and then it is our turn.
      if (!started || started.code === folderInUse) started = startProcess(dir, homeArguments(dir, options))
      else if (started.ended) throw startError(dir, started)
      return false
    },
    { timeoutMs: 60_000, maxIntervalMs: 100, intervalMs: 20 },
  ).catch(error => {
    throw (error as LabError).code === 'TIMEOUT' && started?.code === folderInUse ? silentError(dir) : error
  })
}

function silentError(dir: string): LabError {
  const pid = readHome(dir)?.pid
  return new LabError(
    'HOME_SILENT',
    `embedded home in ${dir}: a process ${pid === undefined ? '' : `(${pid}) `}holds the folder and does not answer. End it with: kill -9 ${pid ?? 'PID'}`,
  )
}

/** Stops the embedded home of `dir` and waits until it is gone. Answers false when none ran. */
export async function stopHome(dir: string): Promise<boolean> {
  const home = await findHome(dir)
  if (!home) return false
  process.kill(home.pid, 'SIGTERM')
  const gone = (): boolean => !isAlive(home.pid)
  try {
    await waitFor(`end of the embedded home, process ${home.pid}`, gone, { timeoutMs: 15_000 })
  } catch {
    process.kill(home.pid, 'SIGKILL')
    await waitFor(`end of the embedded home, process ${home.pid}`, gone, { timeoutMs: 5000 })
  }
  if (readHome(dir)?.pid === home.pid) rmSync(join(dir, 'home.json'), { force: true })
  return true
}

/** Empties the embedded home: topics, groups, buckets, tables, queries, charts. If it ran, it runs again afterwards, with the same ports and
 *  properties. Answers whether it does. */
export async function resetHome(dir: string): Promise<HomeInfo | undefined> {
  const running = await findHome(dir)
  const properties = readHome(dir)?.properties
  await stopHome(dir)
  const emptied = startProcess(dir, ['--reset', '--dir', dir])
  await waitFor(`emptying of ${dir}`, () => emptied.ended)
  if (emptied.code !== 0) throw startError(dir, emptied)
  rmSync(join(dir, 'charts'), { recursive: true, force: true })
  if (!running) return undefined
  const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
  return startHome(dir, { port: portOf(running.endpoint), kafkaPort: portOf(running.brokers[0]), properties })
}

function readHome(dir: string): (HomeInfo & { properties?: Record<string, string> }) | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'home.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** A process of the home that was started here. */
interface Started {
  ended: boolean
  /** Its exit code, or what kept it from starting. */
  code: number | string | null
  logFile: string
  /** Where its own lines begin in the log, bytes. */
  logStart: number
}

function startProcess(dir: string, args: string[]): Started {
  const { fd, file, size } = openLog(dir)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    detached: true,
    stdio: ['ignore', fd, fd],
  })
  closeSync(fd)
  const started: Started = { ended: false, code: null, logFile: file, logStart: size }
  child.once('error', error => Object.assign(started, { ended: true, code: errorMessage(error) }))
  child.once('exit', code => Object.assign(started, { ended: true, code }))
  child.unref()
  return started
}

function homeArguments(dir: string, { port, kafkaPort, properties = {} }: HomeOptions): string[] {
  const settings = Object.entries(properties).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  return [
    '--dir',
    dir,
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(kafkaPort === undefined ? [] : ['--kafka-port', String(kafkaPort)]),
    ...settings,
  ]
}

/** Opens the log to be appended to; one of more than 5 MB is begun anew. */
function openLog(dir: string): { fd: number; file: string; size: number } {
  const file = join(dir, 'home.log')
  try {
    makeFolder(dir, 0o700)
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    const isFull = size > 5_000_000
    return { fd: openSync(file, isFull ? 'w' : 'a', 0o600), file, size: isFull ? 0 : size }
  } catch (error) {
    throw new LabError(
      'HOME_DIR',
      `LAB_DIR: cannot be written: ${dir} (${errorMessage(error)}). Choose another folder with LAB_DIR.`,
      { cause: error },
    )
  }
}

function startError(dir: string, { code, logFile, logStart }: Started): LabError {
  const lines = readFileSync(logFile).subarray(logStart).toString('utf8').trim().split('\n')
  const reason =
    lines.findLast(line => line.startsWith('tickerlake: '))?.slice('tickerlake: '.length) ??
    `it ended with ${code}; ${lines.at(-1) ?? ''} (the whole story is in ${logFile})`
  return new LabError('HOME_START', reason.startsWith('port ') ? reason : `embedded home in ${dir}: did not start: ${reason}`)
}

/** Whether a process of this number runs, another user's too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

/** Writes the settings kcat reads through KCAT_CONFIG; answers the file's path. */
export function writeKcatConfig({ dir, brokers }: HomeInfo): string {
  const file = join(dir, 'kcat.conf')
  writeFileSync(file, `bootstrap.servers=${brokers.join(',')}\n`)
  return file
}
