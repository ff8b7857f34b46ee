import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'

/** A Java service that runs in the background and is found again by a later command. */
export interface Service {
  name: string
  dir: string
}

const pidFile = ({ dir, name }: Service): string => join(dir, `${name}.pid`)
/** Where a service's standard output and errors go. */
export const logFile = ({ dir, name }: Service): string => join(dir, `${name}.log`)
// stands on the command line of each of our processes: a recycled pid is never taken for one. A sum, because ps shows
// letters beyond ASCII as it pleases
const mark = ({ dir, name }: Service): string =>
  `-Dtickerlake.service=${name}@${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`

const startLine = '=== start\n'

/** Environment of Java: on Linux it cannot open paths beyond ASCII without a UTF-8 locale. */
export const javaEnvironment = (): NodeJS.ProcessEnv =>
  process.platform === 'linux' ? { ...process.env, LC_ALL: 'C.UTF-8' } : process.env

/** Starts a Java class in the background, its output appended to the log; answers its pid. */
export function startService(service: Service, java: string, args: { options: string[]; main: string[] }): number {
  const size = statSync(logFile(service), { throwIfNoEntry: false })?.size ?? 0
  const log = openSync(logFile(service), size > 10_000_000 ? 'w' : 'a')
  writeSync(log, startLine)
  const child = spawn(java, [mark(service), ...args.options, ...args.main], {
    cwd: service.dir,
    detached: true,
    stdio: ['ignore', log, log],
    env: javaEnvironment(),
  })
  closeSync(log)
  child.on('error', () => {}) // seen as a process that does not run
  if (child.pid === undefined) throw new LabError('JAVA', `${service.name}: ${java} could not be started.`)
  child.unref()
  writeFileSync(pidFile(service), String(child.pid))
  return child.pid
}

/** The pid of a service that runs, else undefined. */
export async function runningPid(service: Service): Promise<number | undefined> {
  const pid = readPid(service)
  if (pid === undefined) return undefined
  const shown = await ps(['-ww', '-o', 'stat=,command=', '-p', String(pid)])
  return shown.includes(`${mark(service)} `) && !shown.trimStart().startsWith('Z') ? pid : undefined
}

/** The number in the pid file; undefined without one, or where a full disk left it empty. */
function readPid(service: Service): number | undefined {
  if (!existsSync(pidFile(service))) return undefined
  const text = readFileSync(pidFile(service), 'utf8')
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined
}

async function ps(args: string[]): Promise<string> {
  // in a process group of its own: Ctrl-C would end it, and its silence would mean that nothing runs
  const shown = await $({ nothrow: true, quiet: true, detached: true })`ps ${args}`
  if (shown.exitCode === 127)
    throw new LabError(
      'PS',
      'ps: this system has no such command, so nothing is known of what runs. Install it (package procps).',
    )
  return shown.stdout
}

/** Stops a service: the signal, then KILL when the grace time is over. Answers whether there was something to stop. */
export async function stopService(
  service: Service,
  { signal = 'SIGTERM' as NodeJS.Signals, graceMs = 25_000 } = {},
): Promise<boolean> {
  const pid = await runningPid(service)
  if (pid !== undefined) {
    send(pid, signal)
    if (!(await gone(service, graceMs))) {
      send(pid, 'SIGKILL')
      if (!(await gone(service, 10_000)))
        throw new LabError('STOP', `${service.name}: pid ${pid} does not end, not even by SIGKILL. Look at it: ps -fp ${pid}`)
    }
  }
  rmSync(pidFile(service), { force: true })
  return pid !== undefined
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ESRCH: it ended by itself just now
  }
}

async function gone(service: Service, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(100)) {
    if ((await runningPid(service)) === undefined) return true
  }
  return false
}

/** Resident memory of a process in MiB, and how long it runs (`[[days-]hours:]minutes:seconds`). */
export async function vitals(pid: number): Promise<{ memoryMiB: number; age: string }> {
  const [rss = '0', age = ''] = (await ps(['-o', 'rss=,etime=', '-p', String(pid)])).trim().split(/\s+/)
  return { memoryMiB: Math.round(Number(rss) / 1024), age }
}

/** Runs a Java class of Kafka to its end; throws LabError JAVA with its last words. */
export function runJavaTool(java: string, args: string[], what: string): void {
  const done = spawnSync(java, args, { encoding: 'utf8', env: javaEnvironment(), maxBuffer: 1 << 26 })
  if (done.status === 0) return
  const words = done.error?.message ?? `${done.stdout}\n${done.stderr}`
  throw new LabError('JAVA', `${what} failed:\n${tellingLines(words)}`)
}

/** The lines of a service's log, since its last start, that tell why it ended. */
export function lastWords(service: Service): string {
  if (!existsSync(logFile(service))) return '(no log)'
  const words = tellingLines(readFileSync(logFile(service), 'utf8').split(startLine).at(-1) as string)
  return `${words || '(it said nothing)'}\nall of it: ${logFile(service)}`
}

function tellingLines(text: string, lines = 12): string {
  const all = text.trimEnd().split('\n')
  const errors = all.filter(line => /ERROR|FATAL|Exception|OutOfMemory|Error/.test(line)).slice(-lines)
  return (errors.length ? errors : all.slice(-lines)).join('\n')
}
