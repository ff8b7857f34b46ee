import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'

const cli = join(import.meta.dirname, '..', '..', 'lib', 'cli.ts')

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** A command under way: its process, its end, and what it wrote until now. */
export interface RunningCli {
  child: ChildProcess
  ended: Promise<CliResult>
  written: () => string
}

/** Starts `tickerlake …` as a process of its own, as `npx` does. */
export const startCli = (args: string[], env: Record<string, string>, input = ''): RunningCli =>
  startScript(cli, args, env, input)

/** Starts a script in TypeScript as a process of its own, without this one's LAB_ and AWS_ variables. */
export function startScript(script: string, args: string[], env: Record<string, string>, input = ''): RunningCli {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LAB_|AWS_)/.test(name)))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { env: { ...clean, ...env } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  child.stdin.end(input)
  const ended = new Promise<CliResult>(resolve => child.once('close', code => resolve({ code, stdout, stderr })))
  return { child, ended, written: () => stdout + stderr }
}

/** Runs `tickerlake …` to its end. */
export function runCli(args: string[], env: Record<string, string>, input = ''): Promise<CliResult> {
  return startCli(args, env, input).ended
}
