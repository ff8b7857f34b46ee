import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage, LabError } from './errors.ts'
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

/** The embedded home that runs in `dir`, or undefined. A file left behind by a dead process, or by another one that got its number, counts as none. */
export async function findHome(dir: string): Promise<HomeInfo | undefined> {
  let home: HomeInfo
  try {
    home = JSON.parse(readFileSync(join(dir, 'home.json'), 'utf8')) as HomeInfo
  } catch {
    return undefined
  }
  if (!isAlive(home.pid)) return undefined
  try {
    const answer = await fetch(`${home.endpoint}/_tickerlake/health`, { signal: AbortSignal.timeout(5000) })
    const { pid } = (await answer.json()) as { pid?: number }
    return pid === home.pid ? home : undefined
  } catch {
    return undefined
  }
}

/** Finds the embedded home of `dir`, or starts it as a background process and waits until it answers. It outlives the caller: notebooks that are
 *  open side by side share it. Throws `LabError` HOME_DIR or HOME_START with the reason. */
export async function startHome(dir: string, options: HomeOptions = {}): Promise<HomeInfo> {
  const running = await findHome(dir)
  if (running) return running
  const log = openLog(dir)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...homeArguments(dir, options)], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  closeSync(log.fd)
  let ended: string | undefined
  child.once('error', error => (ended = errorMessage(error)))
  child.once('exit', code => (ended = `it ended with ${code}`))
  child.unref()
  return waitFor(
    `embedded home in ${dir}`,
    async () => {
      const home = await findHome(dir)
      // Two starts at once: one process wins the folder, the other ends by itself and this start takes the winner.
      if (!home && ended !== undefined && !readFileSync(log.file, 'utf8').includes('already runs'))
        throw startError(dir, log.file, ended)
      return home
    },
    { timeoutMs: 60_000, maxIntervalMs: 100, intervalMs: 20 },
  )
}

/** Stops the embedded home of `dir` and waits until it is gone. Answers false when none ran. */
export async function stopHome(dir: string): Promise<boolean> {
  const home = await findHome(dir)
  if (!home) return false
  process.kill(home.pid, 'SIGTERM')
  try {
    await waitFor(`end of the embedded home, process ${home.pid}`, () => !isAlive(home.pid), { timeoutMs: 15_000 })
  } catch {
    process.kill(home.pid, 'SIGKILL')
    await waitFor(`end of the embedded home, process ${home.pid}`, () => !isAlive(home.pid), { timeoutMs: 5000 })
  }
  rmSync(join(dir, 'home.json'), { force: true })
  return true
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

function openLog(dir: string): { fd: number; file: string } {
  const file = join(dir, 'home.log')
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    return { fd: openSync(file, 'w', 0o600), file }
  } catch (error) {
    throw new LabError(
      'HOME_DIR',
      `LAB_DIR: cannot be written: ${dir} (${errorMessage(error)}). Choose another folder with LAB_DIR.`,
      { cause: error },
    )
  }
}

function startError(dir: string, logFile: string, ended: string): LabError {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n')
  const reason =
    lines.findLast(line => line.startsWith('tickerlake: '))?.slice('tickerlake: '.length) ??
    `${ended}; ${lines.at(-1) ?? ''} (the whole story is in ${logFile})`
  return new LabError('HOME_START', reason.startsWith('port ') ? reason : `embedded home in ${dir}: did not start: ${reason}`)
}

function isAlive(pid: number): boolean {
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
