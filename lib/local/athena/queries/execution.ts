import type { Failure } from './failure.ts'
import type { ResultColumn } from './result-columns.ts'

export type State = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'

/** One query, as it is kept in the history. Times are epoch milliseconds. */
export interface Execution {
  id: string
  sql: string
  type: 'DDL' | 'DML' | 'UTILITY'
  subtype: string
  workGroup: string
  catalog?: string | undefined
  database?: string | undefined
  /** The result object's place: `s3://bucket/prefix/id.csv`. */
  outputLocation: string
  /** What was given to StartQueryExecution, for the idempotency check. */
  token: string
  asked: string
  parameters?: string[] | undefined
  state: State
  failure?: Failure | undefined
  submitted: number
  started?: number | undefined
  planned?: number | undefined
  completed?: number | undefined
  scannedBytes: number
  inputRows?: number | undefined
  outputRows?: number | undefined
  outputBytes?: number | undefined
  manifest?: string | undefined
  result?: ResultShape | undefined
}

/** What GetQueryResults has to know about a finished query's result. */
export interface ResultShape {
  /** `csv`: rows of quoted values with a header line; `lines`: one value a line; `none`: there is no result object. */
  format: 'csv' | 'lines' | 'none'
  columns: ResultColumn[]
  /** GetQueryResults begins with the columns' names although the object does not (EXPLAIN). */
  headerRow?: boolean
  updateCount?: number | undefined
}

/** The database that names without one belong to. awswrangler sends it in backticks, which Hive takes. */
export const currentDatabase = (given: string | undefined) => (given ?? 'default').replace(/^`(.*)`$/, '$1').toLowerCase()

const seconds = (ms: number) => ms / 1000

/** QueryExecution of the API. */
export function describeExecution(execution: Execution): object {
  const { id, sql, type, subtype, workGroup, catalog, database, outputLocation, parameters } = execution
  return {
    QueryExecutionId: id,
    Query: sql,
    StatementType: type,
    SubstatementType: subtype,
    WorkGroup: workGroup,
    ResultConfiguration: { OutputLocation: outputLocation },
    ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: false } },
    QueryExecutionContext: { ...(catalog && { Catalog: catalog.toLowerCase() }), ...(database && { Database: database }) },
    Status: status(execution),
    Statistics: statistics(execution),
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
    ...(parameters && { ExecutionParameters: parameters }),
  }
}

function status({ state, failure, submitted, completed }: Execution): object {
  return {
    State: state,
    SubmissionDateTime: seconds(submitted),
    ...(completed !== undefined && { CompletionDateTime: seconds(completed) }),
    ...(failure && { StateChangeReason: failure.reason }),
    ...(failure &&
      state === 'FAILED' && {
        AthenaError: {
          ErrorCategory: failure.category,
          ErrorType: failure.type,
          Retryable: failure.retryable,
          ErrorMessage: failure.reason,
        },
      }),
  }
}

/** Milliseconds of each phase; the ones that have not begun are left out. */
function timeline({ submitted, started, planned, completed }: Execution) {
  return {
    ...(started !== undefined && { QueryQueueTimeInMillis: started - submitted }),
    ...(started !== undefined && planned !== undefined && { QueryPlanningTimeInMillis: planned - started }),
    ...(started !== undefined && completed !== undefined && { EngineExecutionTimeInMillis: completed - started }),
    ...(completed !== undefined && { TotalExecutionTimeInMillis: completed - submitted, ServiceProcessingTimeInMillis: 0 }),
    ServicePreProcessingTimeInMillis: 0,
  }
}

function statistics(execution: Execution): object {
  return {
    ...timeline(execution),
    ...(execution.completed !== undefined && { DataScannedInBytes: execution.scannedBytes }),
    ...(execution.manifest && { DataManifestLocation: execution.manifest }),
    ResultReuseInformation: { ReusedPreviousResult: false },
  }
}

/** QueryRuntimeStatistics of the API; only a query that ran has rows. */
export function describeRuntime(execution: Execution): object {
  const { outputRows, outputBytes, scannedBytes, inputRows } = execution
  const rows = {
    InputBytes: scannedBytes,
    ...(inputRows !== undefined && { InputRows: inputRows }),
    ...(outputRows !== undefined && { OutputRows: outputRows }),
    ...(outputBytes !== undefined && { OutputBytes: outputBytes }),
  }
  return { Timeline: timeline(execution), ...(execution.state === 'SUCCEEDED' && execution.type === 'DML' && { Rows: rows }) }
}

/** US dollars that the query would cost on AWS: 5 a TB, at least 10 MB, rounded up to the megabyte; DDL and failed queries are free. */
export function priceOf({ type, state, scannedBytes }: Pick<Execution, 'type' | 'state' | 'scannedBytes'>): number {
  if (type !== 'DML' || state === 'FAILED') return 0
  const megabytes = Math.max(10, Math.ceil(scannedBytes / 1_000_000))
  return (megabytes * 5) / 1_000_000
}
