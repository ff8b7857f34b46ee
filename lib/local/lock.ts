import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The folder belongs to another process, which may be on its way up or down. */
export class FolderInUse extends Error {}

/** Takes the folder for this process; answers how to give it back. The lock is the operating system's (SQLite's exclusive lock), so it ends with the
 *  process, however that ends. Throws `FolderInUse` when somebody else has it. */
export function lockFolder(dir: string): () => void {
  const database = new DatabaseSync(join(dir, 'home.lock'))
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new FolderInUse(
      `${dir}: an embedded home already runs in this folder. Use it, stop it, or choose another folder with LAB_DIR.`,
      { cause: error },
    )
  }
  return () => database.close()
}
