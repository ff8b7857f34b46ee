import { ServiceError } from '../aws/errors.ts'
import type { S3Call } from './call.ts'
import { s3Error } from './errors.ts'
import type { VersionRow } from './objectIndex.ts'
import type { WriteCondition } from './objectStore.ts'

/** `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since` of a read, by RFC 9110 section 13.2.2: PreconditionFailed,
 *  or 304 as an error without a body. */
export function checkRead(call: S3Call, row: VersionRow): void {
  const [match, noneMatch] = [call.header('if-match'), call.header('if-none-match')]
  if (match !== undefined && !matches(match, row.etag)) throw failed('If-Match')
  if (match === undefined && modifiedAfter(row, call.header('if-unmodified-since')) === true) throw failed('If-Unmodified-Since')
  const notModified =
    noneMatch !== undefined ? matches(noneMatch, row.etag) : modifiedAfter(row, call.header('if-modified-since')) === false
  if (!notModified) return
  call.response.setHeader('etag', row.etag)
  call.response.setHeader('last-modified', new Date(row.modifiedMs).toUTCString())
  throw new ServiceError('NotModified', 'Not Modified', { status: 304 })
}

/** The same for the source of a copy; there everything that does not hold is PreconditionFailed. */
export function checkCopySource(call: S3Call, row: VersionRow): void {
  const name = (condition: string): string => `x-amz-copy-source-${condition}`
  const [match, noneMatch] = [call.header(name('if-match')), call.header(name('if-none-match'))]
  if (match !== undefined && !matches(match, row.etag)) throw failed(name('If-Match'))
  if (match === undefined && modifiedAfter(row, call.header(name('if-unmodified-since'))) === true)
    throw failed(name('If-Unmodified-Since'))
  if (noneMatch !== undefined && matches(noneMatch, row.etag)) throw failed(name('If-None-Match'))
  if (noneMatch === undefined && modifiedAfter(row, call.header(name('if-modified-since'))) === false)
    throw failed(name('If-Modified-Since'))
}

/** `If-None-Match: *` (write only what is not there) and `If-Match: ETAG` (write only over what was read). */
export function writeCondition(call: S3Call): WriteCondition | undefined {
  const [match, noneMatch] = [call.header('if-match'), call.header('if-none-match')]
  if (noneMatch !== undefined && noneMatch !== '*') throw s3Error('NotImplemented', { Header: 'If-None-Match' })
  if (match === undefined && noneMatch === undefined) return undefined
  return current => {
    if (noneMatch !== undefined && current) throw failed('If-None-Match')
    if (match === undefined) return
    if (!current) throw s3Error('NoSuchKey', { Key: call.key })
    if (!matches(match, current.etag)) throw failed('If-Match')
  }
}

export function matches(list: string, etag: string): boolean {
  const bare = (text: string): string => text.trim().replace(/^W\//, '').replace(/^"|"$/g, '')
  return list.split(',').some(one => one.trim() === '*' || bare(one) === bare(etag))
}

/** HTTP dates have whole seconds. Undefined without a date, or with one that is none. */
function modifiedAfter(row: VersionRow, date: string | undefined): boolean | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(ms) ? undefined : Math.floor(row.modifiedMs / 1000) * 1000 > ms
}

function failed(condition: string): ServiceError {
  return s3Error('PreconditionFailed', { Condition: condition })
}
