import * as s3 from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { failure, openContractHome, type ContractHome } from './home.ts'

let home: ContractHome
let Bucket: string
beforeAll(async () => {
  home = await openContractHome()
  Bucket = home.bucket
})

const put = (Key: string, Body: string) => home.client.send(new s3.PutObjectCommand({ Bucket, Key, Body }))
const remove = (Key: string, VersionId?: string) => home.client.send(new s3.DeleteObjectCommand({ Bucket, Key, VersionId }))
const text = async (Key: string, VersionId?: string) =>
  (await home.client.send(new s3.GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString()
const versioning = (Status: s3.BucketVersioningStatus) =>
  home.client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
const versions = (Prefix: string) => home.client.send(new s3.ListObjectVersionsCommand({ Bucket, Prefix }))

test('the life of a key with versions', async () => {
  expect((await home.client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined()
  expect((await put('key', 'before')).VersionId).toBeUndefined()
  await versioning('Enabled')
  expect((await home.client.send(new s3.GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')

  const one = (await put('key', 'one')).VersionId
  const two = (await put('key', 'two')).VersionId
  expect([await text('key'), await text('key', one), await text('key', 'null')]).toEqual(['two', 'one', 'before'])

  const marker = await remove('key')
  expect([marker.DeleteMarker, typeof marker.VersionId]).toEqual([true, 'string'])
  expect(await failure(text('key'))).toEqual(['NoSuchKey', 404])
  expect(await text('key', two)).toBe('two')
  expect(await failure(text('key', marker.VersionId))).toEqual(['MethodNotAllowed', 405])
  expect((await home.client.send(new s3.ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0)

  const listed = await versions('key')
  expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
    [two, false],
    [one, false],
    ['null', false],
  ])
  expect(listed.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([[marker.VersionId, true]])

  expect((await remove('key', marker.VersionId)).DeleteMarker).toBe(true)
  expect(await text('key')).toBe('two')
  await remove('key', two)
  expect(await text('key')).toBe('one')
  await home.client.send(new s3.CopyObjectCommand({ Bucket, Key: 'restored', CopySource: `${Bucket}/key?versionId=null` }))
  expect(await text('restored')).toBe('before')
  expect(await failure(text('key', 'x'.repeat(32)))).toEqual(['NoSuchVersion', 404])
  expect(await failure(text('key', 'bad'))).toEqual(['InvalidArgument', 400])
})

test('suspended: the null version is replaced, others stay', async () => {
  await versioning('Enabled')
  const kept = (await put('suspended', 'kept')).VersionId
  await versioning('Suspended')
  expect((await put('suspended', 'null 1')).VersionId).toBe('null')
  await put('suspended', 'null 2')
  expect([await text('suspended'), await text('suspended', kept), await text('suspended', 'null')]).toEqual([
    'null 2',
    'kept',
    'null 2',
  ])
  const marker = await remove('suspended')
  expect([marker.DeleteMarker, marker.VersionId]).toEqual([true, 'null'])
  const listed = await versions('suspended')
  expect([listed.Versions?.length, listed.DeleteMarkers?.length]).toEqual([1, 1])
  await remove('suspended', 'null')
  expect(await text('suspended')).toBe('kept')
})

test('a conditional write sees through a delete marker', async () => {
  await versioning('Enabled')
  await put('hidden', 'x')
  await remove('hidden')
  await home.client.send(new s3.PutObjectCommand({ Bucket, Key: 'hidden', Body: 'y', IfNoneMatch: '*' }))
  expect(await text('hidden')).toBe('y')
})

test('tags belong to a version', async () => {
  await versioning('Enabled')
  const one = (await put('tagged', 'one')).VersionId
  await put('tagged', 'two')
  await home.client.send(
    new s3.PutObjectTaggingCommand({ Bucket, Key: 'tagged', VersionId: one, Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }),
  )
  const tags = async (VersionId?: string) =>
    (await home.client.send(new s3.GetObjectTaggingCommand({ Bucket, Key: 'tagged', VersionId }))).TagSet
  expect([await tags(one), await tags()]).toEqual([[{ Key: 'a', Value: '1' }], []])
})

test('versions page by page, grouped and not', async () => {
  await versioning('Enabled')
  const all: string[] = []
  for (const key of ['page/a', 'page/b', 'page/dir/x', 'page/z'])
    for (let i = 0; i < 3; i++) all.push(`${key} ${(await put(key, `${i}`)).VersionId}`)
  const marker = await remove('page/b')
  all.push(`page/b ${marker.VersionId}`)
  for (const MaxKeys of [1, 2, 5, 100]) {
    const found: string[] = []
    let more: Partial<s3.ListObjectVersionsCommandInput> = {}
    for (;;) {
      const page = await home.client.send(new s3.ListObjectVersionsCommand({ Bucket, Prefix: 'page/', MaxKeys, ...more }))
      found.push(...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => `${Key} ${VersionId}`))
      if (!page.IsTruncated) break
      more = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(found.sort()).toEqual([...all].sort())
  }
  const grouped: string[] = []
  let more: Partial<s3.ListObjectVersionsCommandInput> = {}
  for (;;) {
    const page = await home.client.send(
      new s3.ListObjectVersionsCommand({ Bucket, Prefix: 'page/', Delimiter: '/', MaxKeys: 2, ...more }),
    )
    grouped.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix as string))
    if (!page.IsTruncated) break
    more = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  }
  expect(grouped).toEqual(['page/dir/'])
})
