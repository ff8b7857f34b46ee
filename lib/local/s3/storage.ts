import { copyFile, rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { digestFile, type ReceivedBody } from './bodies.ts'
import { s3Error } from './errors.ts'
import { afterKey, afterPrefix, type ObjectMeta, type VersionRow } from './objectIndex.ts'
import { checkBucketName } from './names.ts'
import type { ObjectStore } from './objectStore.ts'
import { openStore } from './openStore.ts'

/** One stored object, as the crawler and the query engine see it. `path` is an absolute plain file with the body as stored. */
export interface StoredObject {
  key: string
  path: string
  sizeBytes: number
  /** In double quotes, as S3 answers it. */
  etag: string
  lastModified: Date
  contentType: string
  contentEncoding?: string
  /** User metadata, without the `x-amz-meta-` prefix. */
  metadata: Record<string, string>
}

export interface PutOptions {
  contentType?: string
  metadata?: Record<string, string>
  /** Refuse (PreconditionFailed) when the key exists. */
  ifNoneMatch?: '*'
}

/** What Glue and Athena may use of S3: whole objects and ordered listings. The S3 API itself (versions, multipart, tags) stands on the same store. */
export interface Storage {
  hasBucket(bucket: string): boolean
  /** Does nothing when it exists. */
  createBucket(bucket: string): Promise<void>
  /** Current objects whose key starts with `prefix`, in UTF-8 byte order, never all in memory. */
  list(bucket: string, prefix: string, options?: { startAfter?: string }): AsyncIterable<StoredObject>
  head(bucket: string, key: string): Promise<StoredObject | undefined>
  /** The body as stored (still gzipped when stored so); `start` inclusive, `end` exclusive. */
  read(bucket: string, key: string, range?: { start?: number; end?: number }): Promise<Readable>
  put(bucket: string, key: string, body: Uint8Array | Readable, options?: PutOptions): Promise<StoredObject>
  /** Moves a finished file into the store without copying it (same file system). */
  putFile(bucket: string, key: string, file: string, options?: PutOptions): Promise<StoredObject>
  delete(bucket: string, key: string): Promise<void>
  close(): Promise<void>
}

/** The store behind the S3 service, with what Glue and Athena use of it. */
export interface S3Storage extends Storage {
  /** For the S3 service alone: versions, multipart, tags. */
  readonly store: ObjectStore
}

/** Opens (or makes) the store in `dir`, a folder of its own such as `LAB_DIR/s3`. One process at a time: a second one fails.
 *  What a killed process left half done is finished or removed first; an index that is lost or damaged is made anew. `log` is told. */
export async function openStorage({ dir, log }: { dir: string; log?: (line: string) => void }): Promise<S3Storage> {
  const store = await openStore(dir, log)
  const found = (bucket: string, key: string): VersionRow | undefined => {
    store.bucket(bucket)
    return store.current(bucket, key)
  }
  return {
    store,
    hasBucket: bucket => store.buckets.get(bucket) !== undefined,
    async createBucket(bucket) {
      checkBucketName(bucket)
      store.createBucket(bucket)
    },
    list: (bucket, prefix, options) => list(store, bucket, prefix, options?.startAfter),
    async head(bucket, key) {
      const row = found(bucket, key)
      return row && describe(store, row)
    },
    async read(bucket, key, range) {
      const row = found(bucket, key)
      if (!row) throw s3Error('NoSuchKey', { Key: key })
      return store.stream(row, range)
    },
    async put(bucket, key, body, options) {
      store.bucket(bucket)
      const source = body instanceof Uint8Array ? [body] : (body as AsyncIterable<Uint8Array>)
      return keep(store, bucket, key, await store.bodies.receive(chunksOf(source)), options)
    },
    async putFile(bucket, key, file, options) {
      store.bucket(bucket)
      return keep(store, bucket, key, await adopt(store, file), options)
    },
    async delete(bucket, key) {
      store.delete(bucket, key)
    },
    async close() {
      store.close()
    },
  }
}

const pageSize = 1000

async function* list(store: ObjectStore, bucket: string, prefix: string, startAfter = ''): AsyncGenerator<StoredObject> {
  const end = afterPrefix(prefix)
  let from = startAfter >= prefix ? afterKey(startAfter) : prefix
  for (;;) {
    store.bucket(bucket)
    const page: VersionRow[] = []
    for (const row of store.objects.scan(bucket, from, end)) if (page.push(row) === pageSize) break
    for (const row of page) yield describe(store, row)
    if (page.length < pageSize) return
    from = afterKey((page.at(-1) as VersionRow).key)
  }
}

function describe(store: ObjectStore, row: VersionRow): StoredObject {
  return {
    key: row.key,
    path: store.bodies.absolute(row.path),
    sizeBytes: row.sizeBytes,
    etag: row.etag,
    lastModified: new Date(row.modifiedMs),
    contentType: row.headers['content-type'] ?? 'application/octet-stream',
    contentEncoding: row.headers['content-encoding'],
    metadata: row.metadata,
  }
}

function keep(store: ObjectStore, bucket: string, key: string, body: ReceivedBody, options: PutOptions = {}): StoredObject {
  const { contentType = 'application/octet-stream', metadata = {}, ifNoneMatch } = options
  const meta: ObjectMeta = { headers: { 'content-type': contentType }, metadata, tags: [] }
  const condition = (current: VersionRow | undefined): void => {
    if (ifNoneMatch && current) throw s3Error('PreconditionFailed', { Condition: 'If-None-Match' })
  }
  return describe(store, store.put(bucket, key, body, meta, { condition }))
}

/** Digests a finished file and takes it into the store's folder; copies only where it lies on another file system. */
async function adopt(store: ObjectStore, file: string): Promise<ReceivedBody> {
  const digests = await digestFile(file)
  const temporary = store.bodies.newTemporary()
  try {
    await rename(file, store.bodies.absolute(temporary))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyFile(file, store.bodies.absolute(temporary))
    await rm(file)
  }
  return { temporary, ...digests }
}

async function* chunksOf(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}
