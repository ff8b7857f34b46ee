import { randomBytes } from 'node:crypto'
import * as glue from '@aws-sdk/client-glue'
import * as s3 from '@aws-sdk/client-s3'
import { afterAll } from 'vitest'
import { credentials, region, startGlueServer } from '../../local/glue/glueServer.ts'

export interface GlueContractHome {
  client: glue.GlueClient
  s3: s3.S3Client
  /** A role the crawler may use. */
  role: string
  /** A name nobody else has, of letters, digits and `_`. */
  unique(what: string): string
  /** Makes a database; it and its tables are deleted after the file. */
  database(): Promise<string>
  /** Makes a bucket with these objects; emptied and deleted after the file. */
  bucket(objects: Record<string, string | Uint8Array>): Promise<string>
  /** Makes a crawler over `s3://bucket/`; deleted after the file. */
  crawler(input: Partial<glue.CreateCrawlerRequest> & { bucket: string; path?: string }): Promise<string>
  /** Starts a crawler and answers it when it is READY again. */
  crawl(name: string): Promise<glue.Crawler>
}

/** Glue for a contract suite: the embedded one, or with `LAB_CLOUD=aws` (or an endpoint's URL) what the SDK's own chain leads to. On AWS `LAB_CRAWLER_ROLE`
 *  must name a role that may read the bucket. `leastCrawlMs`: how long an embedded crawl runs at least. */
export async function openGlueContract({ leastCrawlMs }: { leastCrawlMs?: number } = {}): Promise<GlueContractHome> {
  const cloud = process.env.LAB_CLOUD ?? 'embedded'
  const server = cloud === 'embedded' ? await startGlueServer({ leastCrawlMs }) : undefined
  const endpoint = server?.url ?? (cloud === 'aws' ? undefined : cloud)
  const base = { ...(server && { region, credentials, maxAttempts: 1 }), ...(endpoint && { endpoint }) }
  const client = new glue.GlueClient(base)
  const objects = new s3.S3Client({ ...base, forcePathStyle: true })
  const undo: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
    client.destroy()
    objects.destroy()
    await server?.close()
    if (server && server.logged.length > 0) throw new Error(server.logged.join('\n'))
  })
  const unique = (what: string): string => `contract_${what}_${randomBytes(5).toString('hex')}`
  const role = process.env.LAB_CRAWLER_ROLE ?? 'arn:aws:iam::000000000000:role/service-role/crawler'
  return {
    client,
    s3: objects,
    role,
    unique,
    async database() {
      const Name = unique('db')
      await client.send(new glue.CreateDatabaseCommand({ DatabaseInput: { Name } }))
      undo.push(() => client.send(new glue.DeleteDatabaseCommand({ Name })).catch(ignoreMissing))
      return Name
    },
    async bucket(content) {
      const Bucket = unique('b').replaceAll('_', '-')
      await objects.send(new s3.CreateBucketCommand({ Bucket }))
      undo.push(() => objects.send(new s3.DeleteBucketCommand({ Bucket })))
      undo.push(() => empty(objects, Bucket))
      for (const [Key, Body] of Object.entries(content)) await objects.send(new s3.PutObjectCommand({ Bucket, Key, Body }))
      return Bucket
    },
    async crawler({ bucket, path = '', ...input }) {
      const Name = unique('crawler')
      const Targets = { S3Targets: [{ Path: `s3://${bucket}/${path}` }] }
      await client.send(new glue.CreateCrawlerCommand({ Name, Role: role, Targets, ...input }))
      undo.push(() => client.send(new glue.DeleteCrawlerCommand({ Name })).catch(ignoreMissing))
      return Name
    },
    async crawl(Name) {
      await client.send(new glue.StartCrawlerCommand({ Name }))
      return untilReady(client, Name)
    },
  }
}

/** Waits until the crawler is READY and answers it. */
export async function untilReady(client: glue.GlueClient, Name: string): Promise<glue.Crawler> {
  for (;;) {
    const { Crawler } = await client.send(new glue.GetCrawlerCommand({ Name }))
    if (Crawler!.State === 'READY') return Crawler!
    await new Promise(done => setTimeout(done, process.env.LAB_CLOUD ? 5000 : 20))
  }
}

/** The error's name and sentence; fails when there was no error. */
export async function failure(promise: Promise<unknown>): Promise<[name: string, message: string]> {
  try {
    await promise
  } catch (error) {
    return [(error as Error).name, (error as Error).message]
  }
  throw new Error('the call succeeded')
}

function ignoreMissing(error: Error): void {
  if (error.name !== 'EntityNotFoundException') throw error
}

async function empty(client: s3.S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new s3.ListObjectsV2Command({ Bucket }))
    if (Contents.length === 0) return
    await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } }))
  }
}
