import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scanTarget } from '../../../../lib/local/glue/crawl/scan.ts'
import { parseTarget } from '../../../../lib/local/glue/crawl/target.ts'
import type { Storage, StoredObject } from '../../../../lib/local/s3/storage.ts'
import { temporaryFolder } from '../../../helpers/folder.ts'

test('an object that goes away after it was listed is left out, one that was overwritten is read as it is now', async () => {
  const dir = temporaryFolder()
  const at = (key: string, path: string): StoredObject => {
    const fields = { etag: '""', lastModified: new Date(0), contentType: '', metadata: {} }
    return { key, path: join(dir, path), sizeBytes: 8, ...fields }
  }
  writeFileSync(join(dir, 'kept'), '{"a":1}\n')
  writeFileSync(join(dir, 'new'), '{"b":1}\n')
  const storage: Pick<Storage, 'list' | 'head'> = {
    async *list() {
      yield at('q/deleted.json', 'old-1')
      yield at('q/kept.json', 'kept')
      yield at('q/overwritten.json', 'old-2')
    },
    head: async (_, key) => (key === 'q/overwritten.json' ? at(key, 'new') : undefined),
  }
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const log = { benchmark: say, info: say, warn: say, error: say }
  const target = parseTarget({ Path: 's3://b/q/' })!
  const { folder } = await scanTarget(storage as Storage, target, { classifiers: [], log, signal: new AbortController().signal })
  expect(folder!.files.map(file => [file.key, file.shape.columns.map(column => column.name)])).toEqual([
    ['q/kept.json', ['a']],
    ['q/overwritten.json', ['b']],
  ])
  expect(lines).toEqual([])
})
