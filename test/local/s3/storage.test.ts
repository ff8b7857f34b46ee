import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStorage, type S3Storage } from '../../../lib/local/s3/storage.ts'
import { startTestServer, temporaryDir } from './testServer.ts'

let dir: string
let storage: S3Storage
beforeEach(async () => {
  dir = temporaryDir()
  storage = await openStorage({ dir })
  await storage.createBucket('lake')
})
afterEach(async () => {
  await storage.close()
  rmSync(dir, { recursive: true, force: true })
})

const text = async (key: string, range?: { start?: number; end?: number }) => {
  const chunks: Buffer[] = []
  for await (const chunk of await storage.read('lake', key, range)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
const keys = async (prefix = '', options = {}) => {
  const found: string[] = []
  for await (const { key } of storage.list('lake', prefix, options)) found.push(key)
  return found
}
/** Sixteen at a time. */
async function putAll(store: S3Storage, bucket: string, names: string[]): Promise<void> {
  const rest = names.values()
  const worker = async () => {
    for (const name of rest) await store.put(bucket, name, Buffer.from('{}'))
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

const filesUnder = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
    : []

test('an object is a plain file under a readable name', async () => {
  const stored = await storage.put('lake', 'quotes/dt=2026-01-01/a.json.gz', Buffer.from('body'), {
    contentType: 'application/json',
    metadata: { n: '1' },
  })
  expect(stored.path).toBe(join(dir, 'lake/objects/quotes/dt=2026-01-01/a.json.gz'))
  expect(readFileSync(stored.path, 'utf8')).toBe('body')
  expect(await storage.head('lake', 'quotes/dt=2026-01-01/a.json.gz')).toEqual(stored)
  expect(stored).toMatchObject({
    sizeBytes: 4,
    contentType: 'application/json',
    metadata: { n: '1' },
    etag: '"841a2d689ad86bd1611447453c22c6fc"',
  })
  expect(await text('quotes/dt=2026-01-01/a.json.gz', { start: 1, end: 3 })).toBe('od')
  expect(await text('quotes/dt=2026-01-01/a.json.gz', { start: 2, end: 2 })).toBe('')
})

test('put from a stream, put a finished file, conditions, delete', async () => {
  await storage.put('lake', 'stream', Readable.from([Buffer.from('a'), Buffer.from('b')]))
  expect(await text('stream')).toBe('ab')
  const file = join(dir, 'result.csv')
  writeFileSync(file, 'x,y\n')
  expect((await storage.putFile('lake', 'results/r.csv', file, { contentType: 'text/csv' })).sizeBytes).toBe(4)
  expect([existsSync(file), await text('results/r.csv')]).toEqual([false, 'x,y\n'])
  await expect(storage.put('lake', 'stream', Buffer.from('c'), { ifNoneMatch: '*' })).rejects.toMatchObject({
    code: 'PreconditionFailed',
    status: 412,
  })
  await storage.delete('lake', 'results/r.csv')
  expect(existsSync(join(dir, 'lake/objects/results'))).toBe(false)
  expect(await storage.head('lake', 'results/r.csv')).toBeUndefined()
  await expect(storage.read('lake', 'results/r.csv')).rejects.toMatchObject({ code: 'NoSuchKey' })
  await expect(storage.put('none', 'x', Buffer.from(''))).rejects.toMatchObject({ code: 'NoSuchBucket' })
  expect(filesUnder(join(dir, '_tmp'))).toEqual([])
})

test('no key leaves its bucket, and keys that a disk confuses stay apart', async () => {
  const awkward = [
    '../../../escape',
    '..',
    '.',
    './x',
    'a/../../b',
    '/abs',
    '//',
    'a',
    'a/b',
    'a/b/c',
    'a/',
    'Twin',
    'twin',
    'con',
    'x'.repeat(1024),
    '%',
    '%/x',
    '%2E%2E',
    '\u0000',
    '\n',
    '[a]*?{b}',
    'é',
    'e\u0301',
  ]
  for (const key of awkward) {
    const { path } = await storage.put('lake', key, Buffer.from(key))
    expect(path.startsWith(join(dir, 'lake/objects/'))).toBe(true)
    expect(path).not.toMatch(/[[\]*?{}\n]/)
  }
  for (const key of awkward) expect(await text(key)).toBe(key)
  expect((await keys()).length).toBe(awkward.length)
  const bodies = filesUnder(dir).filter(file => !relative(dir, file).startsWith('_'))
  expect(bodies.length).toBe(awkward.length)
  for (const key of awkward) await storage.delete('lake', key)
  expect(filesUnder(join(dir, 'lake'))).toEqual([])
})

test('a name that is taken on the disk, as by a twin where case does not count, is not overwritten', async () => {
  mkdirSync(join(dir, 'lake/objects'), { recursive: true })
  writeFileSync(join(dir, 'lake/objects/twin'), 'of another key')
  const { path } = await storage.put('lake', 'twin', Buffer.from('mine'))
  expect(path).not.toBe(join(dir, 'lake/objects/twin'))
  expect([readFileSync(join(dir, 'lake/objects/twin'), 'utf8'), await text('twin')]).toEqual(['of another key', 'mine'])
})

test('a key may become a folder and a folder a key', async () => {
  await storage.put('lake', 'x/y', Buffer.from('1'))
  await storage.delete('lake', 'x/y')
  expect((await storage.put('lake', 'x', Buffer.from('2'))).path).toBe(join(dir, 'lake/objects/x'))
  await storage.delete('lake', 'x')
  expect((await storage.put('lake', 'x/y', Buffer.from('3'))).path).toBe(join(dir, 'lake/objects/x/y'))
})

test('everything is there after a reopen; one process at a time', async () => {
  await storage.put('lake', 'k', Buffer.from('v'), { metadata: { a: 'b' } })
  await expect(openStorage({ dir })).rejects.toThrow(/locked/)
  await storage.close()
  storage = await openStorage({ dir })
  expect(await storage.head('lake', 'k')).toMatchObject({ metadata: { a: 'b' } })
  expect(await text('k')).toBe('v')
})

test('a reader that began before an overwrite or a delete gets the old object whole', async () => {
  const old = Buffer.alloc(2_000_000, 'old ')
  await storage.put('lake', 'k', old)
  const [first, second] = [await storage.read('lake', 'k'), await storage.read('lake', 'k')]
  await storage.put('lake', 'k', Buffer.from('new'))
  const read = async (stream: Readable) => Buffer.concat(await stream.toArray())
  expect(old.equals(await read(first))).toBe(true)
  await storage.delete('lake', 'k')
  expect(old.equals(await read(second))).toBe(true)
})

test('a source that breaks leaves nothing', async () => {
  const broken = async function* () {
    yield Buffer.alloc(400_000)
    throw new Error('the source broke')
  }
  await expect(storage.put('lake', 'k', Readable.from(broken()))).rejects.toThrow('the source broke')
  expect([await keys(), filesUnder(join(dir, '_tmp'))]).toEqual([[], []])
})

test('a listing goes on in order while keys come and go', async () => {
  const names = Array.from({ length: 2500 }, (_, i) => `k/${String(i).padStart(4, '0')}`)
  await putAll(storage, 'lake', names)
  const found: string[] = []
  for await (const { key } of storage.list('lake', 'k/')) {
    found.push(key)
    if (found.length % 500 !== 0) continue
    await storage.delete('lake', key)
    await storage.put('lake', `j/${found.length}`, Buffer.from('x'))
  }
  expect(found.length).toBe(2500)
  expect(await keys('k/', { startAfter: 'k/2490' })).toEqual([
    'k/2491',
    'k/2492',
    'k/2493',
    'k/2494',
    'k/2495',
    'k/2496',
    'k/2497',
    'k/2498',
  ])
})

test('10,000 objects under one prefix are listed page by page in little memory', async () => {
  const server = await startTestServer()
  try {
    await server.storage.createBucket('many')
    const names = Array.from({ length: 10_000 }, (_, i) => `many/${String(i).padStart(5, '0')}.json`)
    await putAll(server.storage, 'many', names)
    const before = process.memoryUsage().rss
    const client = server.client()
    const found: (string | undefined)[] = []
    let pages = 0
    let ContinuationToken: string | undefined
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: 'many', Prefix: 'many/', ContinuationToken }))
      found.push(...(page.Contents ?? []).map(({ Key }) => Key))
      ContinuationToken = page.NextContinuationToken
      pages++
    } while (ContinuationToken)
    expect([pages, found]).toEqual([10, names])
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  } finally {
    await server.close()
  }
}, 240_000)
