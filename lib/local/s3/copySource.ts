import { decode } from '../aws/request.ts'
import type { S3Call } from './call.ts'
import { s3Error } from './errors.ts'
import { findVersion } from './getObject.ts'
import type { VersionRow } from './objectIndex.ts'

/** The version that `x-amz-copy-source` names: `/bucket/key?versionId=id`, percent-encoded once and split at the first slash. */
export function readSource(call: S3Call): VersionRow {
  const text = call.header('x-amz-copy-source') ?? ''
  const [, encoded = '', versionId] = /^(.*?)(?:\?versionId=([^?]*))?$/s.exec(text) ?? []
  const path = decode(encoded.replaceAll('+', '%20')).replace(/^\//, '')
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) {
    const fields = { ArgumentName: 'x-amz-copy-source', ArgumentValue: text }
    throw s3Error('InvalidArgument', fields, 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey')
  }
  const [bucket, key] = [path.slice(0, slash), path.slice(slash + 1)]
  const source = { ...call, bucket, key }
  try {
    return findVersion(source, versionId)
  } finally {
    call.response.removeHeader('x-amz-version-id')
    call.response.removeHeader('x-amz-delete-marker')
  }
}
