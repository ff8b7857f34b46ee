import { pipeline } from 'node:stream/promises'
import { ServiceError } from '../aws/errors.ts'
import type { S3Call } from './call.ts'
import { sendXml } from './call.ts'
import { checksumHeader, isChecksumValue } from './checksum.ts'
import { checkRead } from './conditions.ts'
import { s3Error } from './errors.ts'
import { answerHeaders, checksumHeaders, versionHeader } from './objectHeaders.ts'
import type { VersionRow } from './objectIndex.ts'
import { parseRange, type ByteRange } from './range.ts'

/** Up to here a body is read in one go. */
const smallBytes = 256 * 1024
/** `response-content-type` and its siblings set the answer's headers of a signed read. */
const overrides = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type', 'expires']

export async function getObject(call: S3Call): Promise<void> {
  const { store, response } = call
  const row = findVersion(call)
  checkRead(call, row)
  const { range, headers, status } = plan(call, row)
  const { start, end } = range
  if (end - start <= smallBytes) {
    const whole = end - start === row.sizeBytes
    const body = whole ? store.readWhole(row) : await collect(store.stream(row, range))
    response.writeHead(status, headers).end(body)
    return
  }
  const body = store.stream(row, range)
  response.writeHead(status, headers)
  await pipeline(body, response).catch((error: NodeJS.ErrnoException) => {
    // The reader has left: nobody is there to be told.
    if (!['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) throw error
  })
}

export function headObject(call: S3Call): void {
  const row = findVersion(call)
  checkRead(call, row)
  const { headers, status } = plan(call, row)
  call.response.writeHead(status, headers).end()
}

/** The version that a read names, or the current one: NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker by its id. */
export function findVersion(call: S3Call, versionId = call.query.get('versionId')): VersionRow {
  const { store, bucket, key } = call
  store.bucket(bucket)
  if (versionId === undefined) {
    const latest = store.objects.latest(bucket, key)
    if (latest && !latest.marker) return latest
    if (latest) markDeleted(call, latest)
    throw s3Error('NoSuchKey', { Key: key })
  }
  if (versionId === '')
    throw s3Error('InvalidArgument', { ArgumentName: 'versionId', ArgumentValue: '' }, 'Version id cannot be the empty string')
  const row = store.objects.versions(bucket, key).find(version => version.versionId === versionId)
  if (!row) {
    if (!isVersionId(versionId)) throw invalidVersionId(versionId)
    throw s3Error('NoSuchVersion', { Key: key, VersionId: versionId })
  }
  if (row.marker) {
    markDeleted(call, row)
    call.response.setHeader('last-modified', new Date(row.modifiedMs).toUTCString())
    call.response.setHeader('allow', 'DELETE')
    throw s3Error('MethodNotAllowed', { Method: call.request.method, ResourceType: 'DeleteMarker' })
  }
  return row
}

export const isVersionId = (text: string): boolean => text === 'null' || /^[A-Za-z0-9._]{32}$/.test(text)

export function invalidVersionId(versionId: string): ServiceError {
  return s3Error('InvalidArgument', { ArgumentName: 'versionId', ArgumentValue: versionId }, 'Invalid version id specified')
}

function markDeleted(call: S3Call, row: VersionRow): void {
  call.response.setHeader('x-amz-delete-marker', 'true')
  for (const [name, value] of Object.entries(versionHeader(call, row.versionId))) call.response.setHeader(name, value)
}

/** Status, headers and bytes of the answer, from `Range`, `partNumber` and the response overrides. */
function plan(call: S3Call, row: VersionRow): { status: number; headers: Record<string, string>; range: ByteRange } {
  const headers = answerHeaders(call, row)
  for (const name of overrides) {
    const value = call.query.get(`response-${name}`)
    if (value !== undefined) headers[name] = value
  }
  const wantsChecksum = call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  const part = readPart(call, row)
  const range = part?.range ?? parseRange(call.header('range'), row.sizeBytes)
  const all = { start: 0, end: row.sizeBytes }
  const { start, end } = range ?? all
  headers['content-length'] = String(end - start)
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${row.sizeBytes}`
  if (part && row.parts) headers['x-amz-mp-parts-count'] = String(row.parts.length)
  // The checksum of the whole on a part of it would look like damage to the SDKs.
  if (wantsChecksum && end - start === row.sizeBytes && !part) Object.assign(headers, checksumHeaders(row))
  if (wantsChecksum && part?.checksum && row.checksum) headers[checksumHeader(row.checksum.algorithm)] = part.checksum
  return { status: range ? 206 : 200, headers, range: range ?? all }
}

function readPart(call: S3Call, row: VersionRow): { range: ByteRange; checksum?: string } | undefined {
  const text = call.query.get('partNumber')
  if (text === undefined) return undefined
  if (call.header('range') !== undefined)
    throw s3Error('InvalidRequest', {}, 'Cannot specify both Range header and partNumber query parameter')
  const number = Number(text)
  const parts = row.parts ?? [{ sizeBytes: row.sizeBytes, checksum: row.checksum?.value }]
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'partNumber', ArgumentValue: text },
      'Part number must be an integer between 1 and 10000, inclusive',
    )
  }
  const part = parts[number - 1]
  if (!part) throw s3Error('InvalidPartNumber', { ActualPartCount: String(parts.length), PartNumberRequested: text })
  const start = parts.slice(0, number - 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { range: { start, end: start + part.sizeBytes }, checksum: part.checksum }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** GetObjectAttributes: what `x-amz-object-attributes` names. */
export function getObjectAttributes(call: S3Call): void {
  const row = findVersion(call)
  const wanted = (call.header('x-amz-object-attributes') ?? '').split(',').map(name => name.trim())
  if (wanted.join('') === '') {
    throw s3Error('InvalidRequest', {}, 'The x-amz-object-attributes header is missing or empty.')
  }
  const { checksum, parts } = row
  const has = (name: string): boolean => wanted.includes(name)
  for (const [name, value] of Object.entries(versionHeader(call, row.versionId))) call.response.setHeader(name, value)
  call.response.setHeader('last-modified', new Date(row.modifiedMs).toUTCString())
  sendXml(call, 'GetObjectAttributesResponse', {
    ETag: has('ETag') ? row.etag.replaceAll('"', '') : undefined,
    Checksum:
      has('Checksum') && checksum
        ? { [`Checksum${checksum.algorithm}`]: checksum.value.replace(/-\d+$/, ''), ChecksumType: checksum.type }
        : undefined,
    ObjectParts: has('ObjectParts') && parts ? partList(row) : undefined,
    StorageClass: has('StorageClass') ? (row.headers['x-amz-storage-class'] ?? 'STANDARD') : undefined,
    ObjectSize: has('ObjectSize') ? row.sizeBytes : undefined,
  })
}

function partList({ parts = [], checksum }: VersionRow) {
  const listed = parts.map((part, index) => ({
    PartNumber: index + 1,
    Size: part.sizeBytes,
    ...(checksum && part.checksum && isChecksumValue(checksum.algorithm, part.checksum)
      ? { [`Checksum${checksum.algorithm}`]: part.checksum }
      : {}),
  }))
  return { TotalPartsCount: parts.length, PartNumberMarker: 0, MaxParts: 1000, IsTruncated: false, Part: listed }
}
