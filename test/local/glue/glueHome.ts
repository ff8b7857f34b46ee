import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import type * as Glue from '@aws-sdk/client-glue'
import { openCatalog, type CatalogStore } from '../../../lib/local/glue/catalog.ts'
import { glueService } from '../../../lib/local/glue/service.ts'
import { openStorage, type S3Storage } from '../../../lib/local/s3/storage.ts'

/** Glue on a store of its own, called without the wire. */
export interface GlueHome {
  catalog: CatalogStore
  storage: S3Storage
  /** What the service logged. */
  lines: string[]
  dir: string
  call(operation: string, input: object): Promise<Record<string, never>>
  makeBucket(name: string): void
  /** Puts every file of a folder; keys are the paths in it. */
  putFolder(bucket: string, folder: string): Promise<void>
  /** Starts the crawler and answers it when it is READY again. */
  crawl(name: string): Promise<Glue.Crawler>
  close(): Promise<void>
}

/** Without `dir` in a folder of its own, which `close` removes. */
export async function openGlueHome({
  dir: given,
  leastCrawlMs = 0,
}: { dir?: string; leastCrawlMs?: number } = {}): Promise<GlueHome> {
  const dir = given ?? mkdtempSync(join(tmpdir(), 'tickerlake-'))
  const storage = await openStorage({ dir: join(dir, 's3') })
  const catalog = await openCatalog({ dir: join(dir, 'glue') })
  const lines: string[] = []
  const service = glueService({ catalog, storage, dir: join(dir, 'glue'), log: line => lines.push(line), leastCrawlMs })
  const call = async (operation: string, input: object): Promise<Record<string, never>> => {
    const run = service.operations[operation]
    if (!run) throw new Error(`no operation ${operation}`)
    return (await run(input as never)) as Record<string, never>
  }
  return {
    catalog,
    storage,
    lines,
    dir,
    call,
    makeBucket(name) {
      const row = { name, createdMs: 0, versioning: '', config: {} } as const
      storage.store.commit({}, () => storage.store.buckets.put(row as never))
    },
    async putFolder(bucket, folder) {
      for (const file of filesIn(folder)) {
        await storage.put(bucket, relative(folder, file).split(sep).join('/'), readFileSync(file))
      }
    },
    async crawl(name) {
      await call('StartCrawler', { Name: name })
      for (;;) {
        const { Crawler } = (await call('GetCrawler', { Name: name })) as unknown as { Crawler: Glue.Crawler }
        if (Crawler.State === 'READY') return Crawler
        await new Promise(done => setTimeout(done, 2))
      }
    },
    async close() {
      await service.close()
      await catalog.close()
      await storage.close()
      if (!given) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}
