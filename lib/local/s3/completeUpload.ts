import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { ReceivedBody } from './bodies.ts'
import { sendXml, type S3Call } from './call.ts'
import { checksumHeader, compositeChecksum, type Checksum, type ChecksumAlgorithm } from './checksum.ts'
import { defaultAlgorithm } from './checksumRequest.ts'
import { writeCondition } from './conditions.ts'
import { s3Error } from './errors.ts'
import { versionHeader } from './objectHeaders.ts'
import { findUpload, maxParts } from './multipart.ts'
import { readDocument } from './payload.ts'
import type { PartRow, UploadRow } from './uploadIndex.ts'
import { childrenOf, parseXml, textOf, type XmlElement } from './xml.ts'

const minPartBytes = 5 * 1024 * 1024

/** Joins the named parts into one object. The condition is judged when the object would appear, as for PutObject. */
export async function completeMultipartUpload(call: S3Call): Promise<void> {
  const { store, bucket, key } = call
  const upload = findUpload(call)
  const condition = writeCondition(call)
  const document = parseXml(await readDocument(call), 'CompleteMultipartUpload')
  const parts = chooseParts(childrenOf(document, 'Part'), store.uploads.parts(upload.id), upload)
  checkSize(call, parts)
  condition?.(store.current(bucket, key))
  const whole = upload.checksumType === 'COMPOSITE' ? undefined : (upload.algorithm ?? defaultAlgorithm)
  const body = await store.bodies.receive(join(call, parts), { checksum: whole })
  checkWhole(call, parts, body)
  const checksum = await checksumOf(call, upload, parts, body)
  const stored = parts.map(part => ({ sizeBytes: part.sizeBytes, checksum: part.checksum || undefined }))
  const row = store.put(bucket, key, body, { ...upload.meta, checksum, parts: stored }, { etag: multipartEtag(parts), condition })
  store.dropUpload(upload.id)
  for (const [name, value] of Object.entries(versionHeader(call, row.versionId))) call.response.setHeader(name, value)
  call.response.setHeader('x-amz-server-side-encryption', 'AES256')
  const Location = `http://${call.request.headers.host}/${bucket}/${encodeURIComponent(key)}`
  const sum = { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }
  sendXml(call, 'CompleteMultipartUploadResult', { Location, Bucket: bucket, Key: key, ETag: row.etag, ...sum })
}

function chooseParts(named: XmlElement[], stored: PartRow[], upload: UploadRow): PartRow[] {
  if (named.length === 0 || named.length > maxParts) throw s3Error('MalformedXML')
  const byNumber = new Map(stored.map(part => [part.number, part]))
  let previous = 0
  return named.map(element => {
    const [number, etag] = [Number(textOf(element, 'PartNumber')), textOf(element, 'ETag')]
    if (!Number.isInteger(number) || number < 1 || etag === undefined) throw s3Error('MalformedXML')
    if (number <= previous) throw s3Error('InvalidPartOrder', { UploadId: upload.id })
    previous = number
    const part = byNumber.get(number)
    const sum = upload.algorithm && textOf(element, `Checksum${upload.algorithm}`)
    const same = part && part.etag === `"${etag.trim().replace(/^"|"$/g, '')}"` && (sum === undefined || sum === part.checksum)
    if (!same) throw s3Error('InvalidPart', { UploadId: upload.id, PartNumber: String(number), ETag: etag })
    return part
  })
}

function checkSize(call: S3Call, parts: PartRow[]): void {
  const small = parts.slice(0, -1).find(part => part.sizeBytes < minPartBytes)
  if (small) {
    const fields = {
      ProposedSize: String(small.sizeBytes),
      MinSizeAllowed: String(minPartBytes),
      PartNumber: String(small.number),
      ETag: small.etag.replaceAll('"', ''),
    }
    throw s3Error('EntityTooSmall', fields)
  }
  const expected = call.header('x-amz-mp-object-size')
  const actual = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  if (expected !== undefined && Number(expected) !== actual) {
    throw s3Error('InvalidRequest', {}, `The provided 'x-amz-mp-object-size' header does not match what was computed.`)
  }
}

/** A machine that went down may have cut a part. */
function checkWhole({ store, key }: S3Call, parts: PartRow[], body: ReceivedBody): void {
  const expected = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  if (body.sizeBytes === expected) return
  store.bodies.discard(body)
  const message = `The parts of this upload are damaged: ${body.sizeBytes} of their ${expected} bytes are there. Upload them again.`
  throw s3Error('InternalError', { Key: key }, message)
}

async function* join({ store }: S3Call, parts: PartRow[]): AsyncGenerator<Buffer> {
  for (const part of parts)
    yield* createReadStream(store.bodies.absolute(part.path), { highWaterMark: 128 * 1024 }) as AsyncIterable<Buffer>
}

/** MD5 of the parts' MD5s, then their number. */
function multipartEtag(parts: PartRow[]): string {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(Buffer.from(part.etag.slice(1, -1), 'hex'))
  return `"${md5.digest('hex')}-${parts.length}"`
}

/** The object's checksum, which must be the one the client names, if it does. The upload may have ended while the parts were joined. */
async function checksumOf(call: S3Call, upload: UploadRow, parts: PartRow[], body: ReceivedBody): Promise<Checksum> {
  try {
    const values = parts.map(part => part.checksum)
    const checksum = body.checksum ?? (await compositeChecksum(upload.algorithm as ChecksumAlgorithm, values))
    const given = call.header(checksumHeader(checksum.algorithm))
    if (given !== undefined && given.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, '')) {
      throw s3Error('BadDigest', {}, `The ${checksum.algorithm} you specified did not match the calculated checksum.`)
    }
    findUpload(call)
    return checksum
  } catch (error) {
    call.store.bodies.discard(body)
    throw error
  }
}
