import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'

const linuxBootId = '/proc/sys/kernel/random/boot_id'

/** What tells one run of this machine from the next. */
function bootId(): string {
  if (existsSync(linuxBootId)) return readFileSync(linuxBootId, 'utf8').trim()
  return `up since minute ${Math.round((Date.now() / 1000 - uptime()) / 60)}`
}

/** Whether the machine has started anew since this was last asked for `dir`: then the operating system may have lost what it had not yet written.
 *  True also when that is not known. */
export function hasRestarted(dir: string): boolean {
  const file = join(dir, '_boot-id')
  const now = bootId()
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (before !== now) writeFileSync(file, now)
  return before !== now
}
