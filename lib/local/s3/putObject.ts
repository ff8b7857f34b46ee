import { sendEmpty, sendXml, isoTime, type S3Call } from './call.ts'
import { parseAlgorithm, type ChecksumAlgorithm } from './checksum.ts'
import { checkCopySource, writeCondition } from './conditions.ts'
import { readSource } from './copySource.ts'
import { s3Error } from './errors.ts'
import { checkKey } from './names.ts'
import { checksumHeaders, readObjectMeta, versionHeader } from './objectHeaders.ts'
import { receivePayload } from './payload.ts'
import { parseTagHeader } from './tags.ts'

/** What S3 computes when the client names no algorithm. */
const defaultAlgorithm: ChecksumAlgorithm = 'CRC64NVME'

export async function putObject(call: S3Call): Promise<void> {
  const { store, bucket, key } = call
  checkKey(key)
  store.bucket(bucket)
  const meta = readObjectMeta(call)
  const condition = writeCondition(call)
  const body = await receivePayload(call, defaultAlgorithm)
  const row = store.put(bucket, key, body, { ...meta, checksum: body.checksum }, { condition })
  sendEmpty(call, 200, {
    etag: row.etag,
    'x-amz-server-side-encryption': 'AES256',
    ...checksumHeaders(row),
    ...versionHeader(call, row.versionId),
  })
}

/** A copy inside the store: the source as it was when the copy began. */
export async function copyObject(call: S3Call): Promise<void> {
  const { store, bucket, key } = call
  checkKey(key)
  store.bucket(bucket)
  const source = readSource(call)
  checkCopySource(call, source)
  const replaceMeta = directive(call, 'x-amz-metadata-directive') === 'REPLACE'
  const replaceTags = directive(call, 'x-amz-tagging-directive') === 'REPLACE'
  const given = readObjectMeta(call)
  const storageClass = call.header('x-amz-storage-class')
  if (source.bucket === bucket && source.key === key && source.latest && !replaceMeta && storageClass === undefined) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    throw s3Error('InvalidRequest', {}, message)
  }
  const { 'x-amz-storage-class': _old, ...kept } = source.headers
  const headers = replaceMeta
    ? given.headers
    : { ...kept, ...(storageClass && storageClass !== 'STANDARD' ? { 'x-amz-storage-class': storageClass } : {}) }
  const wanted = call.header('x-amz-checksum-algorithm')
  const algorithm = wanted === undefined ? undefined : parseAlgorithm(wanted)
  if (wanted !== undefined && !algorithm)
    throw s3Error(
      'InvalidRequest',
      {},
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    )
  const condition = writeCondition(call)
  const body = await store.bodies.receive(store.stream(source), {
    checksum: algorithm ?? source.checksum?.algorithm ?? defaultAlgorithm,
  })
  const row = store.put(
    bucket,
    key,
    body,
    {
      headers,
      metadata: replaceMeta ? given.metadata : source.metadata,
      tags: replaceTags ? parseTagHeader(call.header('x-amz-tagging')) : source.tags,
      checksum: body.checksum,
    },
    { condition },
  )
  const sourceVersion: Record<string, string> = store.buckets.get(source.bucket)?.versioning
    ? { 'x-amz-copy-source-version-id': source.versionId }
    : {}
  for (const [name, value] of Object.entries({
    ...sourceVersion,
    ...versionHeader(call, row.versionId),
    'x-amz-server-side-encryption': 'AES256',
  })) {
    call.response.setHeader(name, value)
  }
  const { algorithm: name, value, type } = row.checksum as NonNullable<typeof row.checksum>
  sendXml(call, 'CopyObjectResult', {
    LastModified: isoTime(row.modifiedMs),
    ETag: row.etag,
    [`Checksum${name}`]: value,
    ChecksumType: type,
  })
}

function directive(call: S3Call, name: string): 'COPY' | 'REPLACE' {
  const value = call.header(name) ?? 'COPY'
  if (value === 'COPY' || value === 'REPLACE') return value
  throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, 'Unknown metadata directive.')
}
