import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { athenaHome } from './home.ts'

const home = await athenaHome()
const { bucket, database } = home
const rows = async (sql: string) => {
  const { state, reason, rows } = await home.query(sql)
  expect(`${state} ${reason}`).toBe('SUCCEEDED ')
  return rows
}
const reasonOf = async (sql: string) => (await home.query(sql)).reason
const QUOTES =
  "SELECT * FROM (VALUES ('NYA', 1.5e0, DATE '2020-01-01'), ('HSI', NULL, DATE '2020-01-02')) AS t(ticker, price, day)"

test('CREATE TABLE AS in each format is read back as it was', async () => {
  for (const [name, format] of Object.entries({ c1: 'PARQUET', c2: 'JSON', c3: 'TEXTFILE' })) {
    await rows(`CREATE TABLE ${name} WITH (format = '${format}', external_location = 's3://${bucket}/${name}/') AS ${QUOTES}`)
    expect(await rows(`SELECT * FROM ${name} ORDER BY ticker DESC`)).toEqual([
      ['NYA', '1.5', '2020-01-01'],
      ['HSI', null, '2020-01-02'],
    ])
    const { columns } = await home.query(`SELECT * FROM ${name}`)
    expect(columns.map(({ type }) => type)).toEqual(['varchar', 'double', 'date'])
  }
  const [key] = await home.keys('c2/')
  expect(
    gunzipSync(await home.body(key!))
      .toString()
      .split('\n')[0],
  ).toBe('{"ticker":"NYA","price":1.5,"day":"2020-01-01"}')
})

test('CREATE TABLE AS with partitions', async () => {
  await rows(
    `CREATE TABLE parted WITH (partitioned_by = ARRAY['day', 'kind'], format = 'PARQUET') AS ${QUOTES.replace('SELECT *', "SELECT ticker, price, day, 'a b/c' AS kind")}`,
  )
  expect((await home.query('SHOW PARTITIONS parted')).rows).toEqual([
    ['day=2020-01-01/kind=a b/c'],
    ['day=2020-01-02/kind=a b/c'],
  ])
  const answer = await home.query("SELECT ticker, kind FROM parted WHERE day = DATE '2020-01-02'")
  expect(answer.rows).toEqual([['HSI', 'a b/c']])
  expect(await reasonOf(`CREATE TABLE bad WITH (partitioned_by = ARRAY['ticker']) AS ${QUOTES}`)).toContain(
    'HIVE_COLUMN_ORDER_MISMATCH',
  )
  expect(await reasonOf(`CREATE TABLE bad WITH (partitioned_by = ARRAY['nope']) AS ${QUOTES}`)).toContain(
    'INVALID_TABLE_PROPERTY',
  )
  const many = 'SELECT n AS a, n AS p FROM UNNEST(sequence(1, 101)) AS t(n)'
  expect(await reasonOf(`CREATE TABLE many WITH (partitioned_by = ARRAY['p']) AS ${many}`)).toContain(
    'HIVE_TOO_MANY_OPEN_PARTITIONS',
  )
  expect((await home.query("SHOW TABLES 'many|bad'")).rows).toEqual([])
})

test('CREATE TABLE AS refuses what it cannot make', async () => {
  await rows('CREATE TABLE there AS SELECT 1 AS n')
  expect(await reasonOf('CREATE TABLE there AS SELECT 1 AS n')).toContain('TABLE_ALREADY_EXISTS')
  await rows('CREATE TABLE IF NOT EXISTS there AS SELECT 2 AS n')
  expect(await rows('SELECT * FROM there')).toEqual([['1']])
  expect(await reasonOf('CREATE TABLE x AS SELECT count(*) FROM there')).toBe(
    'MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1',
  )
  expect(await reasonOf('CREATE TABLE x AS SELECT n, n FROM there')).toContain('DUPLICATE_COLUMN_NAME')
  expect(await reasonOf("CREATE TABLE x WITH (bucketed_by = ARRAY['n'], bucket_count = 4) AS SELECT 1 AS n")).toContain(
    'NOT_SUPPORTED',
  )
  expect(await reasonOf("CREATE TABLE x WITH (format = 'ORC') AS SELECT 1 AS n")).toContain('NOT_SUPPORTED')
  expect(await reasonOf("CREATE TABLE x WITH (nonsense = 'ORC') AS SELECT 1 AS n")).toContain('INVALID_TABLE_PROPERTY')
  expect(await reasonOf('CREATE TABLE x AS SELECT current_timestamp AS t')).toContain('NOT_SUPPORTED: Unsupported Hive type')
  await home.put('full/x.json', '{}')
  expect(await reasonOf(`CREATE TABLE x WITH (external_location = 's3://${bucket}/full/') AS SELECT 1 AS n`)).toContain(
    'HIVE_PATH_ALREADY_EXISTS',
  )
  await rows('CREATE TABLE shape AS SELECT 1 AS n WITH NO DATA')
  expect(await rows('SELECT * FROM shape')).toEqual([])
})

test('INSERT INTO adds objects in the table’s format, and partitions', async () => {
  await rows(
    `CREATE EXTERNAL TABLE log (word string, n bigint) PARTITIONED BY (dt string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://${bucket}/log/'`,
  )
  const first = await home.query("INSERT INTO log VALUES ('a', 1, '2020-01-01'), ('b', 2, '2020-01-02')")
  expect(first.execution).toMatchObject({
    StatementType: 'DML',
    SubstatementType: 'INSERT',
    ResultConfiguration: { OutputLocation: `s3://${bucket}/results/${first.id}` },
  })
  expect(await home.keys(`results/${first.id}`)).toEqual([`results/${first.id}-manifest.csv`, `results/${first.id}.metadata`])
  expect((await home.body(`results/${first.id}.metadata`)).length).toBe(75)
  await rows("INSERT INTO log (dt, word) SELECT '2020-01-02', upper(word) FROM log")
  expect(await rows('SELECT word, n, dt FROM log ORDER BY dt, word')).toEqual([
    ['a', '1', '2020-01-01'],
    ['A', null, '2020-01-02'],
    ['B', null, '2020-01-02'],
    ['b', '2', '2020-01-02'],
  ])
  expect((await home.query('SHOW PARTITIONS log')).rows).toEqual([['dt=2020-01-01'], ['dt=2020-01-02']])
  await rows("CREATE TABLE pq AS SELECT 1 AS n, CAST('x' AS varchar) AS s")
  await rows("INSERT INTO pq SELECT 2, 'y'")
  expect(await rows('SELECT * FROM pq ORDER BY n')).toEqual([
    ['1', 'x'],
    ['2', 'y'],
  ])
  const none = await home.query('INSERT INTO pq SELECT * FROM pq WHERE false')
  expect(await home.keys(`results/${none.id}`)).toEqual([`results/${none.id}.metadata`])
})

test('INSERT INTO refuses what does not fit', async () => {
  await rows('CREATE TABLE fits AS SELECT 1 AS n')
  expect(await reasonOf("INSERT INTO fits VALUES ('abc')")).toBe(
    'TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer], Query: [varchar(3)]',
  )
  expect(await reasonOf('INSERT INTO fits (nope) VALUES (1)')).toBe(
    'COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: nope',
  )
  expect(await reasonOf('INSERT INTO nothing VALUES (1)')).toBe(
    `TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.${database}.nothing' does not exist`,
  )
  await rows('CREATE VIEW seen AS SELECT n FROM fits')
  expect(await reasonOf('INSERT INTO seen VALUES (1)')).toContain('Inserting into views is not supported')
})

test('UNLOAD writes a query’s rows below an empty prefix', async () => {
  const { id, execution } = await home.query(
    `UNLOAD (SELECT n, n % 2 AS odd FROM UNNEST(sequence(1, 10)) AS t(n)) TO 's3://${bucket}/unloaded/' WITH (format = 'JSON', partitioned_by = ARRAY['odd'])`,
  )
  expect(execution).toMatchObject({ Status: { State: 'SUCCEEDED' }, StatementType: 'DML', SubstatementType: 'UNLOAD' })
  const keys = await home.keys('unloaded/')
  expect(keys.map(key => key.split('/')[1])).toEqual(['odd=0', 'odd=1'])
  expect(
    gunzipSync(await home.body(keys[0]!))
      .toString()
      .trim()
      .split('\n')
      .sort(),
  ).toEqual(['{"n":10}', '{"n":2}', '{"n":4}', '{"n":6}', '{"n":8}'])
  expect((await home.body(`results/${id}-manifest.csv`)).toString()).toBe(keys.map(key => `s3://${bucket}/${key}\n`).join(''))
  expect(await reasonOf(`UNLOAD (SELECT 1 AS n) TO 's3://${bucket}/unloaded/' WITH (format = 'PARQUET')`)).toContain(
    'HIVE_PATH_ALREADY_EXISTS',
  )
  await rows(
    `UNLOAD (SELECT 1 AS n, ')' AS s) TO 's3://${bucket}/unloaded2/' WITH (format = 'TEXTFILE', compression = 'NONE', field_delimiter = ',')`,
  )
  expect((await home.body((await home.keys('unloaded2/'))[0]!)).toString()).toBe('1,)\n')
})

test('DROP TABLE leaves the objects', async () => {
  await rows(`CREATE TABLE gone WITH (external_location = 's3://${bucket}/gone/') AS SELECT 1 AS n`)
  await rows('DROP TABLE gone')
  expect(await home.keys('gone/')).toHaveLength(1)
})
