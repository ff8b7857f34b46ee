import type { DatabaseSync, StatementSync } from 'node:sqlite'

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
  private readonly save: StatementSync
  private readonly remove: StatementSync

  constructor(database: DatabaseSync) {
    this.save = database.prepare('INSERT OR REPLACE INTO bucket (name, created, versioning, config) VALUES (?, ?, ?, ?)')
    this.remove = database.prepare('DELETE FROM bucket WHERE name = ?')
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
    this.save.run(row.name, row.createdMs, row.versioning, JSON.stringify(row.config))
    this.rows.set(row.name, row)
  }

  drop(name: string): void {
    this.remove.run(name)
    this.rows.delete(name)
  }
}
