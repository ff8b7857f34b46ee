import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'

/** Keeps a second broker out of a folder. Throws when one is there. The lock is SQLite's on an empty database: an advisory lock of the operating
 *  system that ends with the process however it ends, which Node alone does not offer. */
export function lockFolder(dir: string): () => void {
  const database = new DatabaseSync(join(dir, '.lock'))
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!/locked|busy/i.test((error as Error).message)) throw error
    throw new Error(`broker folder ${dir}: another broker is using it; stop that one or choose another folder`, { cause: error })
  }
  return () => database.close()
}
