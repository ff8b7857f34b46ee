import { rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { expect, onTestFinished, test } from 'vitest'
import { startServerProcess } from './serverProcess.ts'
import { credentials, region, temporaryDir } from './testServer.ts'

const sizeBytes = 2 * 1024 ** 3
const piece = Buffer.alloc(1024 * 1024, 'stock quotes ')

test('2 GB up, in parts, copied and down again add less than 100 MB to the process', async () => {
  const dir = temporaryDir()
  const server = await startServerProcess(dir)
  const client = new S3Client({ endpoint: `http://127.0.0.1:${server.port}`, region, credentials, forcePathStyle: true })
  onTestFinished(async () => {
    client.destroy()
    await server.kill()
    rmSync(dir, { recursive: true, force: true })
  })
  const Bucket = 'large-objects'
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'warm', Body: piece }))
  const before = await server.rss()
  let most = before
  let working = true
  const watch = async (): Promise<void> => {
    for (; working; await setTimeout(250)) most = Math.max(most, await server.rss())
  }
  const watching = watch()
  try {
    const body = () =>
      Readable.from(
        (function* () {
          for (let i = 0; i < sizeBytes / piece.length; i++) yield piece
        })(),
      )
    await client.send(new PutObjectCommand({ Bucket, Key: 'one', Body: body(), ContentLength: sizeBytes }))
    expect(await size(client, Bucket, 'one')).toBe(sizeBytes)
    await new Upload({ client, params: { Bucket, Key: 'parts', Body: body() }, partSize: 64 * 1024 * 1024, queueSize: 2 }).done()
    expect(await size(client, Bucket, 'parts')).toBe(sizeBytes)
    const at = {
      Bucket,
      Key: 'copied',
      UploadId: (await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'copied' }))).UploadId,
    }
    const part = await client.send(new UploadPartCopyCommand({ ...at, PartNumber: 1, CopySource: `${Bucket}/one` }))
    await client.send(
      new CompleteMultipartUploadCommand({
        ...at,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.CopyPartResult?.ETag }] },
      }),
    )
  } finally {
    working = false
    await watching
  }
  console.log(`resident set: ${Math.round(before / 1e6)} MB before, ${Math.round(most / 1e6)} MB at most`)
  expect(most - before).toBeLessThan(100_000_000)
}, 1_800_000)

async function size(client: S3Client, Bucket: string, Key: string): Promise<number> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  let bytes = 0
  for await (const chunk of Body as Readable) bytes += (chunk as Buffer).length
  return bytes
}
