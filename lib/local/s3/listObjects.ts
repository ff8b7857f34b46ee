import { isoTime, owner, sendXml, type S3Call } from './call.ts'
import { s3Error } from './errors.ts'
import { readEncoding, readMax, readPage } from './listing.ts'
import type { VersionRow } from './objectIndex.ts'

export function listObjectsV2(call: S3Call): void {
  const { store, bucket, query } = call
  store.bucket(bucket)
  const { encode, EncodingType } = readEncoding(call)
  const maxKeys = readMax(call, 'max-keys')
  const [prefix, delimiter, startAfter] = ['prefix', 'delimiter', 'start-after'].map(name => query.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  const token = query.get('continuation-token')
  const after = token === undefined ? startAfter : readToken(token)
  const page = readPage(store.objects, bucket, { prefix, delimiter, maxKeys, after })
  const withOwner = query.get('fetch-owner') === 'true'
  sendXml(call, 'ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    StartAfter: query.has('start-after') ? encode(startAfter) : undefined,
    ContinuationToken: token,
    NextContinuationToken: page.truncated ? makeToken(page.last as string) : undefined,
    KeyCount: page.rows.length + page.commonPrefixes.length,
    MaxKeys: maxKeys,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType,
    IsTruncated: page.truncated,
    Contents: page.rows.map(row => contents(row, encode, withOwner)),
    CommonPrefixes: page.commonPrefixes.map(common => ({ Prefix: encode(common) })),
  })
}

export function listObjects(call: S3Call): void {
  const { store, bucket, query } = call
  store.bucket(bucket)
  const { encode, EncodingType } = readEncoding(call)
  const maxKeys = readMax(call, 'max-keys')
  const [prefix, delimiter, marker] = ['prefix', 'delimiter', 'marker'].map(name => query.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  const page = readPage(store.objects, bucket, { prefix, delimiter, maxKeys, after: marker })
  sendXml(call, 'ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Marker: encode(marker),
    // Without a delimiter S3 leaves the next marker to the client: it is the last key.
    NextMarker: page.truncated && delimiter !== '' ? encode(page.last as string) : undefined,
    MaxKeys: maxKeys,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType,
    IsTruncated: page.truncated,
    Contents: page.rows.map(row => contents(row, encode, true)),
    CommonPrefixes: page.commonPrefixes.map(common => ({ Prefix: encode(common) })),
  })
}

export function listObjectVersions(call: S3Call): void {
  const { store, bucket, query } = call
  store.bucket(bucket)
  const { encode, EncodingType } = readEncoding(call)
  const maxKeys = readMax(call, 'max-keys')
  const [prefix, delimiter, keyMarker] = ['prefix', 'delimiter', 'key-marker'].map(name => query.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  const versionMarker = readVersionMarker(call, keyMarker)
  const afterVersionId = versionMarker || undefined
  const page = readPage(store.objects, bucket, { prefix, delimiter, maxKeys, after: keyMarker, versions: true, afterVersionId })
  const listed = (row: VersionRow) => ({
    Key: encode(row.key),
    VersionId: row.versionId,
    IsLatest: row.latest,
    LastModified: isoTime(row.modifiedMs),
  })
  sendXml(call, 'ListVersionsResult', {
    Name: bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker ?? '',
    NextKeyMarker: page.truncated ? encode(page.last as string) : undefined,
    NextVersionIdMarker: page.truncated ? page.lastVersionId : undefined,
    MaxKeys: maxKeys,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType,
    IsTruncated: page.truncated,
    Version: page.rows.filter(row => !row.marker).map(row => ({ ...listed(row), ...body(row), Owner: owner })),
    DeleteMarker: page.rows.filter(row => row.marker).map(row => ({ ...listed(row), Owner: owner })),
    CommonPrefixes: page.commonPrefixes.map(common => ({ Prefix: encode(common) })),
  })
}

function readVersionMarker({ query }: S3Call, keyMarker: string): string | undefined {
  const marker = query.get('version-id-marker')
  if (marker === undefined || keyMarker !== '') return marker
  const message = 'A version-id marker cannot be specified without a key marker.'
  throw s3Error('InvalidArgument', { ArgumentName: 'version-id-marker' }, message)
}

function contents(row: VersionRow, encode: (key: string) => string, withOwner: boolean) {
  return { Key: encode(row.key), LastModified: isoTime(row.modifiedMs), ...body(row), Owner: withOwner ? owner : undefined }
}

function body({ etag, checksum, sizeBytes, headers }: VersionRow) {
  return {
    ETag: etag,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: sizeBytes,
    StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
  }
}

/** Opaque to clients and without state here: the key to go on after. */
const makeToken = (key: string): string => `1${Buffer.from(key).toString('base64url')}`

function readToken(token: string): string {
  const key = Buffer.from(token.slice(1), 'base64url').toString()
  if (token !== makeToken(key))
    throw s3Error('InvalidArgument', { ArgumentName: 'continuation-token' }, 'The continuation token provided is incorrect')
  return key
}
