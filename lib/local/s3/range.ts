import { s3Error } from './errors.ts'

/** `start` inclusive, `end` exclusive. */
export interface ByteRange {
  start: number
  end: number
}

/** A `Range` header on a body of `sizeBytes`: `bytes=a-b`, `a-`, `-n`. Undefined (the whole body, as S3 answers) for anything else, several
 *  ranges too. Fails with InvalidRange when no byte of it exists. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const [first, last] = [match[1], match[2]] as [string, string]
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1)
  if (start >= sizeBytes) throw s3Error('InvalidRange', { RangeRequested: header as string, ActualObjectSize: String(sizeBytes) })
  return { start, end }
}
