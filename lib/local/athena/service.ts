import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { JsonService } from '../aws/json.ts'
import type { Catalog } from '../glue/catalog.ts'
import type { Storage } from '../s3/storage.ts'
import { catalogOperations } from './api/data-catalogs.ts'
import { queryOperations } from './api/query-operations.ts'
import { Statements } from './api/statements.ts'
import { invalidRequest } from './api/validate.ts'
import { WorkGroups } from './api/work-groups.ts'
import { Pool } from './process/pool.ts'
import { QueryEngine } from './queries/engine.ts'
import { History } from './queries/history.ts'
import { QueryRuns } from './queries/query-runs.ts'
import { Translator } from './queries/translator.ts'

/** What stops a query. Athena's own numbers are 30 minutes and five queries at once (here; an account's quota is larger). */
export interface AthenaLimits {
  /** Of one query process, as DuckDB writes it; default `1GB`. */
  memory?: string
  /** From RUNNING to the last row, ms; default 30 minutes. */
  timeMs?: number
  /** Queries at once; more wait as QUEUED; default 5. */
  queries?: number
  /** After this time without a query a process ends, ms; default 10 minutes. */
  idleMs?: number
}

export interface AthenaOptions {
  storage: Storage
  catalog: Catalog
  /** Holds the history, work groups and scratch files; the same file system as the store, so that results move without a copy. */
  dir: string
  log?: (line: string) => void
  limits?: AthenaLimits | undefined
}

/** Athena: its API over the catalog and the buckets, its queries in processes of their own. */
export async function athenaService({ storage, catalog, dir, log = () => {}, limits = {} }: AthenaOptions): Promise<JsonService> {
  const { memory = '1GB', timeMs = 30 * 60_000, queries = 5, idleMs = 10 * 60_000 } = limits
  const history = new History(join(dir, 'history.jsonl'))
  const workGroups: WorkGroups = new WorkGroups(join(dir, 'workgroups.json'), (name, recursive) => {
    if (!recursive && (history.list(name).length > 0 || statements.hasAny(name)))
      throw invalidRequest(`WorkGroup ${name} is not empty`)
    statements.removeAll(name)
    history.removeWorkGroup(name)
  })
  const statements = new Statements(join(dir, 'statements.json'), workGroups)
  const threads = Math.min(availableParallelism(), MOST_THREADS)
  const pool = new Pool({ dir: join(dir, 'spill'), size: queries, memoryLimit: memory, threads, idleMs })
  const engine = new QueryEngine({ pool, catalog, storage, dir: join(dir, 'scratch') })
  const translator = new Translator(catalog)
  const runs = new QueryRuns({ engine, catalog, storage, history, statements, timeMs, log })
  return {
    target: 'AmazonAthena',
    operations: {
      ...queryOperations({ catalog, storage, translator, history, workGroups, statements, runs }),
      ...workGroups.operations,
      ...statements.operations,
      ...catalogOperations(catalog),
    },
    async close() {
      await runs.close()
      await pool.close()
      await translator.close()
    },
  }
}

/** Of one query; every thread that reads JSON holds a buffer of 32 MB. */
const MOST_THREADS = 4
