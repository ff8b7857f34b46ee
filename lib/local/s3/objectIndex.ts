import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Checksum } from './checksum.ts'
import type { IndexWriter } from './indexWriter.ts'

/** What is kept beside a body and answered with it. */
export interface ObjectMeta {
  /** System headers in lower case as they are answered: content-type, content-encoding, cache-control … */
  headers: Record<string, string>
  /** User metadata, without the `x-amz-meta-` prefix. */
  metadata: Record<string, string>
  tags: [key: string, value: string][]
  checksum?: Checksum
  /** Of a multipart object, in order. */
  parts?: { sizeBytes: number; checksum?: string }[]
}

/** One version of an object, or a delete marker. */
export interface VersionRow extends ObjectMeta {
  bucket: string
  key: string
  /** Falls with time: the newest version of a key has the smallest. */
  seq: number
  /** `null` (the word) for what was written while the bucket kept no versions. */
  versionId: string
  latest: boolean
  marker: boolean
  /** Of the body, relative to the store; empty for a delete marker. */
  path: string
  sizeBytes: number
  /** In double quotes. */
  etag: string
  modifiedMs: number
}

/** File work that belongs to a commit, paths relative to the store. Done after it, and once more after a crash. */
export interface Moves {
  /** A finished temporary file and its place. */
  place?: [temporary: string, path: string]
  remove?: string[]
  /** Folders that go with all that is in them. */
  removeTrees?: string[]
}

const columns = 'bucket, key, seq, id, latest, marker, path, size, etag, modified, meta'
/** Sorts after every TEXT, because SQLite sorts BLOBs after TEXT. */
const afterAllText = new Uint8Array()

/** The versions of all buckets in key order. Every method answers from the index alone and touches no file. */
export class ObjectIndex {
  private readonly writer: IndexWriter
  private readonly statements: Record<'current' | 'versions' | 'count' | 'moves' | 'scan' | 'scanAll', StatementSync>
  private lowestSeq: number

  constructor(database: DatabaseSync, writer: IndexWriter) {
    this.writer = writer
    const prepare = (sql: string) => database.prepare(sql)
    this.statements = {
      current: prepare(`SELECT ${columns} FROM version WHERE bucket = ? AND key = ? AND latest = 1`),
      versions: prepare(`SELECT ${columns} FROM version WHERE bucket = ? AND key = ? ORDER BY seq`),
      count: prepare('SELECT count(*) AS objects FROM version WHERE latest = 1 AND marker = 0'),
      moves: prepare('UPDATE moves SET work = ?, seq = ?'),
      scan: prepare(
        `SELECT ${columns} FROM version WHERE bucket = ? AND key >= ? AND key < ? AND latest = 1 AND marker = 0 ORDER BY key`,
      ),
      scanAll: prepare(`SELECT ${columns} FROM version WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key, seq`),
    }
    this.lowestSeq = database.prepare('SELECT seq FROM moves').get()?.seq as number
  }

  nextSeq(): number {
    return --this.lowestSeq
  }

  /** The newest version, a delete marker too. */
  latest(bucket: string, key: string): VersionRow | undefined {
    return toRow(this.statements.current.get(bucket, key))
  }

  /** Of all buckets, older versions not counted. */
  count(): number {
    return this.statements.count.get()?.objects as number
  }

  /** All versions of a key, newest first. */
  versions(bucket: string, key: string): VersionRow[] {
    return this.statements.versions.all(bucket, key).map(row => toRow(row) as VersionRow)
  }

  insert(row: VersionRow): void {
    const { headers, metadata, tags, checksum, parts } = row
    const meta = JSON.stringify({ headers, metadata, tags, checksum, parts })
    const { bucket, key, seq, versionId, latest, marker, path, sizeBytes, etag, modifiedMs } = row
    this.writer.run(
      'putVersion',
      ...[bucket, key, seq, versionId, latest ? 1 : 0, marker ? 1 : 0, path, sizeBytes, etag, modifiedMs, meta],
    )
  }

  drop(row: VersionRow): void {
    this.writer.run('dropVersion', row.bucket, row.key, row.seq)
  }

  demote(bucket: string, key: string): void {
    this.writer.run('demote', bucket, key)
  }

  promote(row: VersionRow): void {
    this.writer.run('promote', row.bucket, row.key, row.seq)
  }

  get lastSeq(): number {
    return this.lowestSeq
  }

  /** Keeps the number and the file work of a commit with it. */
  note(number: number, moves: Moves): void {
    this.statements.moves.run(JSON.stringify({ number, ...moves }), this.lowestSeq)
  }

  /** Keys from `from` (inclusive) to `to` (exclusive; to the end without it) in UTF-8 byte order: current objects, or with `all` every
   *  version and delete marker, newest first. Lazy; read it within one turn, before anything writes. */
  *scan(bucket: string, from: string, to: string | undefined, { all = false } = {}): Generator<VersionRow, void, undefined> {
    const statement = all ? this.statements.scanAll : this.statements.scan
    for (const row of statement.iterate(bucket, from, to ?? afterAllText)) yield toRow(row) as VersionRow
  }
}

/** The smallest string that sorts after every string that starts with `prefix`; undefined when there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, character => character.codePointAt(0) as number)
  while (points.length > 0) {
    const last = points.pop() as number
    if (last === 0x10ffff) continue
    return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
  }
  return undefined
}

/** The smallest string that sorts after `key`. */
export const afterKey = (key: string): string => key + '\0'

function toRow(row: Record<string, SQLOutputValue> | undefined): VersionRow | undefined {
  if (row === undefined) return undefined
  return {
    ...(JSON.parse(row.meta as string) as ObjectMeta),
    bucket: row.bucket as string,
    key: row.key as string,
    seq: row.seq as number,
    versionId: row.id as string,
    latest: row.latest === 1,
    marker: row.marker === 1,
    path: row.path as string,
    sizeBytes: row.size as number,
    etag: row.etag as string,
    modifiedMs: row.modified as number,
  }
}
