import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { startAwsServer, type AwsServerOptions } from '../../../lib/local/aws/server.ts'
import { s3Service } from '../../../lib/local/s3/service.ts'
import { openStorage, type S3Storage } from '../../../lib/local/s3/storage.ts'

export const region = 'us-east-1'
export const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a secret+of/tests' }

export interface TestServer {
  url: string
  port: number
  dir: string
  storage: S3Storage
  /** What the server logged: unexpected errors only. */
  logged: string[]
  client(config?: S3ClientConfig): S3Client
  close(): Promise<void>
}

export function temporaryDir(): string {
  return mkdtempSync(join(tmpdir(), 'tickerlake-s3-'))
}

/** An S3 server on a free port; with `close` it goes, and its folder too when none was given. */
export async function startTestServer(options: Partial<AwsServerOptions> = {}, givenDir?: string): Promise<TestServer> {
  const dir = givenDir ?? temporaryDir()
  const storage = await openStorage({ dir })
  const logged: string[] = []
  const s3 = s3Service(storage, { region })
  const server = await startAwsServer({ port: 0, region, credentials, s3, log: line => logged.push(line), ...options })
  const clients: S3Client[] = []
  return {
    ...{ url: server.url, port: server.port, dir, storage, logged },
    client(config = {}) {
      const client = new S3Client({ endpoint: server.url, region, credentials, forcePathStyle: true, maxAttempts: 1, ...config })
      clients.push(client)
      return client
    },
    async close() {
      for (const client of clients) client.destroy()
      await server.close()
      await storage.close()
      if (givenDir === undefined) rmSync(dir, { recursive: true, force: true })
    },
  }
}
