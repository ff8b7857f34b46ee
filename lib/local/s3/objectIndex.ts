import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Checksum } from './checksum.ts'

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
}

const columns = 'bucket, key, seq, id, latest, marker, path, size, etag, modified, meta'
/** Sorts after every TEXT, because SQLite sorts BLOBs after TEXT. */
const afterAllText = new Uint8Array()

/** The versions of all buckets in key order. Every method answers from the index alone and touches no file. */
export class ObjectIndex {
  private readonly statements: Record<
    'current' | 'versions' | 'insert' | 'drop' | 'demote' | 'promote' | 'moves' | 'scan' | 'scanAll',
    StatementSync
  >
  private lowestSeq: number

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql)
    this.statements = {
      current: prepare(`SELECT ${columns} FROM version WHERE bucket = ? AND key = ? AND latest = 1`),
      versions: prepare(`SELECT ${columns} FROM version WHERE bucket = ? AND key = ? ORDER BY seq`),
      insert: prepare(`INSERT INTO version (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
      drop: prepare('DELETE FROM version WHERE bucket = ? AND key = ? AND seq = ?'),
      demote: prepare('UPDATE version SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1'),
      promote: prepare('UPDATE version SET latest = 1 WHERE bucket = ? AND key = ? AND seq = ?'),
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

  /** All versions of a key, newest first. */
  versions(bucket: string, key: string): VersionRow[] {
    return this.statements.versions.all(bucket, key).map(row => toRow(row) as VersionRow)
  }

  insert(row: VersionRow): void {
    const { headers, metadata, tags, checksum, parts } = row
    const meta = JSON.stringify({ headers, metadata, tags, checksum, parts })
    this.statements.insert.run(
      ...[row.bucket, row.key, row.seq, row.versionId, row.latest ? 1 : 0, row.marker ? 1 : 0],
      ...[row.path, row.sizeBytes, row.etag, row.modifiedMs, meta],
    )
  }

  drop(row: VersionRow): void {
    this.statements.drop.run(row.bucket, row.key, row.seq)
  }

  demote(bucket: string, key: string): void {
    this.statements.demote.run(bucket, key)
  }

  promote(row: VersionRow): void {
    this.statements.promote.run(row.bucket, row.key, row.seq)
  }

  note(moves: Moves): void {
    this.statements.moves.run(JSON.stringify(moves), this.lowestSeq)
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
