import { randomUUID } from 'node:crypto'
import {
  BatchGetQueryExecutionCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetQueryRuntimeStatisticsCommand,
  ListQueryExecutionsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import { expect, test } from 'vitest'
import { athenaHome, refusal } from './home.ts'

const home = await athenaHome()
const results = { OutputLocation: `s3://${home.bucket}/results/` }
const results1 = (input: object) => home.athena.send(new GetQueryResultsCommand(input as never))

test('a query goes to its end, and its description is Athena’s', async () => {
  const { id, execution } = await home.query("SELECT 1 AS n, 'a' AS s WHERE true")
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
  expect(execution).toMatchObject({
    Query: "SELECT 1 AS n, 'a' AS s WHERE true",
    StatementType: 'DML',
    SubstatementType: 'SELECT',
    WorkGroup: 'primary',
    ResultConfiguration: { OutputLocation: `s3://${home.bucket}/results/${id}.csv` },
    QueryExecutionContext: { Database: home.database },
    Status: { State: 'SUCCEEDED' },
    EngineVersion: { EffectiveEngineVersion: 'Athena engine version 3' },
  })
  const { SubmissionDateTime, CompletionDateTime } = execution.Status!
  expect(CompletionDateTime!.getTime()).toBeGreaterThanOrEqual(SubmissionDateTime!.getTime())
  expect(execution.Statistics!.TotalExecutionTimeInMillis).toBeGreaterThanOrEqual(0)
  expect(execution.Statistics!.DataScannedInBytes).toBe(0)
})

test('the token makes a start idempotent', async () => {
  const input = { QueryString: 'SELECT 1', ClientRequestToken: randomUUID(), ResultConfiguration: results }
  const start = (change = {}) => home.athena.send(new StartQueryExecutionCommand({ ...input, ...change }))
  const first = (await start()).QueryExecutionId!
  expect((await start()).QueryExecutionId).toBe(first)
  await home.ended(first)
  expect((await start()).QueryExecutionId).toBe(first)
  expect((await start({ ExecutionParameters: ['1'] })).QueryExecutionId).toBe(first)
  for (const change of [
    { QueryString: 'SELECT 2' },
    { QueryExecutionContext: { Database: 'other' } },
    { ResultConfiguration: { OutputLocation: `s3://${home.bucket}/other/` } },
  ]) {
    expect(await refusal(start(change))).toEqual({
      name: 'InvalidRequestException',
      code: 'IDEMPOTENT_PARAMETER_MISMATCH',
      message: 'Idempotent parameters do not match',
    })
  }
  expect((await refusal(start({ ClientRequestToken: 'short' }))).message).toBe(
    "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 32",
  )
})

test('a token of a refused query can be used again', async () => {
  const ClientRequestToken = randomUUID()
  const start = (QueryString: string) =>
    home.athena.send(new StartQueryExecutionCommand({ QueryString, ClientRequestToken, ResultConfiguration: results }))
  expect((await refusal(start('SELEC 1'))).code).toBe('MALFORMED_QUERY')
  expect((await start('SELECT 1')).QueryExecutionId).toBeTruthy()
})

test('a start without a place for its result, or with a wrong one, is refused', async () => {
  const start = (input: object) =>
    refusal(home.athena.send(new StartQueryExecutionCommand({ QueryString: 'SELECT 1', ...input })))
  expect((await start({})).message).toMatch(/^No output location provided\. An output location is required/)
  expect((await start({ ResultConfiguration: { OutputLocation: 'not-a-path' } })).message).toBe(
    'outputLocation is not a valid S3 path.',
  )
  expect((await start({ ResultConfiguration: results, WorkGroup: 'nope' })).message).toBe('WorkGroup is not found.')
  expect((await start({ QueryString: undefined, ResultConfiguration: results })).message).toBe(
    "1 validation error detected: Value null at 'queryString' failed to satisfy constraint: Member must not be null",
  )
})

test('semantic errors make the query FAILED, with Athena’s numbers', async () => {
  const failed = async (sql: string) => (await home.query(sql)).execution.Status
  expect(await failed('SELECT banana')).toMatchObject({
    State: 'FAILED',
    StateChangeReason:
      "COLUMN_NOT_FOUND: line 1:8: Column 'banana' cannot be resolved or requester is not authorized to access requested resources",
    AthenaError: { ErrorCategory: 2, ErrorType: 1006, Retryable: false },
  })
  const missing = await failed('SELECT * FROM nothing')
  expect(missing).toMatchObject({
    AthenaError: { ErrorType: 1301 },
    StateChangeReason: `TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.${home.database}.nothing' does not exist`,
  })
  expect(missing!.AthenaError!.ErrorMessage).toBe(missing!.StateChangeReason)
  expect(await failed('SELECT 1/0')).toMatchObject({ AthenaError: { ErrorType: 1001 } })
  expect(await failed("SELECT cast('abc' AS integer)")).toMatchObject({ AthenaError: { ErrorType: 1100 } })
  expect(await failed('SELECT nosuch(1)')).toMatchObject({ AthenaError: { ErrorType: 1303 } })
})

test('results are asked for in Athena’s order of checks', async () => {
  const ok = await home.query('SELECT 1 AS a')
  const failed = await home.query('SELECT banana')
  const message = async (input: object) => (await refusal(results1(input))).message
  const unknown = randomUUID()
  expect(await message({ QueryExecutionId: unknown })).toBe(`QueryExecution ${unknown} was not found`)
  expect(await message({ QueryExecutionId: unknown, MaxResults: 1001 })).toBe(`QueryExecution ${unknown} was not found`)
  expect(await message({ QueryExecutionId: ok.id, MaxResults: 1001 })).toBe('MaxResults is more than maximum allowed length 1000')
  expect(await message({ QueryExecutionId: failed.id, MaxResults: 1001 })).toBe(
    'MaxResults is more than maximum allowed length 1000',
  )
  expect(await message({ QueryExecutionId: failed.id, NextToken: 'x' })).toBe(
    'Query did not finish successfully. Final query state: FAILED',
  )
  expect(await message({ QueryExecutionId: ok.id, NextToken: 'x' })).toBe('Malformed nextPageToken x')
  expect(await message({ QueryExecutionId: ok.id, MaxResults: 0 })).toBe(
    "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
  )
})

test('pages: the header is the first page’s first row', async () => {
  const { id } = await home.query('SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n')
  const sizes: number[] = []
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page = await results1({ QueryExecutionId: id, NextToken })
    const rows = page.ResultSet!.Rows!.map(row => row.Data![0]!.VarCharValue!)
    sizes.push(rows.length)
    seen.push(...rows)
    NextToken = page.NextToken
  } while (NextToken)
  expect(sizes).toEqual([1000, 1000, 501])
  expect(seen[0]).toBe('n')
  expect(seen.slice(1).map(Number)).toEqual(Array.from({ length: 2500 }, (_, i) => i + 1))
  const small = await results1({ QueryExecutionId: id, MaxResults: 2 })
  expect(small.ResultSet!.Rows!.map(row => row.Data![0]!.VarCharValue)).toEqual(['n', '1'])
  const next = await results1({ QueryExecutionId: id, MaxResults: 3, NextToken: small.NextToken })
  expect(next.ResultSet!.Rows!.map(row => row.Data![0]!.VarCharValue)).toEqual(['2', '3', '4'])
})

test('several queries are described at once, the unknown ones apart; lists begin with the newest', async () => {
  const a = await home.query('SELECT 1')
  const b = await home.query('SELECT 2')
  const unknown = randomUUID()
  const batch = await home.athena.send(new BatchGetQueryExecutionCommand({ QueryExecutionIds: [a.id, unknown, b.id] }))
  expect(batch.QueryExecutions!.map(execution => execution.QueryExecutionId)).toEqual([a.id, b.id])
  expect(batch.UnprocessedQueryExecutionIds!.map(item => item.QueryExecutionId)).toEqual([unknown])
  const first = await home.athena.send(new ListQueryExecutionsCommand({ MaxResults: 2 }))
  expect(first.QueryExecutionIds).toEqual([b.id, a.id])
  const second = await home.athena.send(new ListQueryExecutionsCommand({ MaxResults: 2, NextToken: first.NextToken }))
  expect(second.QueryExecutionIds).toHaveLength(2)
  const statistics = await home.athena.send(new GetQueryRuntimeStatisticsCommand({ QueryExecutionId: a.id }))
  expect(statistics.QueryRuntimeStatistics).toMatchObject({
    Timeline: { TotalExecutionTimeInMillis: expect.any(Number) },
    Rows: { OutputRows: 1 },
  })
})

test('a running query can be stopped; stopping one that has ended changes nothing', async () => {
  const id = await home.start(
    'SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x), UNNEST(sequence(1, 10000)) AS b(y), UNNEST(sequence(1, 10000)) AS c(z) WHERE x * y + z > 5',
  )
  await expect
    .poll(
      async () => (await home.athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))).QueryExecution!.Status!.State,
    )
    .toBe('RUNNING')
  expect((await refusal(results1({ QueryExecutionId: id }))).message).toBe('Query has not yet finished. Current state: RUNNING')
  await home.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }))
  const execution = await home.ended(id)
  expect(execution.Status).toMatchObject({ State: 'CANCELLED', StateChangeReason: 'Query cancelled by user' })
  expect(await refusal(results1({ QueryExecutionId: id }))).toMatchObject({
    code: 'RESULT_NOT_FOUND',
    message: 'Could not find results',
  })
  expect(await home.keys(`results/${id}`)).toEqual([])
  const { id: done } = await home.query('SELECT 1')
  await home.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: done }))
  expect((await home.ended(done)).Status!.State).toBe('SUCCEEDED')
})

test('parameters fill question marks; a value that is no expression is text', async () => {
  const { rows } = await home.query("SELECT ? AS a, ? AS b, x FROM (VALUES 'NYA', 'HSI') AS t(x) WHERE x = ?", {
    parameters: ['1 + 1', 'hello world', 'NYA'],
  })
  expect(rows).toEqual([['2', 'hello world', 'NYA']])
})

test('the history, work groups and results survive a restart', async () => {
  const { id } = await home.query("SELECT 'kept' AS word")
  await home.restart()
  expect((await home.ended(id)).Status!.State).toBe('SUCCEEDED')
  const page = await home.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }))
  expect(page.ResultSet!.Rows!.map(row => row.Data![0]!.VarCharValue)).toEqual(['word', 'kept'])
  expect((await home.athena.send(new ListQueryExecutionsCommand({ MaxResults: 1 }))).QueryExecutionIds).toEqual([id])
})
