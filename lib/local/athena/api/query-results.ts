import type { GetQueryResultsInput } from '@aws-sdk/client-athena'
import type { Storage } from '../../s3/storage.ts'
import type { Execution } from '../queries/execution.ts'
import { columnInfo } from '../queries/result-columns.ts'
import { pageToken, readPage, tokenOffset, type Page } from '../queries/result-pages.ts'
import { parseS3 } from '../reading/files.ts'
import { invalidRequest, validate } from './validate.ts'

/** The API's own limit, which is also the default; the header row counts. */
const MOST_ROWS = 1000

/** GetQueryResults: a page of the stored result object, read from where the token says. Checked in Athena's order. */
export async function queryResults(
  input: GetQueryResultsInput,
  find: (id: string) => Execution,
  storage: Storage,
): Promise<object> {
  validate(input, {
    QueryExecutionId: { type: 'string', required: true, min: 1 },
    NextToken: { type: 'string', min: 1 },
    MaxResults: { type: 'integer', min: 1 },
  })
  const execution = find(input.QueryExecutionId!)
  const limit = input.MaxResults ?? MOST_ROWS
  if (limit > MOST_ROWS) throw invalidRequest(`MaxResults is more than maximum allowed length ${MOST_ROWS}`)
  checkState(execution)
  const { result } = execution
  if (!result) return { ResultSet: { Rows: [], ResultSetMetadata: null } }
  const { page, next } =
    result.format === 'none' ? { page: [], next: undefined } : await rowsOf(execution, storage, limit, input.NextToken)
  return {
    ...(result.updateCount !== undefined && { UpdateCount: result.updateCount }),
    ResultSet: { Rows: page.map(row), ResultSetMetadata: { ColumnInfo: result.columns.map(columnInfo) } },
    ...(next !== undefined && { NextToken: next }),
  }
}

function checkState({ state, type, subtype }: Execution): void {
  if (state === 'QUEUED' || state === 'RUNNING')
    throw invalidRequest(`Query has not yet finished. Current state: ${state}`, 'INVALID_QUERY_EXECUTION_STATE')
  if (state === 'CANCELLED') throw invalidRequest('Could not find results', 'RESULT_NOT_FOUND')
  const hive = type !== 'DML' && subtype !== 'CREATE_TABLE_AS_SELECT'
  if (state === 'FAILED' && !hive)
    throw invalidRequest('Query did not finish successfully. Final query state: FAILED', 'INVALID_QUERY_EXECUTION_STATE')
}

async function rowsOf(
  { id, outputLocation, result }: Execution,
  storage: Storage,
  limit: number,
  token: string | undefined,
): Promise<{ page: (string | null)[][]; next?: string }> {
  const { bucket, key } = parseS3(outputLocation)!
  const object = storage.hasBucket(bucket) ? await storage.head(bucket, key) : undefined
  if (!object) throw invalidRequest('Could not find results', 'RESULT_NOT_FOUND')
  const start = token === undefined ? 0 : tokenOffset(id, token)
  if (start === undefined || start > object.sizeBytes) throw malformed(token!)
  const header = result!.headerRow === true && token === undefined ? [result!.columns.map(column => column.name)] : []
  const format = result!.format as 'csv' | 'lines'
  const read = (from: number, end: number) => storage.read(bucket, key, { start: from, end })
  let page: Page
  try {
    page = await readPage(format, read, { start, limit: limit - header.length, size: object.sizeBytes })
  } catch (error) {
    if (error instanceof RangeError) throw malformed(token ?? '')
    throw error
  }
  const rows = [...header, ...page.rows]
  return { page: rows, ...(!page.end && { next: pageToken(id, page.next) }) }
}

const malformed = (token: string) => invalidRequest(`Malformed nextPageToken ${token}`)

const row = (values: (string | null)[]) => ({ Data: values.map(value => (value === null ? {} : { VarCharValue: value })) })
