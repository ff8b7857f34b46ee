import { sendEmpty, type S3Call } from './call.ts'
import { defaultAlgorithm } from './checksumRequest.ts'
import { writeCondition } from './conditions.ts'
import { checkKey } from './names.ts'
import { checksumHeaders, readObjectMeta, versionHeader } from './objectHeaders.ts'
import { receivePayload } from './payload.ts'

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
