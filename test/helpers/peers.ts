import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where peers (Python environments, jars, built tools) are kept between runs; ignored by git, made anew when missing. */
export const peersDir = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'peers')

/** Runs a command to its end; throws with its output when it fails. */
export function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): string {
  const { cwd, env, input } = options
  const done = spawnSync(command, args, { cwd, input, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env } })
  if (done.error) throw new Error(`${command} could not be started: ${done.error.message}`)
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}\n${done.stdout}\n${done.stderr}`)
  return done.stdout
}

/** True when `command` is on PATH. */
export const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** A reason to skip a peer test, or undefined. With CI set a skip is a failure, so the reason is thrown. */
export function skipUnless(condition: boolean, reason: string): string | undefined {
  if (condition) return undefined
  if (process.env.CI) throw new Error(`a peer test cannot run here, and with CI set a skip is a failure: ${reason}`)
  console.warn(`skipped: ${reason}`)
  return reason
}

/** Installs Debian packages that are missing (root on Debian or Ubuntu). `commands` are what they bring. Answers whether they are there. */
export function aptInstall(packages: string[], commands: string[]): boolean {
  if (commands.every(has)) return true
  if (!has('apt-get') || process.getuid?.() !== 0) return false
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], { env })
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
  return commands.every(has)
}

/** A Python environment with exactly these packages (`name==version`); answers its `bin` folder. Made once, kept under `peersDir`. */
export function pythonEnv(name: string, packages: string[]): string {
  const dir = join(peersDir, 'python', `${name}-${createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 8)}`)
  const stamp = join(dir, '.complete')
  if (!existsSync(stamp)) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    run('python3', ['-m', 'venv', dir])
    run(join(dir, 'bin', 'python'), ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...packages])
    writeFileSync(stamp, packages.join('\n'))
  }
  return join(dir, 'bin')
}
