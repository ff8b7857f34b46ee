import { randomBytes } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { Bodies, type ReceivedBody } from './bodies.ts'
import type { BucketIndex, BucketRow } from './bucketIndex.ts'
import { s3Error } from './errors.ts'
import { fileName, hashedPath, readablePath } from './keyPath.ts'
import type { Moves, ObjectIndex, ObjectMeta, VersionRow } from './objectIndex.ts'
import type { StoreIndex } from './storeIndex.ts'
import type { UploadIndex } from './uploadIndex.ts'

/** Refuses a write by throwing; `current` is what readers see now. Judged in the same turn as the write, so it is atomic. */
export type WriteCondition = (current: VersionRow | undefined) => void

export interface DeleteResult {
  /** Of the version removed or of the marker made; undefined where the bucket keeps no versions. */
  versionId?: string
  deleteMarker: boolean
}

/** Buckets, versions and bodies kept in step. Everything that changes them is synchronous: in one turn the index takes the change, with the file work in
 *  it, and the files follow. A process killed in between repeats that work when it opens the store again. */
export class ObjectStore {
  readonly bodies: Bodies
  readonly objects: ObjectIndex
  readonly buckets: BucketIndex
  readonly uploads: UploadIndex
  private readonly index: StoreIndex

  /** Finishes or removes what a killed process left half done. */
  constructor(dir: string, index: StoreIndex) {
    this.index = index
    this.bodies = new Bodies(dir)
    this.objects = index.objects
    this.buckets = index.buckets
    this.uploads = index.uploads
    this.bodies.repair(index.lastMoves)
    this.bodies.sweepTemporary()
    this.uploads.sweep(this.bodies)
  }

  /** One transaction and the file work that belongs to it. */
  commit(moves: Moves, work: () => void): void {
    this.index.record(moves, work)
    this.bodies.apply(moves)
  }

  /** The same for a received body. While nothing is recorded its temporary file goes with any error; once it is, it must stay. */
  commitBody<T>(body: ReceivedBody, prepare: () => { path: string; remove?: string[]; work: () => void; result: T }): T {
    const record = () => {
      try {
        const { path, remove, work, result } = prepare()
        const moves: Moves = { place: [body.temporary, path], remove }
        this.index.record(moves, work)
        return { moves, result }
      } catch (error) {
        this.bodies.discard(body)
        throw error
      }
    }
    const { moves, result } = record()
    this.bodies.apply(moves)
    return result
  }

  bucket(name: string): BucketRow {
    const bucket = this.buckets.get(name)
    if (!bucket) throw s3Error('NoSuchBucket', { BucketName: name })
    return bucket
  }

  /** Makes a bucket; an existing one stays as it is. */
  createBucket(name: string, config: Record<string, string> = {}): void {
    if (this.buckets.get(name)) return
    this.commit({}, () => this.buckets.put({ name, createdMs: Date.now(), versioning: '', config }))
    // Empty, the folder tells of the bucket when nothing else does.
    this.bodies.claim(`${name}/objects/any`)
  }

  /** The current object, or undefined when there is none or a delete marker hides it. */
  current(bucket: string, key: string): VersionRow | undefined {
    const row = this.objects.latest(bucket, key)
    return row?.marker ? undefined : row
  }

  /** Makes a received body the current object. Answers its row; on an error the body is gone. */
  put(
    bucket: string,
    key: string,
    body: ReceivedBody,
    meta: ObjectMeta,
    { etag, condition }: { etag?: string; condition?: WriteCondition } = {},
  ): VersionRow {
    return this.commitBody(body, () => {
      const { versioning } = this.bucket(bucket)
      const latest = this.objects.latest(bucket, key)
      condition?.(latest?.marker ? undefined : latest)
      const versionId = versioning === 'Enabled' ? newVersionId() : 'null'
      const replaced = versionId === 'null' ? this.nullVersion(bucket, key, latest) : undefined
      const path = versionId === 'null' ? this.choosePath(bucket, key, replaced) : this.versionPath(bucket, key, versionId)
      const row: VersionRow = {
        ...meta,
        ...{ bucket, key, seq: this.objects.nextSeq(), versionId, latest: true, marker: false, path },
        ...{ sizeBytes: body.sizeBytes, etag: etag ?? `"${body.md5}"`, modifiedMs: Date.now() },
      }
      return { path, work: () => this.supersede(latest, replaced, row), result: row }
    })
  }

  /** Deletes as S3 does: for good where no versions are kept or one is named, else behind a delete marker. */
  delete(bucket: string, key: string, versionId?: string, condition?: WriteCondition): DeleteResult {
    const { versioning } = this.bucket(bucket)
    if (versionId !== undefined) return this.deleteVersion(bucket, key, versionId)
    const latest = this.objects.latest(bucket, key)
    condition?.(latest?.marker ? undefined : latest)
    if (versioning === '') {
      if (latest) this.commit({ remove: [latest.path] }, () => this.objects.drop(latest))
      return { deleteMarker: false }
    }
    const id = versioning === 'Enabled' ? newVersionId() : 'null'
    const replaced = id === 'null' ? this.nullVersion(bucket, key, latest) : undefined
    const marker: VersionRow = {
      ...{
        bucket,
        key,
        seq: this.objects.nextSeq(),
        versionId: id,
        latest: true,
        marker: true,
        path: '',
        sizeBytes: 0,
        etag: '',
      },
      ...{ modifiedMs: Date.now(), headers: {}, metadata: {}, tags: [] },
    }
    this.commit({ remove: replaced?.path ? [replaced.path] : [] }, () => this.supersede(latest, replaced, marker))
    return { versionId: id, deleteMarker: true }
  }

  private deleteVersion(bucket: string, key: string, versionId: string): DeleteResult {
    const versions = this.objects.versions(bucket, key)
    const gone = versions.find(version => version.versionId === versionId)
    if (!gone) return { versionId, deleteMarker: false }
    const next = gone.latest ? versions.find(version => version !== gone) : undefined
    this.commit({ remove: gone.path ? [gone.path] : [] }, () => {
      this.objects.drop(gone)
      if (next) this.objects.promote(next)
    })
    return { versionId, deleteMarker: gone.marker }
  }

  /** Puts other metadata or tags on a version that stays. */
  replaceMeta(row: VersionRow, meta: Partial<ObjectMeta>): void {
    this.commit({}, () => {
      this.objects.drop(row)
      this.objects.insert({ ...row, ...meta })
    })
  }

  /** Makes objects of files that lie in their places already. */
  adopt(files: Pick<VersionRow, 'bucket' | 'key' | 'path' | 'sizeBytes' | 'etag' | 'modifiedMs'>[]): void {
    const meta = { headers: { 'content-type': 'binary/octet-stream' }, metadata: {}, tags: [] }
    const version = { versionId: 'null', latest: true, marker: false }
    this.commit({}, () => {
      for (const file of files) this.objects.insert({ ...file, ...meta, ...version, seq: this.objects.nextSeq() })
    })
  }

  /** Drops a version whose body is damaged or gone; the file goes to `aside`, or stays where it is. */
  takeOut(row: VersionRow, aside?: string): void {
    const next = row.latest ? this.objects.versions(row.bucket, row.key).find(({ seq }) => seq !== row.seq) : undefined
    this.commit(aside === undefined ? {} : { place: [row.path, aside] }, () => {
      this.objects.drop(row)
      if (next) this.objects.promote(next)
    })
  }

  /** Opens a body for reading. What it answers stays whole whatever is written or deleted meanwhile. Fails with InternalError when it is not what was put. */
  private open(row: VersionRow): number {
    const fd = openIfThere(this.bodies.absolute(row.path))
    const found = fd === undefined ? undefined : fstatSync(fd).size
    if (fd !== undefined && found === row.sizeBytes) return fd
    if (fd !== undefined) closeSync(fd)
    const message = `The file of this object is damaged: ${found ?? 'none'} of its ${row.sizeBytes} bytes are there. Put the object again or delete it.`
    throw s3Error('InternalError', { Key: row.key }, message)
  }

  /** `start` inclusive, `end` exclusive. */
  stream(row: VersionRow, { start = 0, end = row.sizeBytes }: { start?: number; end?: number } = {}): Readable {
    const fd = this.open(row)
    if (end <= start) {
      closeSync(fd)
      return Readable.from([])
    }
    return createReadStream('', { fd, start, end: end - 1, highWaterMark: 128 * 1024 })
  }

  readWhole(row: VersionRow): Buffer {
    const fd = this.open(row)
    try {
      return readFileSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** Forgets an upload with its parts: it was aborted, or completed and is an object now. */
  dropUpload(id: string): void {
    this.commit({ removeTrees: [`_uploads/${id}`] }, () => this.uploads.drop(id))
  }

  deleteBucket(name: string): void {
    this.bucket(name)
    for (const _ of this.objects.scan(name, '', undefined, { all: true })) throw s3Error('BucketNotEmpty', { BucketName: name })
    const uploads = this.uploads.ofBucket(name)
    this.commit({ removeTrees: [name, ...uploads.map(({ id }) => `_uploads/${id}`)] }, () => {
      for (const upload of uploads) this.uploads.drop(upload.id)
      this.buckets.drop(name)
    })
  }

  close(): void {
    this.index.close()
  }

  private supersede(latest: VersionRow | undefined, replaced: VersionRow | undefined, row: VersionRow): void {
    if (replaced) this.objects.drop(replaced)
    if (latest && latest !== replaced) this.objects.demote(row.bucket, row.key)
    this.objects.insert(row)
  }

  private nullVersion(bucket: string, key: string, latest: VersionRow | undefined): VersionRow | undefined {
    if (latest === undefined || latest.versionId === 'null') return latest
    return this.objects.versions(bucket, key).find(version => version.versionId === 'null')
  }

  /** The path an overwritten object had; for a new key its readable name unless another key's file or folder is in the way. */
  private choosePath(bucket: string, key: string, replaced: VersionRow | undefined): string {
    if (replaced?.path) return replaced.path
    const readable = readablePath(key)
    if (readable !== undefined && this.bodies.claim(`${bucket}/objects/${readable}`)) return `${bucket}/objects/${readable}`
    const hashed = `${bucket}/objects/${hashedPath(key)}`
    this.bodies.claim(hashed)
    return hashed
  }

  private versionPath(bucket: string, key: string, versionId: string): string {
    const path = `${bucket}/versions/${versionId}/${fileName(key)}`
    this.bodies.claim(path)
    return path
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** 32 characters as S3's; none starts with a dash, which command lines would take for an option. */
function newVersionId(): string {
  return randomBytes(24).toString('base64url').replaceAll('-', '.')
}
