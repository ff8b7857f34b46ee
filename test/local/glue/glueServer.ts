import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { startAwsServer } from '../../../lib/local/aws/server.ts'
import { openCatalog } from '../../../lib/local/glue/catalog.ts'
import { glueService } from '../../../lib/local/glue/service.ts'
import { s3Service } from '../../../lib/local/s3/service.ts'
import { openStorage } from '../../../lib/local/s3/storage.ts'

export const region = 'us-east-1'
export const credentials = { accessKeyId: 'AKIATICKERLAKETEST00', secretAccessKey: 'a-secret-for-tests' }

/** S3 and Glue on a free port of loopback; `dir` is kept when given, else deleted by `close`. `logged` are the lines of both. */
export async function startGlueServer({ dir: given, leastCrawlMs }: { dir?: string; leastCrawlMs?: number } = {}) {
  const dir = given ?? mkdtempSync(join(tmpdir(), 'tickerlake-'))
  const logged: string[] = []
  const log = (line: string): void => void logged.push(line)
  const storage = await openStorage({ dir: join(dir, 's3') })
  const catalog = await openCatalog({ dir: join(dir, 'glue') })
  const glue = glueService({ catalog, storage, dir: join(dir, 'glue'), log, leastCrawlMs })
  const server = await startAwsServer({ port: 0, region, credentials, s3: s3Service(storage, { region }), json: [glue], log })
  return {
    url: server.url,
    dir,
    logged,
    async close() {
      await server.close()
      await glue.close()
      await catalog.close()
      await storage.close()
      if (!given) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
