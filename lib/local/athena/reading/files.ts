import type { Storage, StoredObject } from '../../s3/storage.ts'
import { QueryError } from '../sql/error.ts'

/** `s3://bucket/prefix/` taken apart. s3a and s3n are read as s3. */
export function parseS3(location: string): { bucket: string; key: string } | undefined {
  const match = /^s3[an]?:\/\/([^/]+)(?:\/(.*))?$/s.exec(location)
  return match ? { bucket: match[1]!, key: match[2] ?? '' } : undefined
}

/** The objects of a table's or partition's location. Like Athena: the location is a folder whether or not it ends with a slash, folders below it count,
 *  keys with a part that begins with `_` or `.` are hidden, and empty objects have no rows. */
export async function listFiles(storage: Storage, location: string): Promise<{ bucket: string; objects: StoredObject[] }> {
  const place = parseS3(location)
  if (!place) throw new QueryError('HIVE_INVALID_METADATA', `Table location ${location} is not an S3 path`)
  const { bucket, key } = place
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
  if (!storage.hasBucket(bucket))
    throw new QueryError(
      'HIVE_METASTORE_ERROR',
      `The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; Bucket: ${bucket})`,
    )
  const objects: StoredObject[] = []
  for await (const object of storage.list(bucket, prefix)) {
    if (object.sizeBytes > 0 && !isHidden(object.key.slice(prefix.length))) objects.push(object)
  }
  return { bucket, objects }
}

const isHidden = (path: string) => path.split('/').some(part => part.startsWith('_') || part.startsWith('.'))
