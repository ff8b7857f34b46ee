import { isoTime, sendXml, type S3Call } from './call.ts'
import { defaultAlgorithm, readAlgorithm } from './checksumRequest.ts'
import { checkCopySource, writeCondition } from './conditions.ts'
import { readSource } from './copySource.ts'
import { s3Error } from './errors.ts'
import { checkKey } from './names.ts'
import { readObjectMeta, versionHeader } from './objectHeaders.ts'
import type { ObjectMeta, VersionRow } from './objectIndex.ts'

/** A copy inside the store: the source as it was when the copy began. */
export async function copyObject(call: S3Call): Promise<void> {
  const { store, bucket, key } = call
  checkKey(key)
  store.bucket(bucket)
  const source = readSource(call)
  checkCopySource(call, source)
  const meta = copiedMeta(call, source)
  const condition = writeCondition(call)
  const algorithm = readAlgorithm(call) ?? source.checksum?.algorithm ?? defaultAlgorithm
  const body = await store.bodies.receive(store.stream(source), { checksum: algorithm })
  answer(call, source, store.put(bucket, key, body, { ...meta, checksum: body.checksum }, { condition }))
}

/** The source's metadata and tags, or with the directive REPLACE the request's. */
function copiedMeta(call: S3Call, source: VersionRow): ObjectMeta {
  const replaceMeta = directive(call, 'x-amz-metadata-directive') === 'REPLACE'
  const replaceTags = directive(call, 'x-amz-tagging-directive') === 'REPLACE'
  const given = readObjectMeta(call)
  const storageClass = call.header('x-amz-storage-class')
  const ontoItself = source.bucket === call.bucket && source.key === call.key && source.latest
  if (ontoItself && !replaceMeta && storageClass === undefined) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    throw s3Error('InvalidRequest', {}, message)
  }
  const { 'x-amz-storage-class': _ofSource, ...kept } = source.headers
  const { 'x-amz-storage-class': named } = given.headers
  return {
    headers: replaceMeta ? given.headers : { ...kept, ...(named ? { 'x-amz-storage-class': named } : {}) },
    metadata: replaceMeta ? given.metadata : source.metadata,
    tags: replaceTags ? given.tags : source.tags,
  }
}

function directive(call: S3Call, name: string): 'COPY' | 'REPLACE' {
  const value = call.header(name) ?? 'COPY'
  if (value === 'COPY' || value === 'REPLACE') return value
  throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, 'Unknown metadata directive.')
}

function answer(call: S3Call, source: VersionRow, row: VersionRow): void {
  const { response, store } = call
  if (store.buckets.get(source.bucket)?.versioning) response.setHeader('x-amz-copy-source-version-id', source.versionId)
  for (const [name, value] of Object.entries(versionHeader(call, row.versionId))) response.setHeader(name, value)
  response.setHeader('x-amz-server-side-encryption', 'AES256')
  const sum = row.checksum && { [`Checksum${row.checksum.algorithm}`]: row.checksum.value, ChecksumType: row.checksum.type }
  sendXml(call, 'CopyObjectResult', { LastModified: isoTime(row.modifiedMs), ETag: row.etag, ...sum })
}
