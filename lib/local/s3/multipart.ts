import { randomBytes } from 'node:crypto'
import { isoTime, sendEmpty, sendXml, type S3Call } from './call.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { defaultAlgorithm, readAlgorithm } from './checksumRequest.ts'
import { checkCopySource } from './conditions.ts'
import { readSource } from './copySource.ts'
import { s3Error } from './errors.ts'
import { checkKey } from './names.ts'
import { checksumHeaders, readObjectMeta } from './objectHeaders.ts'
import { receivePayload } from './payload.ts'
import type { ReceivedBody } from './bodies.ts'
import type { UploadRow } from './uploadIndex.ts'

export const maxParts = 10_000

export function createMultipartUpload(call: S3Call): void {
  const { store, bucket, key } = call
  checkKey(key)
  store.bucket(bucket)
  const algorithm = readAlgorithm(call)
  const upload: UploadRow = {
    ...{
      id: randomBytes(48).toString('base64url').replaceAll('-', '.'),
      bucket,
      key,
      createdMs: Date.now(),
      meta: readObjectMeta(call),
    },
    ...{ algorithm, checksumType: algorithm && readChecksumType(call, algorithm) },
  }
  store.commit({}, () => store.uploads.put(upload))
  const { checksumType } = upload
  if (algorithm) call.response.setHeader('x-amz-checksum-algorithm', algorithm)
  if (checksumType) call.response.setHeader('x-amz-checksum-type', checksumType)
  call.response.setHeader('x-amz-server-side-encryption', 'AES256')
  sendXml(call, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: upload.id })
}

function readChecksumType(call: S3Call, algorithm: ChecksumAlgorithm): 'COMPOSITE' | 'FULL_OBJECT' {
  const linear = algorithm.startsWith('CRC')
  const type = call.header('x-amz-checksum-type') ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type === 'FULL_OBJECT' && linear) return type
  if (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') return type
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')
    throw s3Error('InvalidRequest', {}, 'Value for x-amz-checksum-type header is invalid.')
  throw s3Error(
    'InvalidRequest',
    {},
    `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  )
}

/** The upload that a request names, which must be one of this bucket and key: NoSuchUpload. */
export function findUpload({ store, bucket, key, query }: S3Call): UploadRow {
  store.bucket(bucket)
  const id = query.get('uploadId') ?? ''
  const upload = store.uploads.get(id)
  if (!upload || upload.bucket !== bucket || upload.key !== key) throw s3Error('NoSuchUpload', { UploadId: id })
  return upload
}

export async function uploadPart(call: S3Call): Promise<void> {
  const number = readPartNumber(call)
  const upload = findUpload(call)
  const body = await receivePayload(call, upload.algorithm ?? defaultAlgorithm)
  const given = body.checksum?.algorithm
  if (upload.algorithm && given !== upload.algorithm) {
    call.store.bodies.discard(body)
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${given?.toLowerCase()}`
    throw s3Error('InvalidRequest', {}, message)
  }
  const etag = keepPart(call, upload, number, body)
  sendEmpty(call, 200, { etag, 'x-amz-server-side-encryption': 'AES256', ...partChecksum(body) })
}

const partChecksum = ({ checksum }: ReceivedBody): Record<string, string> => {
  const { 'x-amz-checksum-type': _whole, ...header } = checksumHeaders({ checksum, headers: {}, metadata: {}, tags: [] })
  return header
}

export async function uploadPartCopy(call: S3Call): Promise<void> {
  const { store } = call
  const number = readPartNumber(call)
  const upload = findUpload(call)
  const source = readSource(call)
  checkCopySource(call, source)
  const range = readCopyRange(call.header('x-amz-copy-source-range'), source.sizeBytes)
  const body = await store.bodies.receive(store.stream(source, range), { checksum: upload.algorithm ?? defaultAlgorithm })
  const ETag = keepPart(call, upload, number, body)
  const { algorithm, value } = body.checksum as NonNullable<typeof body.checksum>
  sendXml(call, 'CopyPartResult', { LastModified: isoTime(Date.now()), ETag, [`Checksum${algorithm}`]: value })
}

/** Here, unlike in `Range`, everything that is not `bytes=first-last` inside the source is an error. */
function readCopyRange(text: string | undefined, sizeBytes: number): { start: number; end: number } | undefined {
  if (text === undefined) return undefined
  const match = /^bytes=(\d+)-(\d+)$/.exec(text)
  const fields = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: text }
  if (!match || Number(match[2]) < Number(match[1])) {
    const message =
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy'
    throw s3Error('InvalidArgument', fields, message)
  }
  const [start, end] = [Number(match[1]), Number(match[2]) + 1]
  if (end > sizeBytes)
    throw s3Error('InvalidArgument', fields, `Range specified is not valid for source object of size: ${sizeBytes}`)
  return { start, end }
}

function readPartNumber({ query }: S3Call): number {
  const text = query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= maxParts) return number
  throw s3Error(
    'InvalidArgument',
    { ArgumentName: 'partNumber', ArgumentValue: text },
    `Part number must be an integer between 1 and ${maxParts}, inclusive`,
  )
}

/** The upload may have ended while the part came in. Answers the part's ETag. */
function keepPart(call: S3Call, upload: UploadRow, number: number, body: ReceivedBody): string {
  const { store } = call
  return store.commitBody(body, () => {
    findUpload(call)
    const path = `_uploads/${upload.id}/${number}-${randomBytes(6).toString('hex')}`
    store.bodies.claim(path)
    const older = store.uploads.parts(upload.id).find(part => part.number === number)
    const sum = body.checksum
    const part = {
      ...{ number, path, sizeBytes: body.sizeBytes, etag: `"${body.md5}"` },
      ...{ modifiedMs: Date.now(), checksum: sum?.algorithm === (upload.algorithm ?? defaultAlgorithm) ? sum.value : '' },
    }
    return { path, remove: older && [older.path], work: () => store.uploads.putPart(upload.id, part), result: part.etag }
  })
}

export function abortMultipartUpload(call: S3Call): void {
  const { id } = findUpload(call)
  call.store.dropUpload(id)
  sendEmpty(call, 204)
}
