import * as s3 from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { failure, openContractHome, type ContractHome } from './home.ts'

let home: ContractHome
let Bucket: string
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Awkward in every way that S3 allows. */
const odd = [
  ...[
    'a',
    'a/b',
    'a/',
    'a//b',
    'Case',
    'case',
    'con',
    'x.',
    'x',
    'q?*:|',
    '_hidden/.dot',
    'index.json',
    'sp ace+plus&amp;ü=1/é.json',
  ],
  ...[
    'dots/../up',
    '../../../escape',
    './here',
    '..',
    '\u00e9',
    '\uff5e',
    '\u{1d4b3}',
    '~',
    'Z',
    'z',
    '10',
    '9',
    'line\r\nfeed',
    '\u0001\u007f',
    '%41',
    '%2F',
    '<&>"\'',
  ],
  ...[
    'n'.repeat(1024),
    `${'é'.repeat(150)}/deep/${'x/'.repeat(40)}end.json.gz`,
    ' ',
    'trailing ',
    '[a]{b}',
    'b/c/d',
    'b/c/e',
    'b/f',
    '\\back\\slash',
  ],
].map(key => (key.length === 1024 ? key : `odd/${key}`))

beforeAll(async () => {
  home = await openContractHome()
  Bucket = home.bucket
  await Promise.all(odd.map(Key => home.client.send(new s3.PutObjectCommand({ Bucket, Key, Body: Key }))))
})

type Listing = (more: Partial<s3.ListObjectsV2CommandInput>) => Promise<s3.ListObjectsV2CommandOutput>
const list: Listing = more => home.client.send(new s3.ListObjectsV2Command({ Bucket, ...more }))

/** What S3 must answer, by a second, simpler way. */
function expected(keys: string[], prefix: string, delimiter: string): string[] {
  const found = keys
    .filter(key => key.startsWith(prefix))
    .map(key => {
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return cut < 0 ? key : `${key.slice(0, cut + delimiter.length)} (prefix)`
    })
  return [...new Set(found)].sort(byBytes)
}

function entries({ Contents = [], CommonPrefixes = [] }: s3.ListObjectsV2CommandOutput): string[] {
  return [...Contents.map(({ Key }) => Key as string), ...CommonPrefixes.map(({ Prefix }) => `${Prefix} (prefix)`)].sort(byBytes)
}

test('every legal key keeps its body, its name and its place', async () => {
  for (const Key of odd) {
    const answer = await home.client.send(new s3.GetObjectCommand({ Bucket, Key }))
    expect(await answer.Body?.transformToString()).toBe(Key)
  }
  const { Contents = [] } = await list({})
  expect(Contents.map(({ Key }) => Key)).toEqual([...odd].sort(byBytes))
  expect(await failure(home.client.send(new s3.PutObjectCommand({ Bucket, Key: 'n'.repeat(1025), Body: '' })))).toEqual([
    'KeyTooLongError',
    400,
  ])
})

test.each(
  ['', 'odd/', 'odd/a', 'odd/b/', 'odd/b/c', 'none/', 'odd/dots/'].flatMap(prefix =>
    ['', '/', 'c/', 'é', '.'].map(delimiter => [prefix, delimiter]),
  ),
)('prefix %j with delimiter %j, in pages of 1, 2, 7 and all', async (Prefix = '', Delimiter = '') => {
  for (const MaxKeys of [1, 2, 7, 1000]) {
    const found: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await list({ Prefix, Delimiter, MaxKeys, ContinuationToken })
      const names = entries(page)
      expect(names.length).toBe(page.KeyCount)
      expect(names.length).toBeLessThanOrEqual(MaxKeys)
      expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined)
      found.push(...names)
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    expect(found.sort(byBytes)).toEqual(expected(odd, Prefix, Delimiter))
  }
})

describe('the details of a listing', () => {
  test('StartAfter, FetchOwner, size, ETag, time, storage class', async () => {
    const sorted = [...odd].sort(byBytes)
    const page = await list({ StartAfter: sorted[4], MaxKeys: 2, FetchOwner: true })
    expect(page.Contents?.map(({ Key }) => Key)).toEqual(sorted.slice(5, 7))
    expect(page.Contents?.[0]).toMatchObject({ Size: Buffer.byteLength(sorted[5] as string), StorageClass: 'STANDARD' })
    expect(page.Contents?.[0]?.Owner?.ID).toBeTruthy()
    expect(Math.abs(Date.now() - (page.Contents?.[0]?.LastModified?.getTime() ?? 0))).toBeLessThan(600_000)
    expect((await list({ MaxKeys: 0 })).KeyCount).toBe(0)
  })

  test('url encoding of keys', async () => {
    const page = await list({ EncodingType: 'url', Prefix: 'odd/sp' })
    expect(page.Contents?.[0]?.Key).toBe('odd/sp+ace%2Bplus%26amp%3B%C3%BC%3D1/%C3%A9.json')
    expect(page.EncodingType).toBe('url')
  })

  test('wrong arguments', async () => {
    expect(await failure(list({ MaxKeys: -1 }))).toEqual(['InvalidArgument', 400])
    expect(await failure(list({ ContinuationToken: 'nonsense' }))).toEqual(['InvalidArgument', 400])
    expect(await failure(list({ EncodingType: 'base64' as never }))).toEqual(['InvalidArgument', 400])
    expect(await failure(list({ Bucket: `${Bucket}-none` }))).toEqual(['NoSuchBucket', 404])
  })

  test('version 1: markers', async () => {
    const found: string[] = []
    let Marker: string | undefined
    for (;;) {
      const page: s3.ListObjectsCommandOutput = await home.client.send(
        new s3.ListObjectsCommand({ Bucket, Prefix: 'odd/', Delimiter: '/', MaxKeys: 3, Marker }),
      )
      found.push(...entries(page as s3.ListObjectsV2CommandOutput))
      if (!page.IsTruncated) break
      Marker = page.NextMarker
      expect(Marker).toBeTruthy()
    }
    expect(found.sort(byBytes)).toEqual(expected(odd, 'odd/', '/'))
  })
})
