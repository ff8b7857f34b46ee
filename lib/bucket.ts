import { awsError, isAwsError, s3Client } from './aws.ts'
import { LabError } from './errors.ts'
import type { Lab } from './lab.ts'

export interface ObjectReport {
  key: string
  sizeBytes: number
  lastModified: Date
}

/** Which records an object of the sink begins with. */
export interface ObjectStart {
  topic: string
  partition: number
  /** Offset of the first valid record in it. */
  offset: number
}

/** The sink's name for an object: `<prefix>dt=YYYY-MM-DD/<topic>+<partition>+<offset, 20 digits>.json.gz`; the day is that of the first record's own
 *  time (`timestamp`, milliseconds since 1970). */
export function objectKey(prefix: string, { topic, partition, offset }: ObjectStart, timestamp: number): string {
  const day = new Date(timestamp).toISOString().slice(0, 10)
  return `${prefix}dt=${day}/${topic}+${partition}+${String(offset).padStart(20, '0')}.json.gz`
}

/** Reads a name made by `objectKey`; undefined for any other. */
export function parseObjectKey(key: string): ObjectStart | undefined {
  const match = /(?:^|\/)dt=[^/]*\/([^/+]+)\+(\d+)\+(\d{20})\.json\.gz$/.exec(key)
  return match ? { topic: match[1], partition: Number(match[2]), offset: Number(match[3]) } : undefined
}

/** The tutorial's names, one object for each record. They start at 0 with every run: a second run overwrites the first. */
export function recordKey(prefix: string, count: number): string {
  return `${prefix}stock_market_${count}.json`
}

/** Creates the bucket unless it is there; answers whether it was made. */
export async function ensureBucket(lab: Lab, bucket: string = lab.config.bucket): Promise<boolean> {
  const s3 = await s3Client(lab)
  try {
    await s3.headBucket({ Bucket: bucket })
    return false
  } catch (error) {
    if (!isAwsError(error, 'NotFound', 'NoSuchBucket')) throw awsError(`bucket ${bucket}`, error)
  }
  try {
    const region = await s3.config.region()
    await s3.createBucket({
      Bucket: bucket,
      ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }),
    })
    return true
  } catch (error) {
    if (isAwsError(error, 'BucketAlreadyOwnedByYou')) return false
    throw awsError(`bucket ${bucket}`, error)
  }
}

/** The objects below a prefix in the order of their names, page by page. */
export async function* listObjects(
  lab: Lab,
  { bucket = lab.config.bucket, prefix = lab.config.prefix } = {},
): AsyncGenerator<ObjectReport, void, undefined> {
  const s3 = await s3Client(lab)
  let token: string | undefined
  do {
    const page = await s3.listObjectsV2({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }).catch(error => {
      throw awsError(`bucket ${bucket}`, error)
    })
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      yield { key: Key!, sizeBytes: Size ?? 0, lastModified: LastModified! }
    token = page.NextContinuationToken
  } while (token)
}

/** How many objects and bytes lie below a prefix. */
export async function measureObjects(
  lab: Lab,
  place: { bucket?: string; prefix?: string } = {},
): Promise<{ objects: number; bytes: number }> {
  let objects = 0
  let bytes = 0
  for await (const { sizeBytes } of listObjects(lab, place)) {
    objects++
    bytes += sizeBytes
  }
  return { objects, bytes }
}

/** The text of an object; `.gz` is opened. For small objects: it is read whole. */
export async function readObject(lab: Lab, key: string, bucket: string = lab.config.bucket): Promise<string> {
  const s3 = await s3Client(lab)
  const { Body } = await s3.getObject({ Bucket: bucket, Key: key }).catch(error => {
    throw awsError(`s3://${bucket}/${key}`, error)
  })
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? [])
  const { gunzipSync } = await import('node:zlib')
  return (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** Writes an object whatever was there before. */
export async function putObject(
  lab: Lab,
  key: string,
  body: string | Uint8Array,
  bucket: string = lab.config.bucket,
): Promise<{ key: string; bytes: number }> {
  const s3 = await s3Client(lab)
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  await s3.putObject({ Bucket: bucket, Key: key, Body: bytes }).catch(error => {
    throw awsError(`s3://${bucket}/${key}`, error)
  })
  return { key, bytes: bytes.length }
}

/** Writes an object only if there is none of that name (`If-None-Match: *`). Refused, it answers with the metadata of what is there. */
export async function putIfAbsent(
  lab: Lab,
  bucket: string,
  key: string,
  body: Uint8Array,
  metadata: Record<string, string>,
): Promise<{ stored: true } | { stored: false; metadata: Record<string, string> }> {
  const s3 = await s3Client(lab)
  for (let attempt = 1; ; attempt++) {
    try {
      await s3.putObject({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: 'application/gzip',
        Metadata: metadata,
        IfNoneMatch: '*',
      })
      return { stored: true }
    } catch (error) {
      // 409: another writer of the same name is at it right now; it may win or fail, so try again.
      if (isAwsError(error, 'ConditionalRequestConflict') && attempt < 10) continue
      if (!isAwsError(error, 'PreconditionFailed')) throw awsError(`s3://${bucket}/${key}`, error)
      return { stored: false, metadata: await objectMetadata(lab, bucket, key) }
    }
  }
}

/** The user metadata of an object. Throws `LabError` NotFound when there is none. */
export async function objectMetadata(lab: Lab, bucket: string, key: string): Promise<Record<string, string>> {
  try {
    return (await (await s3Client(lab)).headObject({ Bucket: bucket, Key: key })).Metadata ?? {}
  } catch (error) {
    throw awsError(`s3://${bucket}/${key}`, error)
  }
}

/** Deletes every object below a prefix, 1,000 at a time; answers how many. The prefix must not be empty. */
export async function deleteObjects(
  lab: Lab,
  { bucket = lab.config.bucket, prefix }: { bucket?: string; prefix: string },
): Promise<{ deleted: number }> {
  if (prefix === '')
    throw new LabError(
      'PREFIX_EMPTY',
      `bucket ${bucket}: the prefix to delete is empty, which would be everything. Name a folder.`,
    )
  const s3 = await s3Client(lab)
  let deleted = 0
  let keys: string[] = []
  const flush = async () => {
    if (keys.length === 0) return
    const { Errors = [] } = await s3.deleteObjects({
      Bucket: bucket,
      Delete: { Objects: keys.map(Key => ({ Key })), Quiet: true },
    })
    if (Errors.length > 0)
      throw new LabError(
        Errors[0].Code ?? 'S3',
        `s3://${bucket}/${Errors[0].Key}: cannot be deleted: ${Errors[0].Message}. ${deleted} were deleted before.`,
      )
    deleted += keys.length
    keys = []
  }
  try {
    for await (const { key } of listObjects(lab, { bucket, prefix })) {
      keys.push(key)
      if (keys.length === 1000) await flush()
    }
    await flush()
  } catch (error) {
    if (isAwsError((error as LabError).cause, 'NoSuchBucket')) return { deleted }
    throw awsError(`bucket ${bucket}`, error)
  }
  return { deleted }
}
