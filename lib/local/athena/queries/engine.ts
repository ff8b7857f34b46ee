import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Catalog } from '../../glue/catalog.ts'
import type { Storage, StoredObject } from '../../s3/storage.ts'
import type { Pool } from '../process/pool.ts'
import type { QueryProcess } from '../process/query-process.ts'
import { asView, relation } from '../reading/relation.ts'
import type { RunStatements } from '../reading/source.ts'
import type { Scan, Translated } from '../sql/translate.ts'
import { lookUp } from './context.ts'
import { LimitExceeded } from './failure.ts'
import { partitionsRelation, systemRelation } from './information-schema.ts'

export interface EngineOptions {
  pool: Pool
  catalog: Catalog
  storage: Storage
  /** Scratch space for results on their way into the bucket. */
  dir: string
}

/** One query that is being run: a process of its own and a scratch folder. */
export interface Session {
  /** Files that the query writes go here. */
  folder: string
  run: RunStatements
  /** Makes the query's scans visible, and answers with the bytes that they read. */
  prepare(translated: Translated): Promise<number>
}

/** What a session is for: the query's id, the work group's limit, when it began. */
export interface SessionOptions {
  id: string
  signal: AbortSignal
  cutoff?: number | undefined
  now: Date
  /** Called once a process has been found. */
  onStart: () => void
}

/** Runs queries in the pool's processes. Only the buckets that were read so far and the scratch folder are open to DuckDB. */
export class QueryEngine {
  private readonly options: EngineOptions
  private readonly folders = new Set<string>()

  constructor(options: EngineOptions) {
    this.options = options
    rmSync(options.dir, { recursive: true, force: true })
    mkdirSync(options.dir, { recursive: true })
    this.folders.add(options.dir)
  }

  /** Starts a process when there is none, so that the statements that come next find one. */
  warm(): void {
    this.options.pool.warm()
  }

  async use<T>(options: SessionOptions, task: (session: Session) => Promise<T>): Promise<T> {
    const folder = join(this.options.dir, options.id)
    return this.options.pool.use(options.signal, async process => {
      options.onStart()
      mkdirSync(folder)
      try {
        return await task(this.session(folder, process, options))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }

  private session(folder: string, process: QueryProcess, options: SessionOptions): Session {
    const views: string[] = []
    const bare: RunStatements = async statements => {
      options.signal.throwIfAborted()
      return statements.length === 0 ? [] : process.run(statements, [...this.folders])
    }
    const run: RunStatements = async statements => (await bare([...views, ...statements])).slice(views.length)
    const prepare = async ({ scans }: Translated) => {
      let bytes = 0
      for (const scan of scans) {
        const { sql, bytes: more } = await this.relationOf(scan, bare, options.now)
        bytes += more
        if (options.cutoff !== undefined && bytes > options.cutoff) throw new LimitExceeded('Bytes scanned limit was exceeded')
        views.push(asView(scan.name, sql))
      }
      return bytes
    }
    return { folder, run, prepare }
  }

  private async relationOf(scan: Scan, run: RunStatements, now: Date): Promise<{ sql: string; bytes: number }> {
    const { catalog } = this.options
    if (scan.database === 'information_schema') return { sql: systemRelation(scan.table, catalog), bytes: 0 }
    const [base, suffix] = scan.table.split('$')
    const table = lookUp(catalog, scan.database, suffix === 'partitions' ? base! : scan.table)
    if (!table) throw new Error(`${scan.database}.${scan.table} has gone`)
    if (suffix === 'partitions') return { sql: partitionsRelation(table, catalog), bytes: 0 }
    return relation(
      { table, columns: scan.columns, partitionFilter: scan.partitionFilter },
      { catalog, storage: this.watched(), run, now },
    )
  }

  /** The store, noticing in which folders the objects lie that are handed out. */
  private watched(): Storage {
    const { storage } = this.options
    const { folders } = this
    async function* list(bucket: string, prefix: string): AsyncIterable<StoredObject> {
      for await (const object of storage.list(bucket, prefix)) {
        folders.add(bucketFolder(object.path, bucket))
        yield object
      }
    }
    return { ...storage, hasBucket: bucket => storage.hasBucket(bucket), list }
  }
}

/** The folder that holds a bucket's bodies (`…/BUCKET/objects`); the object's own when the store is laid out in another way. */
function bucketFolder(path: string, bucket: string): string {
  const marker = `/${bucket}/objects/`
  const at = path.indexOf(marker)
  return at < 0 ? dirname(path) : path.slice(0, at + marker.length - 1)
}
