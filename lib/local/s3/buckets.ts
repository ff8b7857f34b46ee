import { isoTime, owner, sendEmpty, sendXml, type S3Call } from './call.ts'
import { s3Error } from './errors.ts'
import { readMax } from './listing.ts'
import { checkBucketName } from './names.ts'
import { readDocument } from './payload.ts'
import { childrenOf, parseXml, textOf } from './xml.ts'

export function listBuckets(call: S3Call): void {
  const { store, region, query } = call
  const max = query.has('max-buckets') ? Math.max(1, readMax(call, 'max-buckets')) : 10_000
  const token = query.get('continuation-token')
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString()
  const prefix = query.get('prefix') ?? ''
  const rest = store.buckets.list().filter(({ name }) => name.startsWith(prefix) && name > after)
  const page = rest.slice(0, max)
  const more = rest.length > page.length ? Buffer.from(page.at(-1)?.name ?? '').toString('base64url') : undefined
  sendXml(call, 'ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: {
      Bucket: page.map(({ name, createdMs, config }) => ({
        Name: name,
        CreationDate: isoTime(createdMs),
        BucketRegion: config.location ?? region,
      })),
    },
    ContinuationToken: more,
    Prefix: prefix || undefined,
  })
}

/** Made twice: us-east-1 answers 200 for one's own bucket, every other region BucketAlreadyOwnedByYou. */
export async function createBucket(call: S3Call): Promise<void> {
  const { store, bucket, region } = call
  checkBucketName(bucket)
  const text = await readDocument(call)
  const location = text.trim() === '' ? undefined : textOf(parseXml(text, 'CreateBucketConfiguration'), 'LocationConstraint')
  if (location === 'us-east-1') throw s3Error('InvalidLocationConstraint', { LocationConstraint: location })
  if (call.header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true')
    throw s3Error('NotImplemented', { Header: 'x-amz-bucket-object-lock-enabled' })
  const acl = call.header('x-amz-acl')
  if (acl !== undefined && acl !== 'private') throw s3Error('InvalidBucketAclWithObjectOwnership')
  if (store.buckets.get(bucket) && region !== 'us-east-1') throw s3Error('BucketAlreadyOwnedByYou', { BucketName: bucket })
  store.createBucket(bucket, location ? { location } : {})
  sendEmpty(call, 200, { location: `/${bucket}` })
}

export function headBucket(call: S3Call): void {
  const { config } = call.store.bucket(call.bucket)
  call.response.writeHead(200, { 'x-amz-bucket-region': config.location ?? call.region, 'content-type': 'application/xml' }).end()
}

export function deleteBucket(call: S3Call): void {
  call.store.deleteBucket(call.bucket)
  sendEmpty(call, 204)
}

/** Empty for us-east-1, for historical reasons of S3's own. */
export function getBucketLocation(call: S3Call): void {
  const location = call.store.bucket(call.bucket).config.location ?? call.region
  sendXml(call, 'LocationConstraint', location === 'us-east-1' ? '' : location)
}

export function getBucketVersioning(call: S3Call): void {
  const { versioning } = call.store.bucket(call.bucket)
  sendXml(call, 'VersioningConfiguration', versioning === '' ? '' : { Status: versioning })
}

export async function putBucketVersioning(call: S3Call): Promise<void> {
  const { store, bucket } = call
  store.bucket(bucket)
  const document = parseXml(await readDocument(call), 'VersioningConfiguration')
  const status = textOf(document, 'Status')
  if (childrenOf(document, 'MfaDelete').length > 0 && textOf(document, 'MfaDelete') !== 'Disabled')
    throw s3Error('NotImplemented')
  if (status === undefined) throw s3Error('IllegalVersioningConfigurationException')
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML')
  const row = store.bucket(bucket)
  store.commit({}, () => store.buckets.put({ ...row, versioning: status }))
  sendEmpty(call, 200)
}
