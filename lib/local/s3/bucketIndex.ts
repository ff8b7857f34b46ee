import type { DatabaseSync } from 'node:sqlite'
import type { IndexWriter } from './indexWriter.ts'

/** `''` until versioning is first switched on. */
export type Versioning = '' | 'Enabled' | 'Suspended'

export interface BucketRow {
  name: string
  createdMs: number
  versioning: Versioning
  /** What is stored and given back: `lifecycle` and `tagging` as XML, `location` as given at creation. */
  config: Record<string, string>
}

/** The buckets: few, so they are held in memory and written through. */
export class BucketIndex {
  private readonly rows = new Map<string, BucketRow>()
  private readonly writer: IndexWriter

  constructor(database: DatabaseSync, writer: IndexWriter) {
    this.writer = writer
    for (const row of database.prepare('SELECT name, created, versioning, config FROM bucket').all()) {
      const name = row.name as string
      const config = JSON.parse(row.config as string) as Record<string, string>
      this.rows.set(name, { name, createdMs: row.created as number, versioning: row.versioning as Versioning, config })
    }
  }

  get(name: string): BucketRow | undefined {
    return this.rows.get(name)
  }

  /** In order of their names, which are ASCII. */
  list(): BucketRow[] {
    return [...this.rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  put(row: BucketRow): void {
    this.writer.run('putBucket', row.name, row.createdMs, row.versioning, JSON.stringify(row.config))
    this.rows.set(row.name, row)
  }

  drop(name: string): void {
    this.writer.run('dropBucket', name)
    this.rows.delete(name)
  }
}
