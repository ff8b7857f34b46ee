import type { S3Call } from './call.ts'
import { s3Error } from './errors.ts'
import { afterKey, afterPrefix, type ObjectIndex, type VersionRow } from './objectIndex.ts'

/** One page: keys and common prefixes counted together, both in UTF-8 byte order. */
export interface Page {
  rows: VersionRow[]
  commonPrefixes: string[]
  truncated: boolean
  /** The last key or common prefix of the page: the next one goes on after it. */
  last?: string
  /** Of the last row, where versions are listed. */
  lastVersionId?: string
}

export interface PageRequest {
  prefix: string
  delimiter: string
  maxKeys: number
  /** Exclusive. A key, or a common prefix, which leaves out all below it. */
  after: string
  /** All versions; `after` with a version id goes on inside that key. */
  versions?: boolean
  afterVersionId?: string
}

/** Reads a page from the index. A common prefix costs one seek however many keys lie below it. */
export function readPage(index: ObjectIndex, bucket: string, request: PageRequest): Page {
  const { prefix, delimiter, maxKeys, versions = false } = request
  const page: Page = { rows: [], commonPrefixes: [], truncated: false }
  const end = afterPrefix(prefix)
  let from: string | undefined = firstKey(request)
  let skipping = request.afterVersionId
  while (from !== undefined) {
    let next: string | undefined
    for (const row of index.scan(bucket, from, end, { all: versions })) {
      if (skipping !== undefined && row.key === request.after) {
        if (row.versionId === skipping) skipping = ''
        else if (skipping === '') skipping = undefined
        if (skipping !== undefined) continue
      }
      if (page.rows.length + page.commonPrefixes.length >= maxKeys) {
        page.truncated = maxKeys > 0
        return page
      }
      const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length)
      if (cut < 0) {
        page.rows.push(row)
        page.last = row.key
        page.lastVersionId = row.versionId
        continue
      }
      page.last = row.key.slice(0, cut + delimiter.length)
      page.lastVersionId = undefined
      page.commonPrefixes.push(page.last)
      next = afterPrefix(page.last)
      break
    }
    from = next
  }
  return page
}

function firstKey({ prefix, delimiter, after, afterVersionId }: PageRequest): string | undefined {
  if (Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0) return prefix
  if (afterVersionId !== undefined) return after
  if (delimiter !== '' && after.startsWith(prefix) && after.length > prefix.length && after.endsWith(delimiter))
    return afterPrefix(after)
  return after === '' ? prefix : afterKey(after)
}

/** `max-keys` and its like: 0 to 1000, more is taken as 1000. */
export function readMax(call: S3Call, name: string): number {
  const text = call.query.get(name)
  if (text === undefined || text === '') return 1000
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1) {
    const message = /^-\d+$/.test(text)
      ? `Argument ${name} must be an integer between 0 and 2147483647`
      : `Provided ${name} not an integer or within integer range`
    throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: text }, message)
  }
  return Math.min(1000, Number(text))
}

/** How keys are written in the answer: as they are, or percent-encoded (`encoding-type=url`) with slashes kept. */
export function readEncoding(call: S3Call): { encode: (key: string) => string; EncodingType?: string } {
  const type = call.query.get('encoding-type')
  if (type === undefined || type === '') return { encode: key => key }
  if (type !== 'url') {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'encoding-type', ArgumentValue: type },
      'Invalid Encoding Method specified in Request',
    )
  }
  const encode = (key: string): string =>
    encodeURIComponent(key)
      .replace(/%2F/g, '/')
      .replace(/%20/g, '+')
      .replace(/[!'()~]/g, mark => '%' + mark.charCodeAt(0).toString(16).toUpperCase())
  return { encode, EncodingType: 'url' }
}
