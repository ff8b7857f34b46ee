import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetQueryExecutionCommand, ListWorkGroupsCommand, StopQueryExecutionCommand } from '@aws-sdk/client-athena'
import { afterAll, expect, test } from 'vitest'
import { openAthenaHome, type Home } from './home.ts'

/** A cross join that would run for hours. */
const ENDLESS =
  'SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x), UNNEST(sequence(1, 10000)) AS b(y), UNNEST(sequence(1, 10000)) AS c(z), UNNEST(sequence(1, 10000)) AS d(w) WHERE x * y + z * w > 5'

const homes: Home[] = []
const home = async (limits: Parameters<typeof openAthenaHome>[0]) => {
  const opened = await openAthenaHome(limits)
  homes.push(opened)
  return opened
}
afterAll(async () => {
  for (const opened of homes) await opened.close()
})
const stateOf = async (at: Home, id: string) =>
  (await at.athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))).QueryExecution!.Status!.State!

test('a query that takes longer than the limit fails, and the next one is answered', async () => {
  const at = await home({ timeMs: 8_000 })
  expect((await at.query(ENDLESS)).reason).toMatch(/^Query timeout/)
  expect((await at.query('SELECT 40 + 2')).rows).toEqual([['42']])
})

test('as many queries as allowed run at once; more wait, and can be cancelled while they wait', async () => {
  const at = await home({ queries: 2 })
  const running = [await at.start(ENDLESS), await at.start(ENDLESS)]
  for (const id of running) await expect.poll(() => stateOf(at, id), { timeout: 30_000 }).toBe('RUNNING')
  const waiting = await at.start('SELECT 1')
  const cancelled = await at.start('SELECT 2')
  expect(await stateOf(at, waiting)).toBe('QUEUED')
  await at.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: cancelled }))
  expect(await stateOf(at, cancelled)).toBe('CANCELLED')
  expect((await at.query('SHOW DATABASES')).state).toBe('SUCCEEDED')
  expect((await at.athena.send(new ListWorkGroupsCommand({}))).WorkGroups).toHaveLength(1)
  await at.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: running[0] }))
  expect((await at.ended(waiting)).Status!.State).toBe('SUCCEEDED')
  await at.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: running[1] }))
})

test('a query that needs more memory than there is spills or fails, and the next one is answered', async () => {
  const at = await home({ memory: '100MB' })
  const spilled = await at.query(
    "SELECT count(*), max(s) FROM (SELECT rpad(cast(x * 10000 + y AS varchar), 200, 'x') AS s FROM UNNEST(sequence(1, 10000)) AS a(x), UNNEST(sequence(1, 30)) AS b(y) ORDER BY s LIMIT 299999)",
  )
  expect(`${spilled.state} ${spilled.reason}`).toBe('SUCCEEDED ')
  const { state, reason } = await at.query(
    'SELECT array_agg(x * y) FROM UNNEST(sequence(1, 10000)) AS a(x), UNNEST(sequence(1, 10000)) AS b(y)',
  )
  expect(state).toBe('FAILED')
  expect(reason).toMatch(/^EXCEEDED_LOCAL_MEMORY_LIMIT|^GENERIC_INTERNAL_ERROR: Query process ended/)
  expect((await at.query('SELECT 1')).rows).toEqual([['1']])
})

test('nothing outside the buckets can be read or written, by any name', async () => {
  const at = await home({})
  const secret = join(tmpdir(), `secret-${process.pid}.csv`)
  writeFileSync(secret, 'word\nhidden\n')
  const tries = [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM read_csv_auto('${secret}')`,
    `SELECT * FROM read_text('${secret}')`,
    `SELECT * FROM read_blob('${secret}')`,
    `SELECT * FROM read_json('${secret}')`,
    `SELECT * FROM read_ndjson_objects('${secret}')`,
    `SELECT * FROM read_parquet('${secret}')`,
    `SELECT * FROM parquet_metadata('${secret}')`,
    `SELECT * FROM sniff_csv('${secret}')`,
    `SELECT * FROM glob('/*')`,
    `SELECT * FROM "${secret}"`,
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM TABLE(read_csv('${secret}'))`,
    `SELECT * FROM duckdb_settings()`,
    `SELECT * FROM duckdb_secrets()`,
    `SELECT * FROM pragma_database_list`,
    `SELECT getenv('HOME')`,
    `SELECT read_text('${secret}')`,
    `SELECT current_setting('temp_directory')`,
    `SELECT query('SELECT 1')`,
    `SELECT * FROM query('SELECT 1')`,
    `SELECT * FROM query_table('x')`,
    `SELECT * FROM system.runtime.nodes`,
    `SELECT * FROM sqlite_master`,
    `SELECT * FROM temp.pg_catalog.pg_tables`,
    `COPY (SELECT 1) TO '${secret}.out'`,
    `COPY x FROM '${secret}'`,
    `EXPORT DATABASE '${secret}.out'`,
    `ATTACH '${secret}.db'`,
    `INSTALL httpfs`,
    `LOAD httpfs`,
    `PRAGMA version`,
    `SET memory_limit = '9GB'`,
    `SELECT 1; COPY (SELECT 1) TO '${secret}.out'`,
    `SELECT * FROM read_csv('http://127.0.0.1:1/x')`,
    `CREATE TABLE x AS SELECT * FROM read_csv('${secret}')`,
    `UNLOAD (SELECT 1 AS n) TO 'file://${secret}.out' WITH (format = 'JSON')`,
  ]
  for (const sql of tries) {
    const { state, reason, rows } = await at.query(sql)
    expect([sql, state === 'SUCCEEDED', rows.length]).toEqual([sql, false, 0])
    expect(reason).not.toBe('')
    expect(reason).not.toMatch(/DuckDB|Binder|Catalog Error|Permission/)
  }
  for (const location of [`file://${secret}`, secret, `s3://nowhere-${process.pid}/x/`]) {
    await at.query(`CREATE EXTERNAL TABLE IF NOT EXISTS outside (word string) LOCATION '${location}'`)
    expect((await at.query('SELECT * FROM outside')).state).not.toBe('SUCCEEDED')
    await at.query('DROP TABLE IF EXISTS outside')
  }
  expect(readFileSync(secret, 'utf8')).toBe('word\nhidden\n')
})

test('a statement that is nested too deep is refused, and the server goes on', async () => {
  const at = await home({})
  const nested = (depth: number) => at.query(`SELECT ${'abs('.repeat(depth)}1${')'.repeat(depth)}`)
  expect(await nested(20_000)).toMatchObject({
    state: 'MALFORMED_QUERY',
    reason: 'line 1:1: statement is too large (stack overflow while parsing)',
  })
  expect((await nested(50)).rows).toEqual([['1']])
  expect((await at.query(`SELECT 1 ${'UNION ALL SELECT 1 '.repeat(10_000)}`)).reason).toMatch(/^QUERY_HAS_TOO_MANY_STAGES/)
  expect((await at.query(`SELECT '${'x'.repeat(262_144)}'`)).reason).toContain(
    'Member must have length less than or equal to 262144',
  )
})

test('a long statement is translated while the server answers others, with the catalog at hand', async () => {
  const at = await home({})
  const long = at.query(`SELECT ${'('.repeat(130_000)}1${')'.repeat(130_000)}`)
  const first = await Promise.race([long.then(() => 'long'), at.athena.send(new ListWorkGroupsCommand({})).then(() => 'short')])
  expect(first).toBe('short')
  expect((await long).reason).toBe('line 1:1: statement is too large (stack overflow while parsing)')
  await at.put('long/part.json', '{"n":1}\n{"n":2}\n')
  await at.query(
    `CREATE EXTERNAL TABLE numbers (n int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://${at.bucket}/long/'`,
  )
  const padding = `/*${'x'.repeat(5000)}*/`
  expect((await at.query(`SELECT ${padding} sum(n) FROM numbers`)).rows).toEqual([['3']])
  expect((await at.query(`SELECT n FROM nowhere -- ${padding}`)).reason).toMatch(/^TABLE_NOT_FOUND: line 1:15: Table/)
  expect((await at.query(`SELECT n FRM numbers x ${padding}`)).state).toBe('MALFORMED_QUERY')
  expect((await at.query(`CREATE VIEW doubles AS SELECT ${padding} n * 2 AS d FROM numbers`)).state).toBe('SUCCEEDED')
  expect((await at.query('SELECT max(d) FROM doubles')).rows).toEqual([['4']])
})
