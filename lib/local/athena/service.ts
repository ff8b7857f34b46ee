import type {
  BatchGetQueryExecutionInput,
  GetQueryExecutionInput,
  ListQueryExecutionsInput,
  StartQueryExecutionInput,
} from '@aws-sdk/client-athena'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { JsonService } from '../aws/json.ts'
import type { Catalog } from '../glue/catalog.ts'
import type { Storage } from '../s3/storage.ts'
import { catalogOperations } from './api/data-catalogs.ts'
import { queryResults } from './api/query-results.ts'
import { startQuery } from './api/start-query.ts'
import { Statements } from './api/statements.ts'
import { invalidRequest, pageOf, validate } from './api/validate.ts'
import { WorkGroups } from './api/work-groups.ts'
import { Pool } from './process/pool.ts'
import { QueryEngine } from './queries/engine.ts'
import { describeExecution, describeRuntime, type Execution } from './queries/execution.ts'
import { History } from './queries/history.ts'
import { QueryRuns } from './queries/query-runs.ts'

/** What stops a query. Athena's own numbers are 30 minutes and five queries at once (here; an account's quota is larger). */
export interface AthenaLimits {
  /** Of one query process, as DuckDB writes it; default `1GB`. */
  memory?: string
  /** From start to last row, ms; default 30 minutes. */
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
  limits?: AthenaLimits
}

const QUERY_ID = { QueryExecutionId: { type: 'string', required: true, min: 1 } } as const

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
  const pool = new Pool({ dir: join(dir, 'spill'), size: queries, memoryLimit: memory, threads: availableParallelism(), idleMs })
  const engine = new QueryEngine({ pool, catalog, storage, dir: join(dir, 'scratch') })
  const runs = new QueryRuns({ engine, catalog, storage, history, statements, timeMs, log })
  const find = (id: string): Execution => {
    const execution = history.get(id)
    if (!execution) throw invalidRequest(`QueryExecution ${id} was not found`, 'QUERY_EXECUTION_NOT_FOUND')
    return execution
  }
  const operations: JsonService['operations'] = {
    StartQueryExecution: async (input: StartQueryExecutionInput) => {
      const started = startQuery(input, { catalog, storage, history, workGroups, statements })
      runs.start(started)
      return { QueryExecutionId: started.execution.id }
    },
    GetQueryExecution: (input: GetQueryExecutionInput) => {
      validate(input, QUERY_ID)
      return { QueryExecution: describeExecution(find(input.QueryExecutionId!)) }
    },
    BatchGetQueryExecution: (input: BatchGetQueryExecutionInput) => batchGet(input, history),
    GetQueryResults: (input: object) => queryResults(input as never, find, storage),
    GetQueryRuntimeStatistics: (input: GetQueryExecutionInput) => {
      validate(input, QUERY_ID)
      return { QueryRuntimeStatistics: describeRuntime(find(input.QueryExecutionId!)) }
    },
    ListQueryExecutions: (input: ListQueryExecutionsInput) => {
      validate(input, { MaxResults: { type: 'integer', min: 0, max: 50 }, NextToken: { type: 'string', min: 1 } })
      const { name } = workGroups.get(input.WorkGroup ?? 'primary')
      const { page, ...next } = pageOf(history.list(name), input.NextToken, input.MaxResults || 50)
      return { QueryExecutionIds: page.map(execution => execution.id), ...next }
    },
    StopQueryExecution: (input: GetQueryExecutionInput) => {
      validate(input, QUERY_ID)
      runs.stop(find(input.QueryExecutionId!).id)
      return {}
    },
    ListEngineVersions: () => ({
      EngineVersions: [{ SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' }],
    }),
    ...workGroups.operations,
    ...statements.operations,
    ...catalogOperations(catalog),
  }
  pool.warm()
  return {
    target: 'AmazonAthena',
    operations,
    async close() {
      await runs.close()
      await pool.close()
    },
  }
}

function batchGet(input: BatchGetQueryExecutionInput, history: History): object {
  validate(input, { QueryExecutionIds: { type: 'list', required: true, min: 1, max: 50 } })
  const ids = input.QueryExecutionIds!
  const found = ids.map(id => history.get(id))
  return {
    QueryExecutions: found.filter(execution => execution !== undefined).map(describeExecution),
    UnprocessedQueryExecutionIds: ids
      .filter((_, i) => !found[i])
      .map(QueryExecutionId => ({
        QueryExecutionId,
        ErrorCode: 'INVALID_INPUT',
        ErrorMessage: `QueryExecution ${QueryExecutionId} was not found`,
      })),
  }
}
