import { randomBytes } from 'node:crypto'
import { closeSync, createReadStream, openSync, readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { DatabaseSync } from 'node:sqlite'
import { Bodies, type ReceivedBody } from './bodies.ts'
import { BucketIndex, type BucketRow } from './bucketIndex.ts'
import { openDatabase, transaction } from './database.ts'
import { s3Error } from './errors.ts'
import { fileName, hashedPath, readablePath } from './keyPath.ts'
import { ObjectIndex, type Moves, type ObjectMeta, type VersionRow } from './objectIndex.ts'
import { UploadIndex } from './uploadIndex.ts'

/** Refuses a write by throwing; `current` is what readers see now. Judged in the same turn as the write, so it is atomic. */
export type WriteCondition = (current: VersionRow | undefined) => void

export interface DeleteResult {
  /** Of the version removed or of the marker made; undefined where the bucket keeps no versions. */
  versionId?: string
  deleteMarker: boolean
}

/** Buckets, versions and bodies kept in step. Everything that changes them is synchronous: in one turn the index commits, naming the file
 *  work in the same transaction, and the files follow. A process killed in between repeats that work when it opens the store again. */
export class ObjectStore {
  readonly bodies: Bodies
  readonly objects: ObjectIndex
  readonly buckets: BucketIndex
  readonly uploads: UploadIndex
  private readonly database: DatabaseSync

  constructor(dir: string) {
    this.database = openDatabase(dir)
    this.bodies = new Bodies(dir)
    this.objects = new ObjectIndex(this.database)
    this.buckets = new BucketIndex(this.database)
    this.uploads = new UploadIndex(this.database)
    this.recover()
  }

  private recover(): void {
    const last = this.database.prepare('SELECT work FROM moves').get()
    this.bodies.repair(JSON.parse(last?.work as string) as Moves)
    this.bodies.sweepTemporary()
    this.uploads.sweep(this.bodies)
    for (const name of readdirSync(this.bodies.dir)) {
      if (!name.startsWith('_') && !this.buckets.get(name)) this.bodies.removeTree(name)
    }
  }

  /** One transaction and the file work that belongs to it. */
  commit(moves: Moves, work: () => void): void {
    this.record(moves, work)
    this.bodies.apply(moves)
  }

  /** The same for a received body. While nothing is recorded its temporary file goes with any error; once it is, it must stay. */
  commitBody<T>(body: ReceivedBody, prepare: () => { path: string; remove?: string[]; work: () => void; result: T }): T {
    const record = () => {
      try {
        const { path, remove, work, result } = prepare()
        const moves: Moves = { place: [body.temporary, path], remove }
        this.record(moves, work)
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

  private record(moves: Moves, work: () => void): void {
    transaction(this.database, () => {
      work()
      this.objects.note(moves)
    })
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

  /** Opens a body for reading. What it answers stays whole whatever is written or deleted meanwhile. */
  open(row: VersionRow): number {
    return openSync(this.bodies.absolute(row.path), 'r')
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
    this.commit({}, () => this.uploads.drop(id))
    this.bodies.removeTree(`_uploads/${id}`)
  }

  deleteBucket(name: string): void {
    this.bucket(name)
    for (const _ of this.objects.scan(name, '', undefined, { all: true })) throw s3Error('BucketNotEmpty', { BucketName: name })
    const uploads = this.uploads.ofBucket(name)
    this.commit({}, () => {
      for (const upload of uploads) this.uploads.drop(upload.id)
      this.buckets.drop(name)
    })
    for (const upload of uploads) this.bodies.removeTree(`_uploads/${upload.id}`)
    this.bodies.removeTree(name)
  }

  close(): void {
    this.database.close()
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

/** 32 characters as S3's; none starts with a dash, which command lines would take for an option. */
function newVersionId(): string {
  return randomBytes(24).toString('base64url').replaceAll('-', '.')
}
