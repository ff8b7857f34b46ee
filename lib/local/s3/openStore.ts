import { existsSync, readdirSync } from 'node:fs'
import { followFiles, takeOutDamaged } from './checkBodies.ts'
import { hasRestarted } from './machine.ts'
import { ObjectStore } from './objectStore.ts'
import { StoreIndex, type FoundIndex } from './storeIndex.ts'

/** Opens (or makes) the store in `dir` and looks after its files where index or machine broke down. `log` is told what was lost and what was done. */
export async function openStore(dir: string, log: (line: string) => void = () => {}): Promise<ObjectStore> {
  const isFirst = !existsSync(dir) || readdirSync(dir).length === 0
  const { index, found } = await StoreIndex.open(dir)
  try {
    const store = new ObjectStore(dir, index)
    const restarted = hasRestarted(dir)
    if (isFirst) return store
    tell(found, log)
    if (!found.isComplete) await followFiles(store, log)
    else if (found.isNew || restarted) await takeOutDamaged(store, { contents: restarted, log })
    if (found.isNew) log(`s3: there are ${store.buckets.list().length} buckets with ${store.objects.count()} objects`)
    return store
  } catch (error) {
    index.close()
    throw error
  }
}

function tell({ isNew, damage, isComplete, changes }: FoundIndex, log: (line: string) => void): void {
  const what = damage === undefined ? 'missing' : `damaged (${damage}; kept as _index.db.damaged)`
  const source = isComplete ? 'the journal' : 'what the journal and the files tell'
  if (isNew) log(`s3: the index was ${what}; it was made anew from ${source}`)
  else if (changes > 0) log(`s3: changes that the index did not have were taken from the journal: ${changes}`)
}
