import type { S3Target } from '@aws-sdk/client-glue'
import { compileGlob } from './glob.ts'

/** An S3 include path, taken apart. */
export interface CrawlTarget {
  bucket: string
  /** A folder's key with `/` at the end, empty for the whole bucket. May also be one object's key: see `objectKey`. */
  prefix: string
  /** The key without the slash, which an object may have. */
  objectKey: string
  /** Full patterns, as the table parameter `exclusions` shows them. */
  exclusions: string[]
  /** Files to read in each folder; all when not given. */
  sampleSize?: number
  isExcluded(key: string): boolean
}

/** `s3://bucket/folder` -> its parts; `undefined` when it is no S3 path. */
export function parseTarget({ Path, Exclusions = [], SampleSize }: S3Target): CrawlTarget | undefined {
  const found = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(Path ?? '')
  if (!found) return undefined
  const bucket = found[1]!
  const objectKey = found[2]!.replace(/\/+$/, '')
  const prefix = objectKey === '' ? '' : `${objectKey}/`
  const excluded = Exclusions.map(compileGlob)
  return {
    bucket,
    prefix,
    objectKey: found[2]!.endsWith('/') ? '' : objectKey,
    exclusions: Exclusions.map(pattern => `s3://${bucket}/${prefix}${pattern}`),
    sampleSize: SampleSize,
    isExcluded(key) {
      const relative = key.slice(prefix.length)
      return isHidden(relative) || excluded.some(matches => matches(relative))
    },
  }
}

/** Folder markers, Hadoop's `_$folder$`, and names that start with `_` or `.`, which Athena would not read either. */
function isHidden(relativeKey: string): boolean {
  return relativeKey.endsWith('/') || relativeKey.endsWith('_$folder$') || relativeKey.split('/').some(part => /^[_.]/.test(part))
}
