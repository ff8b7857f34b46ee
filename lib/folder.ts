import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a folder and those above it that are missing. Not with Node's `recursive`: that never ends where a file system takes no folders and says
 *  ENOENT (/proc). */
export function makeFolder(folder: string, mode: number = 0o777): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder), mode)
  try {
    // Somebody else may be faster.
    mkdirSync(folder, { mode })
  } catch (error) {
    const isThere = (error as { code?: string }).code === 'EEXIST' && statSync(folder).isDirectory()
    if (!isThere) throw error
  }
}
