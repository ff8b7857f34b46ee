import { randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'
import * as s3 from '@aws-sdk/client-s3'
import { credentials, region, startTestServer } from '../../local/s3/testServer.ts'

export interface ContractHome {
  client: s3.S3Client
  endpoint?: string
  /** A bucket of the test file's own, emptied and deleted after it. */
  bucket: string
  /** Another client, such as one with other credentials. */
  clientWith(config: s3.S3ClientConfig): s3.S3Client
}

/** S3 for a contract suite: the embedded one, or with `LAB_CLOUD=aws` (or an endpoint's URL) whatever the SDK's own chain leads to. */
export async function openContractHome(): Promise<ContractHome> {
  const cloud = process.env.LAB_CLOUD ?? 'embedded'
  const server = cloud === 'embedded' ? await startTestServer() : undefined
  const endpoint = server?.url ?? (cloud === 'aws' ? undefined : cloud)
  const base: s3.S3ClientConfig = server ? { region, credentials, maxAttempts: 1 } : {}
  const clients: s3.S3Client[] = []
  const clientWith = (config: s3.S3ClientConfig): s3.S3Client => {
    const client = new s3.S3Client({ ...base, ...(endpoint ? { endpoint, forcePathStyle: true } : {}), ...config })
    clients.push(client)
    return client
  }
  const client = clientWith({})
  const bucket = `contract-${randomBytes(6).toString('hex')}`
  await client.send(new s3.CreateBucketCommand({ Bucket: bucket }))
  afterAll(async () => {
    await removeBucket(client, bucket)
    for (const one of clients) one.destroy()
    await server?.close()
    if (server && server.logged.length > 0) throw new Error(server.logged.join('\n'))
  })
  return { client, endpoint, bucket, clientWith }
}

/** Empties a bucket of all versions and uploads, and deletes it. */
export async function removeBucket(client: s3.S3Client, Bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new s3.ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads) await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  for (;;) {
    const { Versions = [], DeleteMarkers = [], IsTruncated } = await client.send(new s3.ListObjectVersionsCommand({ Bucket }))
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
    if (Objects.length > 0) await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    if (!IsTruncated) break
  }
  await client.send(new s3.DeleteBucketCommand({ Bucket }))
}

/** The error's name and HTTP status; fails when there was no error. */
export async function failure(promise: Promise<unknown>): Promise<[name: string, status: number | undefined]> {
  try {
    await promise
  } catch (error) {
    const { name, $metadata } = error as s3.S3ServiceException
    return [name, $metadata?.httpStatusCode]
  }
  throw new Error('the call succeeded')
}
