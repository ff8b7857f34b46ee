import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../../lib/local/s3/openStore.ts'
import { openStorage, type S3Storage } from '../../../lib/local/s3/storage.ts'
import { killDrill } from './killDrill.ts'
import { temporaryDir } from './testServer.ts'

function folder(): string {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

test('after kill -9 in the midst of writes every acknowledged object is whole and no other is visible', async () => {
  expect(await killDrill(folder(), { kills: 5, seed: 20260101 })).toBeGreaterThan(50)
}, 240_000)

/** Does `work` in a store whose process "dies" after the index has committed and before any file was moved. */
async function dieAfterCommit(dir: string, work: (storage: S3Storage) => Promise<unknown>): Promise<void> {
  const storage = await openStorage({ dir })
  storage.store.bodies.apply = () => {
    throw new Error('died')
  }
  await expect(work(storage)).rejects.toThrow('died')
  await storage.close()
}

async function text(dir: string, key: string): Promise<string | undefined> {
  const storage = await openStorage({ dir })
  try {
    const stored = await storage.head('lake', key)
    return stored && readFileSync(stored.path, 'utf8')
  } finally {
    await storage.close()
  }
}

test('what a commit still had to do with files is done when the store is opened again', async () => {
  const dir = folder()
  const first = await openStorage({ dir })
  await first.createBucket('lake')
  await first.put('lake', 'dir/old', Buffer.from('old'))
  await first.close()

  await dieAfterCommit(dir, storage => storage.put('lake', 'dir/new', Buffer.from('new')))
  expect(await text(dir, 'dir/new')).toBe('new')
  await dieAfterCommit(dir, storage => storage.put('lake', 'dir/old', Buffer.from('newer')))
  expect(await text(dir, 'dir/old')).toBe('newer')
  await dieAfterCommit(dir, storage => storage.delete('lake', 'dir/old'))
  expect(await text(dir, 'dir/old')).toBeUndefined()
  expect(existsSync(join(dir, 'lake/objects/dir/old'))).toBe(false)
})

test('what was never committed is swept away', async () => {
  const dir = folder()
  const store = await openStore(dir)
  store.createBucket('lake')
  store.close()
  writeFileSync(join(dir, '_tmp/1-1'), 'half')
  const again = await openStore(dir)
  expect(existsSync(join(dir, '_tmp/1-1'))).toBe(false)
  again.close()
})
