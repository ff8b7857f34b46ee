import type {
  ColumnInfo,
  QueryExecution,
  Row,
  StartQueryExecutionCommandInput,
  StartQueryExecutionCommandOutput,
} from '@aws-sdk/client-athena'
import { athenaClient, awsError } from './aws.ts'
import { LabError } from './errors.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait.ts'

export interface QueryOptions {
  /** Default: LAB_DATABASE. */
  database?: string
  /** Values for the `?` of the statement, as SQL expressions. */
  parameters?: string[]
  /** Rows to be kept at most; default 100,000. More are left in the result file (`truncated`). */
  maxRows?: number
  /** Stops the query in Athena too. */
  signal?: AbortSignal
  /** Wait at most so long; default Athena's own 30 minutes. */
  timeoutMs?: number
}

/** A value of a row: what the type says, numbers as numbers when they fit a double exactly, everything else as Athena's text. */
export type Value = string | number | bigint | boolean | null

export interface QueryReport<T = Record<string, Value>> {
  rows: T[]
  columns: { name: string; type: string }[]
  /** True when the result has more than `maxRows` rows. */
  truncated: boolean
  queryId: string
  /** The result file: `s3://…`. */
  output: string
  /** Bytes of data Athena read, which is what it charges for. */
  scannedBytes: number
  /** Milliseconds as Athena counts them, and from here to the last row. */
  ms: { engine: number; total: number }
}

/** Runs one statement and waits for its rows. Throws `LabError` with Athena's own code (such as TABLE_NOT_FOUND) and sentence. */
export async function query<T = Record<string, Value>>(
  lab: Lab,
  sql: string,
  options: QueryOptions = {},
): Promise<QueryReport<T>> {
  const { maxRows = 100_000 } = options
  const start = performance.now()
  const execution = await run(lab, sql, options)
  const rows: T[] = []
  let columns: QueryReport['columns'] = []
  let truncated = false
  for await (const page of pages(lab, execution)) {
    columns = page.columns
    for (const row of page.rows) {
      if (rows.length >= maxRows) truncated = true
      else rows.push(toObject(columns, row) as T)
    }
    if (truncated) break
  }
  const { DataScannedInBytes = 0, EngineExecutionTimeInMillis = 0 } = execution.Statistics ?? {}
  return {
    rows,
    columns,
    truncated,
    queryId: execution.QueryExecutionId!,
    output: execution.ResultConfiguration?.OutputLocation ?? '',
    scannedBytes: DataScannedInBytes,
    ms: { engine: EngineExecutionTimeInMillis, total: Math.round(performance.now() - start) },
  }
}

/** Runs one statement and gives its rows one by one; never more than a page (1,000) in memory. */
export async function* queryRows<T = Record<string, Value>>(
  lab: Lab,
  sql: string,
  options: QueryOptions = {},
): AsyncGenerator<T, void, undefined> {
  const execution = await run(lab, sql, options)
  for await (const { columns, rows } of pages(lab, execution)) for (const row of rows) yield toObject(columns, row) as T
}

async function run(lab: Lab, sql: string, options: QueryOptions): Promise<QueryExecution> {
  const { database = lab.config.database, parameters, signal, timeoutMs = 1_800_000 } = options
  const { workgroup, results, cloud } = lab.config
  const athena = await athenaClient(lab)
  const subject = `query ${JSON.stringify(sql.replace(/\s+/g, ' ').trim().slice(0, 60))}`
  try {
    const { QueryExecutionId } = await startQuery(lab, {
      QueryString: sql,
      QueryExecutionContext: { Database: database },
      WorkGroup: workgroup,
      ResultConfiguration: { OutputLocation: results },
      ExecutionParameters: parameters,
    })
    try {
      const execution = await waitFor(
        `${subject} (${QueryExecutionId})`,
        async () => {
          const { QueryExecution } = await athena.getQueryExecution({ QueryExecutionId })
          return !['QUEUED', 'RUNNING'].includes(QueryExecution?.Status?.State ?? '') && QueryExecution
        },
        { timeoutMs, intervalMs: 5, maxIntervalMs: cloud.kind === 'aws' ? 1000 : 100, signal },
      )
      return checkState(execution)
    } catch (error) {
      if (signal?.aborted || (error as LabError).code === 'TIMEOUT')
        await athena.stopQueryExecution({ QueryExecutionId }).catch(() => undefined)
      throw error
    }
  } catch (error) {
    if (signal?.aborted) throw new LabError('QUERY_STOPPED', `${subject}: was stopped.`, { cause: error })
    throw queryError(error)
  }
}

/** Starts a query. The embedded home makes the work group of the settings when it is first used, as it makes the bucket; on AWS the
 *  scripts of provisioning/ make both. */
async function startQuery(lab: Lab, input: StartQueryExecutionCommandInput): Promise<StartQueryExecutionCommandOutput> {
  const athena = await athenaClient(lab)
  try {
    return await athena.startQueryExecution(input)
  } catch (error) {
    if (lab.config.cloud.kind !== 'embedded' || (error as Error).message !== 'WorkGroup is not found.') throw error
    await athena.createWorkGroup({ Name: input.WorkGroup }).catch(() => undefined) // somebody else may have been quicker
    return athena.startQueryExecution(input)
  }
}

function checkState(execution: QueryExecution): QueryExecution {
  const { State, StateChangeReason = 'no reason was given' } = execution.Status ?? {}
  if (State === 'SUCCEEDED') return execution
  if (State === 'CANCELLED') throw new LabError('QUERY_CANCELLED', StateChangeReason)
  throw new LabError(/^([A-Z][A-Z0-9_]+):/.exec(StateChangeReason)?.[1] ?? 'QUERY_FAILED', StateChangeReason)
}

/** Refused at once: Athena's code is in a field beside the exception's name, and its sentence is what a learner should read. */
function queryError(error: unknown): LabError {
  if (error instanceof LabError) return error
  const { AthenaErrorCode, message } = error as { AthenaErrorCode?: string; message?: string }
  if (AthenaErrorCode) return new LabError(AthenaErrorCode, `${AthenaErrorCode}: ${message}`, { cause: error })
  return awsError('query', error)
}

interface Page {
  columns: { name: string; type: string }[]
  rows: (string | null)[][]
}

async function* pages(lab: Lab, { QueryExecutionId, StatementType }: QueryExecution): AsyncGenerator<Page, void, undefined> {
  const athena = await athenaClient(lab)
  let token: string | undefined
  let first = true
  do {
    const page = await athena.getQueryResults({ QueryExecutionId, NextToken: token, MaxResults: 1000 }).catch(error => {
      throw queryError(error)
    })
    const columns = distinct(page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [])
    let rows = (page.ResultSet?.Rows ?? []).map(({ Data = [] }: Row) => Data.map(({ VarCharValue }) => VarCharValue ?? null))
    // Athena puts the column names into the first row of a query's first page, and into no other statement's.
    if (first && StatementType === 'DML') rows = rows.slice(1)
    first = false
    yield { columns, rows }
    token = page.NextToken
  } while (token)
}

/** Athena lets two columns have one name, an object does not: `a`, `a_2`. */
function distinct(infos: ColumnInfo[]): Page['columns'] {
  const taken = new Set(infos.map(({ Name }) => Name!))
  const seen = new Set<string>()
  return infos.map(({ Name, Type }) => {
    let name = Name!
    for (let count = 2; seen.has(name); count++) {
      const other = `${Name}_${count}`
      if (!taken.has(other)) name = other
    }
    seen.add(name)
    return { name, type: Type! }
  })
}

function toObject(columns: Page['columns'], row: (string | null)[]): Record<string, Value> {
  const object: Record<string, Value> = {}
  for (const [at, { name, type }] of columns.entries()) object[name] = toValue(row[at] ?? null, type)
  return object
}

function toValue(text: string | null, type: string): Value {
  if (text === null) return null
  switch (type) {
    case 'boolean':
      return text === 'true'
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'float':
    case 'real':
    case 'double':
      return Number(text)
    case 'bigint': {
      const value = Number(text)
      return Number.isSafeInteger(value) ? value : BigInt(text)
    }
    default:
      return text
  }
}

/** The curated view for analysis: `bars`, the quotes with a real date and a whole volume. */
export async function createBarsView(
  lab: Lab,
  { database = lab.config.database, table = lab.config.table } = {},
): Promise<{ view: string }> {
  await query(
    lab,
    `CREATE OR REPLACE VIEW bars AS SELECT symbol, CAST(trade_date AS date) AS trade_date, open, high, low, close, adj_close, CAST(volume AS bigint) AS volume, close_usd FROM "${table}"`,
    { database },
  )
  return { view: `${database}.bars` }
}
