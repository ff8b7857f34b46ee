import { existsSync, readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from './files.ts'

const clean = 'clean'
const linuxBootId = '/proc/sys/kernel/random/boot_id'

/** What tells one run of this machine from the next. */
function bootId(): string {
  if (existsSync(linuxBootId)) return readFileSync(linuxBootId, 'utf8').trim()
  return `up since minute ${Math.round((Date.now() / 1000 - uptime()) / 60)}`
}

const path = (dir: string): string => join(dir, 'boot-id')

/** Whether what was written before can be trusted to be in the files: the broker was closed, or killed on a machine that has run on since. After a
 *  power cut the operating system may have lost what it had not written, so the recovery points do not count. */
export function mayTrustFiles(dir: string): boolean {
  if (!existsSync(path(dir))) return true
  const stored = readFileSync(path(dir), 'utf8')
  return stored === clean || stored === bootId()
}

export const markOpen = (dir: string): void => replaceFile(path(dir), bootId())
/** To be called when everything is on the disk. */
export const markClosed = (dir: string): void => replaceFile(path(dir), clean)
