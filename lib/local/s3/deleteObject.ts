import { ServiceError } from '../aws/errors.ts'
import { sendEmpty, sendXml, type S3Call } from './call.ts'
import { matches, writeCondition } from './conditions.ts'
import { s3Error } from './errors.ts'
import { invalidVersionId, isVersionId } from './getObject.ts'
import { versionHeader } from './objectHeaders.ts'
import type { DeleteResult, WriteCondition } from './objectStore.ts'
import { readDocument } from './payload.ts'
import { childrenOf, parseXml, textOf, type XmlContent, type XmlElement } from './xml.ts'

const maxKeys = 1000

/** What is not there counts as deleted. */
export function deleteObject(call: S3Call): void {
  const { store, bucket, key } = call
  store.bucket(bucket)
  const versionId = call.query.get('versionId')
  if (versionId !== undefined && !isVersionId(versionId)) throw invalidVersionId(versionId)
  const deleted = store.delete(bucket, key, versionId, writeCondition(call))
  const headers = deleted.versionId === undefined ? {} : versionHeader(call, deleted.versionId)
  sendEmpty(call, 204, deleted.deleteMarker ? { ...headers, 'x-amz-delete-marker': 'true' } : headers)
}

/** Up to 1,000 keys in one request; each has its own result. */
export async function deleteObjects(call: S3Call): Promise<void> {
  const { store, bucket } = call
  store.bucket(bucket)
  const document = parseXml(await readDocument(call, { checksumRequired: true }), 'Delete')
  const objects = childrenOf(document, 'Object')
  if (objects.length === 0 || objects.length > maxKeys) throw s3Error('MalformedXML')
  const quiet = textOf(document, 'Quiet')?.trim() === 'true'
  const deleted: XmlContent[] = []
  const errors: XmlContent[] = []
  for (const object of objects) {
    const Key = textOf(object, 'Key')
    if (Key === undefined) throw s3Error('MalformedXML')
    const VersionId = textOf(object, 'VersionId')
    try {
      const result = deleteOne(call, Key, VersionId, condition(object))
      if (!quiet) deleted.push(describe(Key, VersionId, result))
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      errors.push({ Key, VersionId, Code: error.code, Message: error.message })
    }
  }
  sendXml(call, 'DeleteResult', { Deleted: deleted, Error: errors })
}

function deleteOne(
  { store, bucket }: S3Call,
  key: string,
  versionId: string | undefined,
  condition?: WriteCondition,
): DeleteResult {
  if (versionId !== undefined && !isVersionId(versionId)) throw s3Error('NoSuchVersion')
  return store.delete(bucket, key, versionId, condition)
}

/** An `<ETag>` beside the key deletes only what was read. */
function condition(object: XmlElement): WriteCondition | undefined {
  const etag = textOf(object, 'ETag')
  if (etag === undefined) return undefined
  return current => {
    if (!current) throw s3Error('NoSuchKey')
    if (!matches(etag, current.etag)) throw s3Error('PreconditionFailed', { Condition: 'If-Match' })
  }
}

function describe(Key: string, VersionId: string | undefined, { versionId, deleteMarker }: DeleteResult): XmlContent {
  if (!deleteMarker) return { Key, VersionId }
  return { Key, VersionId, DeleteMarker: true, DeleteMarkerVersionId: versionId }
}
