import type { Readable } from 'node:stream'

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
