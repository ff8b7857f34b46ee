import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { waitFor } from '../../lib/wait.ts'

/**
 * Takes `<dir>/<name>.lock` for this process; answers how to give it back, or undefined when another process has it. The lock is the
 * operating system's (SQLite's exclusive lock), so it ends with the process, however that ends.
 */
export function tryLock(dir: string, name: string): (() => void) | undefined {
  mkdirSync(dir, { recursive: true })
  const database = new DatabaseSync(join(dir, `${name}.lock`))
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch {
    database.close()
    return undefined
  }
  return () => database.close()
}

/** Runs `work` while this process alone has the lock; waits for another one to end, and says so. */
export async function withLock<T>(dir: string, name: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  let unlock = tryLock(dir, name)
  if (!unlock) {
    say('another kafka command is at work here; waiting for it')
    unlock = await waitFor('the other kafka command to end', () => tryLock(dir, name), { timeoutMs: 1_800_000, intervalMs: 100 })
  }
  try {
    return await work()
  } finally {
    unlock()
  }
}
