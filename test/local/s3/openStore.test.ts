import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { openStorage, type S3Storage } from '../../../lib/local/s3/storage.ts'
import { startTestServer, temporaryDir } from './testServer.ts'

const Bucket = 'lake'
const keys = ['quotes/dt=2026-01-01/a.json', 'a', 'a/b', 'fold/', 'é ü', '%', '..', 'x'.repeat(900)]

function folder(): string {
  const dir = temporaryDir()
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Opens the store, hands it over and closes it; answers what was logged. */
async function withStore(dir: string, work: (storage: S3Storage) => Promise<unknown>): Promise<string[]> {
  const logged: string[] = []
  const storage = await openStorage({ dir, log: line => logged.push(line) })
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
  return logged
}

async function listed(storage: S3Storage): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const stored of storage.list(Bucket, '')) found.push({ ...stored, text: readFileSync(stored.path, 'utf8') })
  return found
}

async function fill(storage: S3Storage): Promise<unknown[]> {
  await storage.createBucket(Bucket)
  await storage.createBucket('empty')
  for (const key of keys) {
    await storage.put(Bucket, key, Buffer.from('older'))
    await storage.put(Bucket, key, Buffer.from(`of ${key}`), { contentType: 'text/csv', metadata: { row: '1' } })
  }
  await storage.put(Bucket, 'deleted', Buffer.from('x'))
  await storage.delete(Bucket, 'deleted')
  return listed(storage)
}

const removeIndex = (dir: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, `_index.db${suffix}`), { force: true })
}

const losses: [name: string, lose: (dir: string) => void, said: RegExp][] = [
  ['deleted', removeIndex, /the index was missing; it was made anew from the journal/],
  ['empty', dir => truncateSync(join(dir, '_index.db')), /the index was missing/],
  ['text', dir => writeFileSync(join(dir, '_index.db'), 'not a database '.repeat(999)), /damaged \(file is not a database/],
  ['cut', dir => truncateSync(join(dir, '_index.db'), 9000), /the index was damaged/],
  ['holed', dir => overwrite(join(dir, '_index.db'), 4096, Buffer.alloc(20_000, 7)), /the index was damaged/],
]

function overwrite(file: string, position: number, bytes: Buffer): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, bytes, 0, bytes.length, position)
  closeSync(fd)
}

test.each(losses)('an index that is %s is made anew from the journal, and nothing is missing', async (_, lose, said) => {
  const dir = folder()
  let before: unknown[] = []
  expect(await withStore(dir, async storage => (before = await fill(storage)))).toEqual([])
  lose(dir)
  const logged = await withStore(dir, async storage => {
    expect(await listed(storage)).toEqual(before)
    expect([storage.hasBucket('empty'), await storage.head(Bucket, 'deleted')]).toEqual([true, undefined])
    await storage.put(Bucket, 'a', Buffer.from('newer'))
  })
  expect(logged[0]).toMatch(said)
  expect(logged.at(-1)).toBe(`s3: there are 2 buckets with ${keys.length} objects`)
  expect(await withStore(dir, async storage => expect((await storage.head(Bucket, 'a'))?.sizeBytes).toBe(5))).toEqual([])
})

test('a lost index, through the API: versions, markers, tags, parts, bucket documents, uploads under way', async () => {
  const dir = folder()
  const ask = async (client: S3Client) => {
    const { $metadata: _, ...versions } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'parts', ChecksumMode: 'ENABLED', PartNumber: 1 }))
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))
    const bucketTags = (await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet
    return { versions, parts: [head.ETag, head.PartsCount, head.ContentLength], TagSet, bucketTags }
  }
  const first = await startTestServer({}, dir)
  const client = first.client()
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'null version' }))
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'x' }))
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'second', Tagging: 'x=y' }))
  const at = { Bucket, Key: 'parts' }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  const { UploadId: open } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'open' }))
  const whole = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'part' }))
  const begun = await client.send(new UploadPartCommand({ Bucket, Key: 'open', UploadId: open, PartNumber: 1, Body: 'begun' }))
  const complete = (etag: string | undefined) => ({ MultipartUpload: { Parts: [{ PartNumber: 1, ETag: etag }] } })
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, ...complete(whole.ETag) }))
  const before = await ask(client)
  await first.close()

  removeIndex(dir)
  const second = await startTestServer({}, dir)
  onTestFinished(() => second.close())
  const again = second.client()
  expect(await ask(again)).toEqual(before)
  await again.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'open', UploadId: open, ...complete(begun.ETag) }))
  const { Body } = await again.send(new GetObjectCommand({ Bucket, Key: 'open' }))
  expect(await Body?.transformToString()).toBe('begun')
})

test('an index without its last changes takes them from the journal', async () => {
  const dir = folder()
  const index = join(dir, '_index.db')
  await withStore(dir, fill)
  const older = readFileSync(index)
  let before: unknown[] = []
  await withStore(dir, async storage => {
    await storage.put(Bucket, 'late', Buffer.from('late'))
    await storage.delete(Bucket, 'a')
    before = await listed(storage)
  })
  removeIndex(dir)
  writeFileSync(index, older)
  const logged = await withStore(dir, async storage => expect(await listed(storage)).toEqual(before))
  expect(logged).toEqual(['s3: changes that the index did not have were taken from the journal: 2'])
})

test('a lost journal is written anew from the index', async () => {
  const dir = folder()
  let before: unknown[] = []
  await withStore(dir, async storage => (before = await fill(storage)))
  rmSync(join(dir, '_journal.jsonl'))
  await withStore(dir, async () => {})
  removeIndex(dir)
  await withStore(dir, async storage => expect(await listed(storage)).toEqual(before))
})

test('a journal that ends within a line or has a damaged one loses no more than that', async () => {
  const dir = folder()
  await withStore(dir, fill)
  const file = join(dir, '_journal.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8') + '{"number":99,"st')
  removeIndex(dir)
  expect(await withStore(dir, async storage => expect((await listed(storage)).length).toBe(keys.length))).toHaveLength(2)
  const lines = readFileSync(file, 'utf8').split('\n')
  // The second version of the first key.
  const damaged = lines.findIndex(line => line.includes('quotes/') && line.includes('text/csv'))
  writeFileSync(file, lines.map((line, at) => (at === damaged ? line.slice(9) : line)).join('\n'))
  removeIndex(dir)
  const logged = await withStore(dir, async storage => {
    const found = (await listed(storage)) as { key: string; text: string; contentType: string }[]
    expect(found.map(({ key, text }) => [key, text])).toEqual(keys.toSorted(byBytes).map(key => [key, `of ${key}`]))
    const types = found.filter(({ contentType }) => contentType === 'text/csv')
    expect(types).toHaveLength(keys.length - 1)
  })
  expect(logged.join('\n')).toMatch(/what the journal and the files tell[^]*1 files became objects/)
})

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

test('with index and journal lost the files tell buckets, keys, bodies and ETags', async () => {
  const dir = folder()
  let before: unknown[] = []
  await withStore(dir, async storage => (before = await fill(storage)))
  removeIndex(dir)
  rmSync(join(dir, '_journal.jsonl'))
  const logged = await withStore(dir, async storage => {
    const found = (await listed(storage)) as { key: string; etag: string; text: string; contentType: string }[]
    // Two keys have files under names that do not tell them: the very long one and `a/b`, which `a` stood in the way of.
    const known = keys.filter(key => key.length < 100 && key !== 'a/b').toSorted(byBytes)
    expect(found.map(({ key }) => key)).toEqual(known)
    for (const { key, etag, text, contentType } of found) {
      expect([text, contentType]).toEqual([`of ${key}`, 'binary/octet-stream'])
      expect(etag).toBe(`"${createHash('md5').update(text).digest('hex')}"`)
    }
    expect([storage.hasBucket('empty'), before.length]).toEqual([true, keys.length])
  })
  expect(logged.join('\n')).toMatch(/6 files became objects[^]*2 files were left where they are/)
  await withStore(dir, async storage => expect((await listed(storage)).length).toBe(6))
})

/** What a machine that went down leaves of bodies that were never synced. */
function loseBodies(dir: string): void {
  truncateSync(join(dir, 'lake/objects/a'), 0)
  rmSync(join(dir, 'lake/objects/%25'))
  writeFileSync(join(dir, 'lake/objects/%2E%2E'), Buffer.alloc('of ..'.length))
  writeFileSync(join(dir, '_boot-id'), 'an earlier run of the machine')
}

test('after the machine went down no object has a body that is not whole', async () => {
  const dir = folder()
  await withStore(dir, fill)
  loseBodies(dir)
  const logged = await withStore(dir, async storage => {
    expect(((await listed(storage)) as { key: string }[]).map(({ key }) => key)).toEqual(
      keys.filter(key => !['a', '%', '..'].includes(key)).toSorted(byBytes),
    )
    await storage.put(Bucket, 'a', Buffer.from('again'), { ifNoneMatch: '*' })
  })
  expect(logged).toHaveLength(1)
  expect(logged[0]).toContain('3 bodies are not what was put')
  expect(logged[0]).toContain('lake/a (0 of 4 bytes)')
  expect(existsSync(join(dir, '_damaged/lake/objects/a'))).toBe(true)
  expect(await withStore(dir, async () => {})).toEqual([])
})

test('a body that is found damaged when it is read is an InternalError that says so, and nothing of it is sent', async () => {
  const server = await startTestServer()
  onTestFinished(() => server.close())
  const client = server.client()
  await client.send(new CreateBucketCommand({ Bucket }))
  for (const size of [10, 1_000_000]) {
    const Key = `k${size}`
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size) }))
    truncateSync(join(server.dir, 'lake/objects', Key), 4)
    const refused = { name: 'InternalError', message: expect.stringContaining(`4 of its ${size} bytes are there`) as string }
    await expect(client.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject(refused)
    rmSync(join(server.dir, 'lake/objects', Key))
    await expect(client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=0-1' }))).rejects.toMatchObject({
      name: 'InternalError',
    })
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'again' }))
    expect(await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()).toBe('again')
  }
  expect(server.logged).toEqual([])
})

test('a part that was cut is no part of an object', async () => {
  const server = await startTestServer()
  onTestFinished(() => server.close())
  const client = server.client()
  const at = { Bucket, Key: 'k' }
  await client.send(new CreateBucketCommand({ Bucket }))
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'a whole part' }))
  const folder = join(server.dir, '_uploads', UploadId!)
  truncateSync(join(folder, readdirSync(folder)[0]!), 3)
  const complete = { ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }
  await expect(client.send(new CompleteMultipartUploadCommand(complete))).rejects.toMatchObject({
    name: 'InternalError',
    message: expect.stringContaining('3 of their 12 bytes are there') as string,
  })
  await expect(client.send(new HeadObjectCommand(at))).rejects.toMatchObject({ name: 'NotFound' })
})

test('the journal is written anew when most of it tells of what is replaced', async () => {
  const dir = folder()
  await withStore(dir, async storage => {
    await storage.createBucket(Bucket)
    await storage.put(Bucket, 'k', Buffer.from('x'))
    const row = storage.store.current(Bucket, 'k')!
    for (let at = 0; at < 12_000; at += 1) storage.store.replaceMeta(row, { metadata: { at: String(at) } })
  })
  expect(readFileSync(join(dir, '_journal.jsonl'), 'utf8').split('\n').length).toBeLessThan(10_000)
  removeIndex(dir)
  await withStore(dir, async storage => expect((await storage.head(Bucket, 'k'))?.metadata).toEqual({ at: '11999' }))
}, 120_000)
