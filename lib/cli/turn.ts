import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../errors.ts'
import { makeFolder } from '../folder.ts'
import { isAlive } from '../home.ts'

/** Lets one `npm start` at a time own the default names of a lab; its turn ends with the process. Throws `LabError` START_RUNS. */
export function takeTurn(dir: string): void {
  const file = join(dir, 'start.pid')
  makeFolder(dir, 0o700)
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    }
    const owner = ownerOf(file)
    if (owner !== undefined && isAlive(owner))
      throw new LabError(
        'START_RUNS',
        `npm start: runs already in ${dir} (process ${owner}). Wait for its end; if that is no npm start, delete ${file}.`,
      )
    rmSync(file, { force: true }) // left behind by one that was killed
  }
  process.once('exit', () => {
    if (ownerOf(file) === process.pid) rmSync(file, { force: true })
  })
}

function ownerOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
