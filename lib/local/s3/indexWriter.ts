import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Everything that changes the index, under the names by which the journal keeps it: journals on disk stay, so a new meaning needs a new name. */
const sql = {
  putBucket: 'INSERT OR REPLACE INTO bucket (name, created, versioning, config) VALUES (?, ?, ?, ?)',
  dropBucket: 'DELETE FROM bucket WHERE name = ?',
  putVersion:
    'INSERT OR REPLACE INTO version (bucket, key, seq, id, latest, marker, path, size, etag, modified, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  dropVersion: 'DELETE FROM version WHERE bucket = ? AND key = ? AND seq = ?',
  demote: 'UPDATE version SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1',
  promote: 'UPDATE version SET latest = 1 WHERE bucket = ? AND key = ? AND seq = ?',
  putUpload: 'INSERT OR REPLACE INTO upload (id, bucket, key, created, meta) VALUES (?, ?, ?, ?, ?)',
  dropUpload: 'DELETE FROM upload WHERE id = ?',
  putPart: 'INSERT OR REPLACE INTO part (upload, number, path, size, etag, modified, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  dropParts: 'DELETE FROM part WHERE upload = ?',
}
type StepName = keyof typeof sql

/** One statement and its values. */
export type Step = [name: StepName, ...values: (string | number)[]]

/** Changes the index and remembers how, so that the journal can say it. */
export class IndexWriter {
  private readonly statements: Record<StepName, StatementSync>
  private steps: Step[] = []

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
    this.statements = Object.fromEntries(prepared) as Record<StepName, StatementSync>
  }

  run(...step: Step): void {
    this.repeat(step)
    this.steps.push(step)
  }

  /** Runs what the journal says. */
  repeat([name, ...values]: Step): void {
    this.statements[name].run(...values)
  }

  /** What was run since the last call. */
  take(): Step[] {
    const steps = this.steps
    this.steps = []
    return steps
  }
}

/** The steps that make the index as it is in an empty one. Read it within one turn. */
export function* stepsOf(database: DatabaseSync): Generator<Step> {
  const rows = (query: string) => database.prepare(query).iterate() as Iterable<Record<string, string | number>>
  for (const row of rows('SELECT name, created, versioning, config FROM bucket')) yield ['putBucket', ...Object.values(row)]
  for (const row of rows('SELECT id, bucket, key, created, meta FROM upload')) yield ['putUpload', ...Object.values(row)]
  for (const row of rows('SELECT upload, number, path, size, etag, modified, checksum FROM part'))
    yield ['putPart', ...Object.values(row)]
  const columns = 'bucket, key, seq, id, latest, marker, path, size, etag, modified, meta'
  for (const row of rows(`SELECT ${columns} FROM version`)) yield ['putVersion', ...Object.values(row)]
}
