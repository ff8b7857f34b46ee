import type { S3Call } from './call.ts'
import { checksumHeader } from './checksum.ts'
import { s3Error } from './errors.ts'
import type { ObjectMeta, VersionRow } from './objectIndex.ts'
import { parseTagHeader } from './tags.ts'

/** Kept as they come and answered with the object. */
const systemHeaders = [
  'content-type',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
]
const storageClasses = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
]
const maxMetadataBytes = 2048

/** What a PutObject, CopyObject or CreateMultipartUpload says about the object: type, encoding, user metadata, tags, storage class. */
export function readObjectMeta(call: S3Call): ObjectMeta {
  refuseUnsupported(call)
  const headers: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const name of systemHeaders) {
    const value = call.header(name)
    if (value) headers[name] = value
  }
  const encoding = storedEncoding(call.header('content-encoding'))
  if (encoding) headers['content-encoding'] = encoding
  const storageClass = call.header('x-amz-storage-class') ?? 'STANDARD'
  if (!storageClasses.includes(storageClass)) throw s3Error('InvalidStorageClass', { StorageClassRequested: storageClass })
  if (storageClass !== 'STANDARD') headers['x-amz-storage-class'] = storageClass
  return { headers, metadata: readMetadata(call), tags: parseTagHeader(call.header('x-amz-tagging')) }
}

/** `aws-chunked` is the transport's, never the object's. */
function storedEncoding(value: string | undefined): string | undefined {
  const encodings = value?.split(',').map(encoding => encoding.trim())
  return encodings?.filter(encoding => encoding !== '' && encoding.toLowerCase() !== 'aws-chunked').join(',')
}

function readMetadata(call: S3Call): Record<string, string> {
  const prefix = 'x-amz-meta-'
  const metadata = Object.fromEntries(call.headersLike(prefix).map(([name, value]) => [name.slice(prefix.length), value]))
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (size > maxMetadataBytes) throw s3Error('MetadataTooLarge', { Size: String(size), MaxSizeAllowed: String(maxMetadataBytes) })
  return metadata
}

/** A promise that is not kept here (a key of one's own, a lock, another owner) is refused, not ignored. */
function refuseUnsupported(call: S3Call): void {
  const encryption = call.header('x-amz-server-side-encryption')
  const [customer] = call.headersLike('x-amz-server-side-encryption-customer-')
  const [lock] = call.headersLike('x-amz-object-lock-')
  if (encryption !== undefined && encryption !== 'AES256')
    throw s3Error('NotImplemented', { Header: 'x-amz-server-side-encryption' })
  if (customer) throw s3Error('NotImplemented', { Header: customer[0] })
  if (lock) throw s3Error('InvalidRequest', {}, 'Bucket is missing Object Lock Configuration')
  const acl = call.header('x-amz-acl')
  const [grant] = call.headersLike('x-amz-grant-')
  if (grant || (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control'))
    throw s3Error('AccessControlListNotSupported')
}

/** The headers of GetObject and HeadObject, but for length and range. */
export function answerHeaders(call: S3Call, row: VersionRow): Record<string, string> {
  const headers: Record<string, string> = {
    ...row.headers,
    ...versionHeader(call, row.versionId),
    'last-modified': new Date(row.modifiedMs).toUTCString(),
    etag: row.etag,
    'accept-ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
  }
  for (const [name, value] of Object.entries(row.metadata)) headers[`x-amz-meta-${name}`] = value
  if (row.tags.length > 0) headers['x-amz-tagging-count'] = String(row.tags.length)
  return headers
}

/** Named only where the bucket keeps versions, or once did. */
export function versionHeader({ store, bucket }: S3Call, versionId: string): Record<string, string> {
  return store.buckets.get(bucket)?.versioning ? { 'x-amz-version-id': versionId } : {}
}

export function checksumHeaders({ checksum }: ObjectMeta): Record<string, string> {
  return checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {}
}
