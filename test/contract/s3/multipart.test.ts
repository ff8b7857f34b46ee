import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import * as s3 from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { beforeAll, expect, test } from 'vitest'
import { failure, openContractHome, type ContractHome } from './home.ts'

let home: ContractHome
let Bucket: string
beforeAll(async () => {
  home = await openContractHome()
  Bucket = home.bucket
})

const MiB = 1024 * 1024
const begin = async (Key: string, more: Partial<s3.CreateMultipartUploadCommandInput> = {}) => {
  const { UploadId } = await home.client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  return { Bucket, Key, UploadId }
}
const part = (
  at: { Bucket: string; Key: string; UploadId: string | undefined },
  PartNumber: number,
  Body: string | Buffer,
  more = {},
) => home.client.send(new s3.UploadPartCommand({ ...at, PartNumber, Body, ...more }))
const complete = (at: { Bucket: string; Key: string; UploadId: string | undefined }, Parts: s3.CompletedPart[], more = {}) =>
  home.client.send(new s3.CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts }, ...more }))
const read = async (Key: string, more = {}) => {
  const answer = await home.client.send(new s3.GetObjectCommand({ Bucket, Key, ...more }))
  return Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
}

test('lib-storage uploads a stream in parts', async () => {
  const data = randomBytes(11 * MiB)
  const Body = Readable.from(Array.from({ length: 176 }, (_, i) => data.subarray(i * 65536, (i + 1) * 65536)))
  await new Upload({
    client: home.client,
    params: { Bucket, Key: 'stream', Body, Metadata: { a: '1' }, Tagging: 'k=v' },
    partSize: 5 * MiB,
  }).done()
  const answer = await home.client.send(new s3.HeadObjectCommand({ Bucket, Key: 'stream', ChecksumMode: 'ENABLED' }))
  expect(answer.ETag).toMatch(/^"[0-9a-f]{32}-3"$/)
  expect(answer).toMatchObject({ ContentLength: data.length, Metadata: { a: '1' }, ChecksumType: 'COMPOSITE' })
  expect(data.equals(await read('stream'))).toBe(true)
  const second = await home.client.send(new s3.GetObjectCommand({ Bucket, Key: 'stream', PartNumber: 2 }))
  expect([second.$metadata.httpStatusCode, second.PartsCount, second.ContentRange]).toEqual([
    206,
    3,
    `bytes ${5 * MiB}-${10 * MiB - 1}/${data.length}`,
  ])
  expect(data.subarray(5 * MiB, 10 * MiB).equals(Buffer.from((await second.Body?.transformToByteArray()) ?? []))).toBe(true)
  expect(await failure(home.client.send(new s3.HeadObjectCommand({ Bucket, Key: 'stream', PartNumber: 4 })))).toEqual([
    'Unknown',
    416,
  ])
})

test('parts in any order, replaced, some left out; ETag is the MD5 of MD5s', async () => {
  const at = await begin('order')
  const [one, two] = [Buffer.alloc(5 * MiB, 'a'), Buffer.from('end')]
  await part(at, 7, 'left out')
  const last = await part(at, 9, two)
  await part(at, 3, 'replaced')
  const first = await part(at, 3, one)
  const answer = await complete(at, [
    { PartNumber: 3, ETag: first.ETag },
    { PartNumber: 9, ETag: last.ETag },
  ])
  const md5 = (data: Buffer) => createHash('md5').update(data).digest()
  expect(answer.ETag).toBe(`"${md5(Buffer.concat([md5(one), md5(two)])).toString('hex')}-2"`)
  expect(Buffer.concat([one, two]).equals(await read('order'))).toBe(true)
  expect(await failure(home.client.send(new s3.ListPartsCommand(at)))).toEqual(['NoSuchUpload', 404])
})

test('what S3 refuses to complete', async () => {
  const at = await begin('refused')
  const [a, b] = [await part(at, 1, 'abc'), await part(at, 2, 'def')]
  expect(
    await failure(
      complete(at, [
        { PartNumber: 1, ETag: a.ETag },
        { PartNumber: 2, ETag: b.ETag },
      ]),
    ),
  ).toEqual(['EntityTooSmall', 400])
  expect(
    await failure(
      complete(at, [
        { PartNumber: 2, ETag: b.ETag },
        { PartNumber: 1, ETag: a.ETag },
      ]),
    ),
  ).toEqual(['InvalidPartOrder', 400])
  expect(await failure(complete(at, [{ PartNumber: 1, ETag: b.ETag }]))).toEqual(['InvalidPart', 400])
  expect(await failure(complete(at, [{ PartNumber: 5, ETag: a.ETag }]))).toEqual(['InvalidPart', 400])
  expect(await failure(complete(at, []))).toEqual(['MalformedXML', 400])
  expect(await failure(complete({ ...at, UploadId: 'none' }, [{ PartNumber: 1, ETag: a.ETag }]))).toEqual(['NoSuchUpload', 404])
  expect(await failure(part(at, 10_001, 'x'))).toEqual(['InvalidArgument', 400])
  expect(await failure(part({ ...at, Key: 'other' }, 1, 'x'))).toEqual(['NoSuchUpload', 404])
  await home.client.send(new s3.PutObjectCommand({ Bucket, Key: 'refused', Body: 'there' }))
  expect(await failure(complete(at, [{ PartNumber: 1, ETag: a.ETag }], { IfNoneMatch: '*' }))).toEqual([
    'PreconditionFailed',
    412,
  ])
  expect(await failure(complete(at, [{ PartNumber: 1, ETag: a.ETag }], { IfMatch: '"0"' }))).toEqual(['PreconditionFailed', 412])
  expect((await read('refused')).toString()).toBe('there')
  await home.client.send(new s3.AbortMultipartUploadCommand(at))
  expect(await failure(home.client.send(new s3.AbortMultipartUploadCommand(at)))).toEqual(['NoSuchUpload', 404])
  expect(await failure(part(at, 1, 'x'))).toEqual(['NoSuchUpload', 404])
})

test('of parallel conditional completions one wins', async () => {
  const uploads = await Promise.all(Array.from({ length: 6 }, () => begin('race')))
  const done = await Promise.allSettled(
    uploads.map(async (at, i) =>
      complete(at, [{ PartNumber: 1, ETag: (await part(at, 1, `writer ${i}`)).ETag }], { IfNoneMatch: '*' }),
    ),
  )
  const won = done.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
  expect(won).toHaveLength(1)
  expect((await read('race')).toString()).toBe(`writer ${won[0]}`)
})

test('copied parts, with and without a range', async () => {
  const source = randomBytes(6 * MiB)
  await home.client.send(new s3.PutObjectCommand({ Bucket, Key: 'source é', Body: source }))
  const at = await begin('copied')
  const CopySource = `${Bucket}/${encodeURIComponent('source é')}`
  const copy = (PartNumber: number, more = {}) =>
    home.client.send(new s3.UploadPartCopyCommand({ ...at, PartNumber, CopySource, ...more }))
  const whole = await copy(1)
  const some = await copy(2, { CopySourceRange: 'bytes=10-19' })
  expect(await failure(copy(3, { CopySourceRange: 'bytes=0-99999999' }))).toEqual(['InvalidArgument', 400])
  expect(await failure(copy(3, { CopySourceIfMatch: '"0"' }))).toEqual(['PreconditionFailed', 412])
  await complete(at, [
    { PartNumber: 1, ETag: whole.CopyPartResult?.ETag },
    { PartNumber: 2, ETag: some.CopyPartResult?.ETag },
  ])
  expect(Buffer.concat([source, source.subarray(10, 20)]).equals(await read('copied'))).toBe(true)
})

test.each<[s3.ChecksumAlgorithm, s3.ChecksumType]>([
  ['CRC32', 'FULL_OBJECT'],
  ['CRC32C', 'COMPOSITE'],
  ['CRC64NVME', 'FULL_OBJECT'],
  ['SHA1', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
])('checksum %s, %s', async (ChecksumAlgorithm, ChecksumType) => {
  const field = `Checksum${ChecksumAlgorithm}` as 'ChecksumSHA1'
  const [one, two] = [Buffer.alloc(5 * MiB, 'a'), Buffer.from('end')]
  const at = await begin(`sum-${ChecksumAlgorithm}`, { ChecksumAlgorithm, ChecksumType })
  const parts = [await part(at, 1, one, { ChecksumAlgorithm }), await part(at, 2, two, { ChecksumAlgorithm })]
  const Parts = parts.map((done, i) => ({ PartNumber: i + 1, ETag: done.ETag, [field]: done[field] }))
  expect(await failure(complete(at, [{ ...Parts[0], [field]: Parts[1]?.[field as never] }]))).toEqual(['InvalidPart', 400])
  const answer = await complete(at, Parts)
  expect(answer.ChecksumType).toBe(ChecksumType)
  const whole = await home.client.send(
    new s3.PutObjectCommand({ Bucket, Key: 'whole', Body: Buffer.concat([one, two]), ChecksumAlgorithm }),
  )
  if (ChecksumType === 'FULL_OBJECT') expect(answer[field]).toBe(whole[field])
  else expect(answer[field]).toMatch(/-2$/)
  const head = await home.client.send(new s3.HeadObjectCommand({ Bucket, Key: at.Key, ChecksumMode: 'ENABLED' }))
  expect(head[field]).toBe(answer[field])
})

test('lists of parts and uploads, page by page', async () => {
  const at = await begin('pages/a')
  const others = [await begin('pages/a'), await begin('pages/b'), await begin('pages/dir/c')]
  for (const number of [1, 2, 3]) await part(at, number, `part ${number}`)
  const first = await home.client.send(new s3.ListPartsCommand({ ...at, MaxParts: 2 }))
  expect([first.IsTruncated, first.NextPartNumberMarker, first.Parts?.length]).toEqual([true, '2', 2])
  const rest = await home.client.send(new s3.ListPartsCommand({ ...at, PartNumberMarker: first.NextPartNumberMarker }))
  expect(rest.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[3, 6]])
  const found: (string | undefined)[] = []
  let more: Partial<s3.ListMultipartUploadsCommandInput> = {}
  for (;;) {
    const page = await home.client.send(new s3.ListMultipartUploadsCommand({ Bucket, Prefix: 'pages/', MaxUploads: 1, ...more }))
    found.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId))
    if (!page.IsTruncated) break
    more = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
  expect(found.sort()).toEqual([at, ...others].map(({ UploadId }) => UploadId).sort())
  const grouped = await home.client.send(new s3.ListMultipartUploadsCommand({ Bucket, Prefix: 'pages/', Delimiter: '/' }))
  expect([grouped.Uploads?.length, grouped.CommonPrefixes]).toEqual([3, [{ Prefix: 'pages/dir/' }]])
})
