import { mkdirSync, readdirSync } from 'node:fs'
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Bodies } from './bodies.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import type { IndexWriter } from './indexWriter.ts'
import type { ObjectMeta } from './objectIndex.ts'

/** A multipart upload in progress; `meta` becomes the object's. */
export interface UploadRow {
  id: string
  bucket: string
  key: string
  createdMs: number
  meta: ObjectMeta
  /** What the client asked for at the start; parts carry it. */
  algorithm?: ChecksumAlgorithm
  checksumType?: 'COMPOSITE' | 'FULL_OBJECT'
}

export interface PartRow {
  number: number
  /** Relative to the store. */
  path: string
  sizeBytes: number
  /** In double quotes. */
  etag: string
  modifiedMs: number
  /** Base64, by the upload's algorithm; empty without one. */
  checksum: string
}

/** Multipart uploads and their parts. */
export class UploadIndex {
  private readonly writer: IndexWriter
  private readonly statements: Record<'get' | 'list' | 'parts' | 'ids', StatementSync>

  constructor(database: DatabaseSync, writer: IndexWriter) {
    this.writer = writer
    const prepare = (sql: string) => database.prepare(sql)
    this.statements = {
      get: prepare('SELECT * FROM upload WHERE id = ?'),
      list: prepare('SELECT * FROM upload WHERE bucket = ? ORDER BY key, created, id'),
      parts: prepare('SELECT * FROM part WHERE upload = ? ORDER BY number'),
      ids: prepare('SELECT id FROM upload'),
    }
  }

  put({ id, bucket, key, createdMs, meta, algorithm, checksumType }: UploadRow): void {
    this.writer.run('putUpload', id, bucket, key, createdMs, JSON.stringify({ meta, algorithm, checksumType }))
  }

  get(id: string): UploadRow | undefined {
    const row = this.statements.get.get(id)
    return row && toUpload(row)
  }

  /** By key, then by the time they began. */
  ofBucket(bucket: string): UploadRow[] {
    return this.statements.list.all(bucket).map(toUpload)
  }

  drop(id: string): void {
    this.writer.run('dropUpload', id)
    this.writer.run('dropParts', id)
  }

  putPart(id: string, part: PartRow): void {
    const { number, path, sizeBytes, etag, modifiedMs, checksum } = part
    this.writer.run('putPart', id, number, path, sizeBytes, etag, modifiedMs, checksum)
  }

  /** By number. */
  parts(id: string): PartRow[] {
    return this.statements.parts.all(id).map(row => ({
      number: row.number as number,
      path: row.path as string,
      sizeBytes: row.size as number,
      etag: row.etag as string,
      modifiedMs: row.modified as number,
      checksum: row.checksum as string,
    }))
  }

  /** Removes folders of uploads that are over and parts that no upload names: what a kill left behind. */
  sweep(bodies: Bodies): void {
    mkdirSync(bodies.absolute('_uploads'), { recursive: true })
    const known = new Set(this.statements.ids.all().map(row => row.id as string))
    for (const id of readdirSync(bodies.absolute('_uploads'))) {
      if (!known.has(id)) bodies.apply({ removeTrees: [`_uploads/${id}`] })
    }
  }
}

function toUpload(row: Record<string, SQLOutputValue>): UploadRow {
  const more = JSON.parse(row.meta as string) as Pick<UploadRow, 'meta' | 'algorithm' | 'checksumType'>
  const { id, bucket, key, created } = row as { id: string; bucket: string; key: string; created: number }
  return { id, bucket, key, createdMs: created, ...more }
}
