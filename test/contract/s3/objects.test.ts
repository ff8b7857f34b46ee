import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import * as s3 from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { failure, openContractHome, type ContractHome } from './home.ts'

let home: ContractHome
let Bucket: string
beforeAll(async () => {
  home = await openContractHome()
  Bucket = home.bucket
})

const put = (Key: string, Body: s3.PutObjectCommandInput['Body'], more: Partial<s3.PutObjectCommandInput> = {}) =>
  home.client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }))
const get = (Key: string, more: Partial<s3.GetObjectCommandInput> = {}) =>
  home.client.send(new s3.GetObjectCommand({ Bucket, Key, ...more }))
const head = (Key: string, more: Partial<s3.HeadObjectCommandInput> = {}) =>
  home.client.send(new s3.HeadObjectCommand({ Bucket, Key, ...more }))
const bytes = async (Key: string, more = {}) => Buffer.from(await ((await get(Key, more)).Body?.transformToByteArray() ?? []))
const text = async (Key: string, more = {}) => (await bytes(Key, more)).toString()
const md5 = (data: string | Buffer) => `"${createHash('md5').update(data).digest('hex')}"`

describe('bodies', () => {
  test('every byte value comes back, as buffer and as stream', async () => {
    const all = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256))
    const { ETag } = await put('bytes', all)
    expect(ETag).toBe(md5(all))
    expect(await bytes('bytes')).toEqual(all)
    await put('stream', Readable.from([all]), { ContentLength: all.length })
    expect(await bytes('stream')).toEqual(all)
  })

  test('an empty body, and one past what is kept in memory', async () => {
    await put('empty', '')
    expect([await text('empty'), (await head('empty')).ContentLength]).toEqual(['', 0])
    const big = randomBytes(3_000_000)
    const chunks = Array.from({ length: 46 }, (_, i) => big.subarray(i * 65536, (i + 1) * 65536))
    await put('big', Readable.from(chunks), { ContentLength: big.length })
    expect(big.equals(await bytes('big'))).toBe(true)
  })

  test('user metadata, system metadata and encoding', async () => {
    const meta = {
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      ContentType: 'text/x-a',
      ContentEncoding: 'gzip',
    }
    await put('meta', Readable.from([Buffer.from('x')]), {
      ...meta,
      ContentLength: 1,
      Metadata: { source: 'kafka', 'with-dash': 'a b' },
      StorageClass: 'STANDARD_IA',
    })
    expect(await head('meta')).toMatchObject({
      ...meta,
      Metadata: { source: 'kafka', 'with-dash': 'a b' },
      StorageClass: 'STANDARD_IA',
      ContentLength: 1,
    })
    expect(await get('meta', { ResponseContentType: 'text/plain', ResponseCacheControl: 'no-store' })).toMatchObject({
      ContentType: 'text/plain',
      CacheControl: 'no-store',
    })
    expect(await failure(put('meta', 'x', { Metadata: { a: 'x'.repeat(2100) } }))).toEqual(['MetadataTooLarge', 400])
    expect(await failure(put('meta', 'x', { StorageClass: 'COLD' as never }))).toEqual(['InvalidStorageClass', 400])
  })

  test('what does not exist', async () => {
    expect(await failure(get('nothing'))).toEqual(['NoSuchKey', 404])
    expect(await failure(head('nothing'))).toEqual(['NotFound', 404])
    expect(await failure(get('x', { Bucket: `${Bucket}-not` }))).toEqual(['NoSuchBucket', 404])
    expect(await failure(put('x', 'x', { Bucket: `${Bucket}-not` }))).toEqual(['NoSuchBucket', 404])
    expect((await home.client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'nothing' }))).$metadata.httpStatusCode).toBe(204)
  })

  test('many deletes in one request', async () => {
    for (const key of ['d/1', 'd/2', 'd/<&>\r\n\u0001"é']) await put(key, 'x')
    const Objects = ['d/1', 'd/2', 'd/<&>\r\n\u0001"é', 'd/none'].map(Key => ({ Key }))
    const { Deleted, Errors } = await home.client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect([Deleted?.length, Errors]).toEqual([4, undefined])
    expect((await home.client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: 'd/' }))).KeyCount).toBe(0)
    const quiet = await home.client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    expect(quiet.Deleted).toBeUndefined()
    const many = Array.from({ length: 1001 }, (_, i) => ({ Key: `k${i}` }))
    expect(await failure(home.client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: many } })))).toEqual([
      'MalformedXML',
      400,
    ])
  })
})

describe('ranges', () => {
  const body = '0123456789'
  beforeAll(() => put('range', body))
  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
    ['bytes=-100', body, 'bytes 0-9/10'],
    ['bytes=0-0', '0', 'bytes 0-0/10'],
  ])('%s', async (Range, expected, ContentRange) => {
    const answer = await get('range', { Range })
    expect([answer.$metadata.httpStatusCode, answer.ContentRange, await answer.Body?.transformToString()]).toEqual([
      206,
      ContentRange,
      expected,
    ])
  })
  test.each(['bytes=4-2', 'lines=1-2', 'bytes=0-1,3-4'])('%s is no range: the whole object', async Range => {
    const answer = await get('range', { Range })
    expect([answer.$metadata.httpStatusCode, await answer.Body?.transformToString()]).toEqual([200, body])
  })
  test.each(['bytes=10-', 'bytes=500-600', 'bytes=-0'])('%s is not satisfiable', async Range => {
    expect(await failure(get('range', { Range }))).toEqual(['InvalidRange', 416])
  })
  test('of an empty object', async () => {
    await put('range-empty', '')
    expect(await failure(get('range-empty', { Range: 'bytes=0-' }))).toEqual(['InvalidRange', 416])
  })
})

describe('conditional reads', () => {
  test('ETag and time, and which of them wins', async () => {
    const { ETag } = await put('read', 'x')
    const [past, future] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)]
    const status = async (more: Partial<s3.GetObjectCommandInput>) => {
      try {
        return (await get('read', more)).$metadata.httpStatusCode
      } catch (error) {
        return (error as s3.S3ServiceException).$metadata.httpStatusCode
      }
    }
    expect(await status({ IfMatch: ETag })).toBe(200)
    expect(await status({ IfMatch: '"other"' })).toBe(412)
    expect(await status({ IfNoneMatch: ETag })).toBe(304)
    expect(await status({ IfNoneMatch: '"other"' })).toBe(200)
    expect(await status({ IfModifiedSince: new Date() })).toBe(304)
    expect(await status({ IfModifiedSince: past })).toBe(200)
    expect(await status({ IfUnmodifiedSince: past })).toBe(412)
    expect(await status({ IfUnmodifiedSince: future })).toBe(200)
    expect(await status({ IfMatch: ETag, IfUnmodifiedSince: past })).toBe(200)
    expect(await status({ IfNoneMatch: '"other"', IfModifiedSince: new Date() })).toBe(200)
  })
})

describe('conditional writes', () => {
  test('If-None-Match: * and If-Match', async () => {
    const { ETag } = await put('cond', 'one', { IfNoneMatch: '*' })
    expect(await failure(put('cond', 'two', { IfNoneMatch: '*' }))).toEqual(['PreconditionFailed', 412])
    expect(await failure(put('cond', 'two', { IfMatch: '"0"' }))).toEqual(['PreconditionFailed', 412])
    expect(await failure(put('cond-none', 'two', { IfMatch: ETag }))).toEqual(['NoSuchKey', 404])
    expect(await failure(put('cond', 'two', { IfNoneMatch: ETag }))).toEqual(['NotImplemented', 501])
    expect(await text('cond')).toBe('one')
    await put('cond', 'two', { IfMatch: ETag })
    expect(await text('cond')).toBe('two')
    await home.client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'cond' }))
    await put('cond', 'three', { IfNoneMatch: '*' })
  })

  test('of many writers at once exactly one wins, whole', async () => {
    const bodies = Array.from({ length: 24 }, (_, i) => `${i}`.repeat(1000 + i * 20_000))
    const done = await Promise.allSettled(bodies.map(body => put('race', body, { IfNoneMatch: '*' })))
    const won = done.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    expect(won).toHaveLength(1)
    expect(await text('race')).toBe(bodies[won[0] as number])
  })

  test('of many compare-and-swap writers exactly one wins each round', async () => {
    let { ETag } = await put('swap', 'start')
    for (let round = 0; round < 3; round++) {
      const done = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => put('swap', `${round}-${i}`, { IfMatch: ETag })))
      const won = done.filter(result => result.status === 'fulfilled')
      expect(won).toHaveLength(1)
      ETag = won[0]?.value.ETag
    }
  })
})

describe('checksums', () => {
  test.each<[s3.ChecksumAlgorithm, string]>([
    ['CRC32', 'DUoRhQ=='],
    ['CRC32C', 'yZRlqg=='],
    ['CRC64NVME', 'jSnVw/bqjr4='],
    ['SHA1', 'Kq5sNclPz7QV2+lfQIuc6R7oRu0='],
    ['SHA256', 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek='],
  ])('%s is computed, stored, answered, and refused when wrong', async (ChecksumAlgorithm, expected) => {
    const field = `Checksum${ChecksumAlgorithm}` as 'ChecksumSHA1'
    const answer = await put('sum', 'hello world', { ChecksumAlgorithm })
    expect(answer[field]).toBe(expected)
    expect((await get('sum', { ChecksumMode: 'ENABLED' }))[field]).toBe(expected)
    expect(await head('sum', { ChecksumMode: 'ENABLED' })).toMatchObject({ [field]: expected, ChecksumType: 'FULL_OBJECT' })
    expect((await head('sum'))[field]).toBeUndefined()
    expect((await get('sum', { ChecksumMode: 'ENABLED', Range: 'bytes=0-3' }))[field]).toBeUndefined()
    expect(await failure(put('sum-bad', 'other', { [field]: expected }))).toEqual(['BadDigest', 400])
    expect(await failure(put('sum-bad', 'other', { [field]: 'AAAA' }))).toEqual(['InvalidRequest', 400])
    expect(await failure(get('sum-bad'))).toEqual(['NoSuchKey', 404])
    const stream = Readable.from([Buffer.from('hello '), Buffer.from('world')])
    expect((await put('sum', stream, { ChecksumAlgorithm, ContentLength: 11 }))[field]).toBe(expected)
    const attributes = await home.client.send(
      new s3.GetObjectAttributesCommand({
        Bucket,
        Key: 'sum',
        ObjectAttributes: ['Checksum', 'ObjectSize', 'ETag', 'StorageClass'],
      }),
    )
    expect(attributes).toMatchObject({ ObjectSize: 11, StorageClass: 'STANDARD', Checksum: { [field]: expected } })
  })

  test('Content-MD5', async () => {
    const right = createHash('md5').update('x').digest('base64')
    await put('md5', 'x', { ContentMD5: right })
    expect(await failure(put('md5', 'y', { ContentMD5: right }))).toEqual(['BadDigest', 400])
    expect(await failure(put('md5', 'y', { ContentMD5: 'short' }))).toEqual(['InvalidDigest', 400])
    expect(await text('md5')).toBe('x')
  })
})

describe('copies', () => {
  test('keep or replace metadata and tags', async () => {
    const Key = 'copy/sp ace+é&%41.txt'
    await put(Key, 'body', { Metadata: { a: '1' }, ContentType: 'text/a', Tagging: 'k=v' })
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`
    const copy = (more: Partial<s3.CopyObjectCommandInput>) =>
      home.client.send(new s3.CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource, ...more }))
    const { CopyObjectResult } = await copy({})
    expect(CopyObjectResult?.ETag).toBe(md5('body'))
    expect(await head('copy/to')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/a' })
    expect((await home.client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'copy/to' }))).TagSet).toEqual([
      { Key: 'k', Value: 'v' },
    ])
    await copy({
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      ContentType: 'text/b',
      TaggingDirective: 'REPLACE',
      Tagging: 'n=m',
    })
    expect(await head('copy/to')).toMatchObject({ Metadata: { b: '2' }, ContentType: 'text/b' })
    expect((await home.client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'copy/to' }))).TagSet).toEqual([
      { Key: 'n', Value: 'm' },
    ])
    expect(await text('copy/to')).toBe('body')
    expect(await failure(copy({ CopySourceIfMatch: '"0"' }))).toEqual(['PreconditionFailed', 412])
    expect(await failure(copy({ CopySource: `${Bucket}/none` }))).toEqual(['NoSuchKey', 404])
    expect(await failure(copy({ CopySource: 'nonsense' }))).toEqual(['InvalidArgument', 400])
    expect(await failure(copy({ Key }))).toEqual(['InvalidRequest', 400])
    await copy({ Key, MetadataDirective: 'REPLACE', Metadata: { c: '3' } })
    expect((await head(Key)).Metadata).toEqual({ c: '3' })
  })
})

describe('tags', () => {
  test('put, get, delete, and their limits', async () => {
    await put('tags', 'x', { Tagging: 'a=1&b=two%20words' })
    const tags = async () => (await home.client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'tags' }))).TagSet
    expect(await tags()).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: 'two words' },
    ])
    const set = (TagSet: s3.Tag[]) =>
      home.client.send(new s3.PutObjectTaggingCommand({ Bucket, Key: 'tags', Tagging: { TagSet } }))
    await set([{ Key: 'k', Value: '' }])
    expect(await tags()).toEqual([{ Key: 'k', Value: '' }])
    expect((await get('tags')).TagCount).toBe(1)
    expect(await failure(set(Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: '' }))))).toEqual(['BadRequest', 400])
    expect(
      await failure(
        set([
          { Key: 'k', Value: '1' },
          { Key: 'k', Value: '2' },
        ]),
      ),
    ).toEqual(['InvalidTag', 400])
    await home.client.send(new s3.DeleteObjectTaggingCommand({ Bucket, Key: 'tags' }))
    expect([await tags(), await text('tags')]).toEqual([[], 'x'])
    expect(await failure(home.client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'none' })))).toEqual(['NoSuchKey', 404])
  })
})
