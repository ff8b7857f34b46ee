import { randomBytes } from 'node:crypto'
import * as s3 from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { failure, openContractHome, removeBucket, type ContractHome } from './home.ts'

let home: ContractHome
let Bucket: string
beforeAll(async () => {
  home = await openContractHome()
  Bucket = home.bucket
})

test('create, head, list, location, delete', async () => {
  const name = `contract-${randomBytes(6).toString('hex')}`
  await home.client.send(new s3.CreateBucketCommand({ Bucket: name }))
  await home.client.send(new s3.HeadBucketCommand({ Bucket: name }))
  const { Buckets = [] } = await home.client.send(new s3.ListBucketsCommand())
  expect(Buckets.map(bucket => bucket.Name)).toContain(name)
  expect((await home.client.send(new s3.GetBucketLocationCommand({ Bucket: name }))).LocationConstraint).toBeUndefined()
  await home.client.send(new s3.PutObjectCommand({ Bucket: name, Key: 'k', Body: 'x' }))
  expect(await failure(home.client.send(new s3.DeleteBucketCommand({ Bucket: name })))).toEqual(['BucketNotEmpty', 409])
  await home.client.send(new s3.DeleteObjectCommand({ Bucket: name, Key: 'k' }))
  await home.client.send(new s3.DeleteBucketCommand({ Bucket: name }))
  expect(await failure(home.client.send(new s3.HeadBucketCommand({ Bucket: name })))).toEqual(['NotFound', 404])
  expect(await failure(home.client.send(new s3.DeleteBucketCommand({ Bucket: name })))).toEqual(['NoSuchBucket', 404])
})

test('buckets page by page', async () => {
  const prefix = `pages-${randomBytes(6).toString('hex')}`
  const names = ['a', 'b', 'c'].map(letter => `${prefix}-${letter}`)
  for (const name of names) await home.client.send(new s3.CreateBucketCommand({ Bucket: name }))
  const found: (string | undefined)[] = []
  let ContinuationToken: string | undefined
  do {
    const page: s3.ListBucketsCommandOutput = await home.client.send(
      new s3.ListBucketsCommand({ Prefix: prefix, MaxBuckets: 2, ContinuationToken }),
    )
    found.push(...(page.Buckets ?? []).map(({ Name }) => Name))
    ContinuationToken = page.ContinuationToken
  } while (ContinuationToken)
  expect(found).toEqual(names)
  for (const name of names) await removeBucket(home.client, name)
})

test.each(['ab', 'UPPER', 'under_score', '-dash', 'dash-', 'two..dots', '192.168.1.1', 'x'.repeat(64), 'xn--a', 'a-s3alias'])(
  '%s is no bucket name',
  async name => {
    expect(await failure(home.client.send(new s3.CreateBucketCommand({ Bucket: name })))).toEqual(['InvalidBucketName', 400])
  },
)

test('lifecycle rules are stored, checked and given back', async () => {
  const Rules: s3.LifecycleRule[] = [
    {
      ID: 'old',
      Status: 'Enabled',
      Filter: { Prefix: 'results/' },
      Expiration: { Days: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ]
  const put = (rules: s3.LifecycleRule[]) =>
    home.client.send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: rules } }))
  const get = () => home.client.send(new s3.GetBucketLifecycleConfigurationCommand({ Bucket }))
  expect(await failure(get())).toEqual(['NoSuchLifecycleConfiguration', 404])
  await put(Rules)
  expect((await get()).Rules).toEqual(Rules)
  expect(await failure(put([{ Status: 'Enabled', Filter: { Prefix: '' } }]))).toEqual(['InvalidRequest', 400])
  expect(await failure(put([{ ID: 'x', Status: 'Maybe' as never, Filter: { Prefix: '' }, Expiration: { Days: 1 } }]))).toEqual([
    'MalformedXML',
    400,
  ])
  expect((await get()).Rules).toEqual(Rules)
  await home.client.send(new s3.DeleteBucketLifecycleCommand({ Bucket }))
  expect(await failure(get())).toEqual(['NoSuchLifecycleConfiguration', 404])
})

test('tags of a bucket', async () => {
  const TagSet = [{ Key: 'team', Value: 'data + lake' }]
  expect(await failure(home.client.send(new s3.GetBucketTaggingCommand({ Bucket })))).toEqual(['NoSuchTagSet', 404])
  await home.client.send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  expect((await home.client.send(new s3.GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet)
  await home.client.send(new s3.DeleteBucketTaggingCommand({ Bucket }))
  expect(await failure(home.client.send(new s3.GetBucketTaggingCommand({ Bucket })))).toEqual(['NoSuchTagSet', 404])
})

test('what is not configured answers as a new bucket of S3', async () => {
  expect(await failure(home.client.send(new s3.GetBucketPolicyCommand({ Bucket })))).toEqual(['NoSuchBucketPolicy', 404])
  expect(await failure(home.client.send(new s3.GetBucketCorsCommand({ Bucket })))).toEqual(['NoSuchCORSConfiguration', 404])
  const { ServerSideEncryptionConfiguration } = await home.client.send(new s3.GetBucketEncryptionCommand({ Bucket }))
  expect(ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe('AES256')
  const { Grants } = await home.client.send(new s3.GetBucketAclCommand({ Bucket }))
  expect(Grants?.[0]?.Permission).toBe('FULL_CONTROL')
})
