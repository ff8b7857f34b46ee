import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'zx'

/** A Java service that runs in the background and is found again by a later command. */
export interface Service {
  name: string
  dir: string
}

const pidFile = ({ dir, name }: Service): string => join(dir, `${name}.pid`)
/** Where a service's standard output and errors go. */
export const logFile = ({ dir, name }: Service): string => join(dir, `${name}.log`)
// stands on the command line of each of our processes: a recycled pid is never taken for one
const mark = ({ dir, name }: Service): string => `-Dtickerlake.service=${join(dir, name)}`

const startLine = '=== start\n'

/** Starts a Java class in the background, its output appended to the log; answers its pid. */
export function startService(service: Service, java: string, args: { options: string[]; main: string[] }): number {
  const size = statSync(logFile(service), { throwIfNoEntry: false })?.size ?? 0
  const log = openSync(logFile(service), size > 10_000_000 ? 'w' : 'a')
  writeSync(log, startLine)
  const child = spawn(java, [mark(service), ...args.options, ...args.main], {
    cwd: service.dir,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  if (child.pid === undefined) throw new Error(`${java} could not be started`)
  child.on('error', () => {}) // seen as a process that does not run
  child.unref()
  writeFileSync(pidFile(service), String(child.pid))
  return child.pid
}

/** The pid of a service that runs, else undefined. */
export async function runningPid(service: Service): Promise<number | undefined> {
  if (!existsSync(pidFile(service))) return undefined
  const pid = Number(readFileSync(pidFile(service), 'utf8'))
  const shown = await $({ nothrow: true, quiet: true })`ps -ww -o stat=,command= -p ${pid}`
  return shown.stdout.includes(`${mark(service)} `) && !shown.stdout.trimStart().startsWith('Z') ? pid : undefined
}

/** Stops a service: TERM, then KILL when the grace time is over. Answers whether there was something to stop. */
export async function stopService(
  service: Service,
  { signal = 'SIGTERM' as NodeJS.Signals, graceMs = 25_000 } = {},
): Promise<boolean> {
  const pid = await runningPid(service)
  if (pid === undefined) {
    rmSync(pidFile(service), { force: true })
    return false
  }
  process.kill(pid, signal)
  if (!(await gone(service, graceMs))) {
    process.kill(pid, 'SIGKILL')
    if (!(await gone(service, 10_000))) throw new Error(`${service.name} (pid ${pid}) does not end, not even by SIGKILL`)
  }
  rmSync(pidFile(service), { force: true })
  return true
}

async function gone(service: Service, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(100)) {
    if ((await runningPid(service)) === undefined) return true
  }
  return false
}

/** Resident memory of a process in MiB. */
export async function memoryMiB(pid: number): Promise<number> {
  return Math.round(Number((await $({ nothrow: true, quiet: true })`ps -o rss= -p ${pid}`).stdout) / 1024)
}

/** The lines of a service's log, since its last start, that tell why it ended. */
export function lastWords(service: Service, lines = 12): string {
  if (!existsSync(logFile(service))) return '(no log)'
  const all = (readFileSync(logFile(service), 'utf8').split(startLine).at(-1) as string).trimEnd().split('\n')
  const errors = all.filter(line => /ERROR|FATAL|Exception|OutOfMemory|Error/.test(line)).slice(-lines)
  return (errors.length ? errors : all.slice(-lines)).join('\n')
}
