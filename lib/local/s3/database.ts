import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What the store knows beside the bodies. SQLite compares TEXT as UTF-8 bytes, which is S3's order of keys. `seq` falls with time, so a
 *  key's versions come newest first. `moves` holds the file work of the last commit, to be done again when the process died in
 *  between, and the last `seq`. */
const schema = `
  CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, created INTEGER NOT NULL, versioning TEXT NOT NULL, config TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS version (
    bucket TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, latest INTEGER NOT NULL, marker INTEGER NOT NULL,
    path TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL, meta TEXT NOT NULL,
    PRIMARY KEY (bucket, key, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, meta TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS upload_by_key ON upload (bucket, key, created);
  CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (upload, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS moves (one INTEGER PRIMARY KEY CHECK (one = 1), work TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO moves VALUES (1, '{}', 0);
`

const tableNames = ['bucket', 'version', 'upload', 'part', 'moves']

export interface OpenedDatabase {
  database: DatabaseSync
  /** Nothing was known before: the first start, or the file was lost or damaged. */
  isNew: boolean
  /** What was wrong with the file, in SQLite's words. It was put aside as `_index.db.damaged`. */
  damage?: string
}

/** Opens the index of the store in `dir` (underscores are not legal in bucket names, so it cannot meet a bucket's folder); an index that is not whole is
 *  put aside. Exclusive: a second process fails with "database is locked". A commit survives kill -9; only a power cut may lose the last ones. */
export function openDatabase(dir: string): OpenedDatabase {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, '_index.db')
  try {
    return openFile(file)
  } catch (error) {
    if (!isDamage(error)) throw error
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(`${file}${suffix}.damaged`, { force: true })
      if (existsSync(file + suffix)) renameSync(file + suffix, `${file}${suffix}.damaged`)
    }
    return { ...openFile(file), damage: error.message }
  }
}

function openFile(file: string): OpenedDatabase {
  const database = new DatabaseSync(file)
  try {
    // Checkpoints wait for the disk, so they come seldom: about every 4,000 writes.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -16000')
    database.exec('BEGIN IMMEDIATE')
    const isNew = checkTables(database)
    database.exec(`${schema} COMMIT`)
    return { database, isNew }
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite's codes for a file that is damaged (11) or none of its own (26). */
function isDamage(error: unknown): error is Error {
  return error instanceof Error && [11, 26].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff)
}

/** Whether there are no tables yet; throws as SQLite does when what is there is not whole. */
function checkTables(database: DatabaseSync): boolean {
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  if (names.length === 0) return true
  const missing = tableNames.filter(table => !names.some(({ name }) => name === table))
  if (missing.length > 0) throw damaged(`no table ${missing.join(', ')}`)
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw damaged(String(found))
  return false
}

const damaged = (what: string): Error => Object.assign(new Error(what), { errcode: 11 })

/** Runs `work` in one transaction: all of it is kept or none. */
export function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
