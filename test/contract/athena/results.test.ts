import { GetQueryResultsCommand } from '@aws-sdk/client-athena'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { athenaHome } from './home.ts'

const home = await athenaHome()
const { bucket, database } = home
const text = async (key: string) => (await home.body(key)).toString()
const typeOf = async (Key: string) => (await home.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))).ContentType
const result = async (id: string) => home.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }))

/** Reads a protobuf message: field number and value (number, or bytes) in order. */
function fields(message: Buffer): [number, number | Buffer][] {
  const out: [number, number | Buffer][] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++]!
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const value = varint()
    if ((tag & 7) === 0) out.push([tag >> 3, value])
    else {
      out.push([tag >> 3, message.subarray(at, at + value)])
      at += value
    }
  }
  return out
}
const column = (message: Buffer) =>
  Object.fromEntries(fields(message).map(([field, value]) => [field, typeof value === 'number' ? value : value.toString()]))

test('a query’s rows: every value quoted, NULL as nothing, and its metadata', async () => {
  const { id } = await home.query(`SELECT * FROM (VALUES (1, 'a"b', 1.5e0, true), (NULL, '', NULL, NULL), (2, 'x,y
z', 1e10, false)) AS t(n, "S p", d, b)`)
  expect(await text(`results/${id}.csv`)).toBe(
    '"n","S p","d","b"\n"1","a""b","1.5","true"\n,"",,\n"2","x,y\nz","1.0E10","false"\n',
  )
  expect(await typeOf(`results/${id}.csv`)).toBe('application/octet-stream')
  const metadata = fields(await home.body(`results/${id}.csv.metadata`))
  expect(metadata.map(([field]) => field)).toEqual([1, 4, 4, 4, 4])
  expect(String(metadata[0]![1])).toMatch(/^\d{8}_\d{6}_\d{5}_[a-z0-9]{5}$/)
  expect(metadata.slice(1).map(([, value]) => column(value as Buffer))).toEqual([
    { 1: 'hive', 4: 'n', 5: 'n', 6: 'integer', 7: 10, 8: 0, 9: 3, 10: 0 },
    { 1: 'hive', 4: 'S p', 5: 'S p', 6: 'varchar', 7: expect.any(Number), 8: 0, 9: 3, 10: 1 },
    { 1: 'hive', 4: 'd', 5: 'd', 6: 'double', 7: 17, 8: 0, 9: 3, 10: 0 },
    { 1: 'hive', 4: 'b', 5: 'b', 6: 'boolean', 9: 3, 10: 0 },
  ])
  const { ResultSet, UpdateCount } = await result(id)
  expect(UpdateCount).toBe(0)
  expect(ResultSet!.Rows![2]!.Data).toEqual([{}, { VarCharValue: '' }, {}, {}])
  expect(ResultSet!.ResultSetMetadata!.ColumnInfo![0]).toEqual({
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: 'n',
    Label: 'n',
    Type: 'integer',
    Precision: 10,
    Scale: 0,
    Nullable: 'UNKNOWN',
    CaseSensitive: false,
  })
})

test('columns of every type, as the metadata tells them', async () => {
  const { id } =
    await home.query(`SELECT TIMESTAMP '2026-09-17 12:34:56.789' AS ts, TIMESTAMP '2026-09-17 12:34:56.789 UTC' AS tstz, TIME '12:34:56.789' AS t,
    INTERVAL '1' DAY AS ds, INTERVAL '1' YEAR AS ym, DATE '2020-01-01' AS day, CAST(1.5 AS decimal(10,2)) AS dec, ARRAY[1] AS arr, MAP(ARRAY['k'], ARRAY[1]) AS m,
    CAST(ROW(1) AS ROW(a integer)) AS r, CAST('{}' AS json) AS j, X'01ff' AS vb, CAST('a' AS varchar(5)) AS v, CAST('b' AS char(3)) AS c, CAST(1 AS tinyint) AS ti, CAST(1 AS real) AS re`)
  const columns = fields(await home.body(`results/${id}.csv.metadata`))
    .slice(1)
    .map(([, value]) => column(value as Buffer))
  const shown = columns.map(({ 4: name, 6: type, 7: precision, 8: scale, 10: sensitive }) => [
    name,
    type,
    precision,
    scale,
    sensitive,
  ])
  expect(shown).toEqual([
    ['ts', 'timestamp', 3, 0, 0],
    ['tstz', 'timestamp with time zone', 3, 0, 0],
    ['t', 'time', 3, 0, 0],
    ['ds', 'interval day to second', undefined, undefined, 0],
    ['ym', 'interval year to month', undefined, undefined, 0],
    ['day', 'date', undefined, 0, 0],
    ['dec', 'decimal', 10, 2, 0],
    ['arr', 'array', undefined, undefined, undefined],
    ['m', 'map', undefined, undefined, undefined],
    ['r', 'row', undefined, undefined, undefined],
    ['j', 'json', undefined, undefined, undefined],
    ['vb', 'varbinary', 1073741824, 0, 0],
    ['v', 'varchar', 5, 0, 1],
    ['c', 'char', 3, 0, 1],
    ['ti', 'tinyint', 3, 0, 0],
    ['re', 'float', 17, 0, 0],
  ])
})

test('no rows, one NULL, columns of one name, columns without names', async () => {
  const empty = await home.query('SELECT 1 AS i WHERE false')
  expect(await text(`results/${empty.id}.csv`)).toBe('"i"\n')
  const nothing = await home.query('SELECT n FROM (VALUES 1, NULL, 2) AS t(n)')
  expect(await text(`results/${nothing.id}.csv`)).toBe('"n"\n"1"\n\n"2"\n')
  expect(nothing.rows).toEqual([['1'], [null], ['2']])
  const twins = await home.query('SELECT n, n, n + 1 AS "N" FROM (VALUES 1, 2) AS t(n) ORDER BY 1')
  expect(await text(`results/${twins.id}.csv`)).toBe('"n","n","N"\n"1","1","2"\n"2","2","3"\n')
  const unnamed = await home.query("SELECT 1 + 1, 'x' AS s, 2")
  expect(unnamed.columns.map(({ name }) => name)).toEqual(['_col0', 's', '_col2'])
})

test('a query of literals is answered without the engine', async () => {
  const { id } = await home.query('SELECT 1')
  expect(await typeOf(`results/${id}.csv`)).toBe('binary/octet-stream')
  const metadata = fields(await home.body(`results/${id}.csv.metadata`))
  expect(metadata.slice(0, 3).map(([field, value]) => [field, String(value)])).toEqual([
    [1, id],
    [2, ''],
    [3, '0'],
  ])
})

test('DDL leaves an empty text object and no metadata; SHOW leaves its lines', async () => {
  const created = await home.query(`CREATE EXTERNAL TABLE t (a int) LOCATION 's3://${bucket}/t/'`)
  expect(await home.keys(`results/${created.id}`)).toEqual([`results/${created.id}.txt`])
  expect(await text(`results/${created.id}.txt`)).toBe('')
  const { ResultSet, UpdateCount } = await result(created.id)
  expect([ResultSet!.Rows, ResultSet!.ResultSetMetadata!.ColumnInfo, UpdateCount]).toEqual([[], [], undefined])
  const shown = await home.query('SHOW TABLES')
  expect(shown.execution).toMatchObject({
    StatementType: 'UTILITY',
    SubstatementType: 'SHOW_TABLES',
    ResultConfiguration: { OutputLocation: `s3://${bucket}/results/${shown.id}.txt` },
  })
  expect(await text(`results/${shown.id}.txt`)).toBe('t')
  expect((await result(shown.id)).UpdateCount).toBe(0)
  expect(await home.keys(`results/${shown.id}`)).toEqual([`results/${shown.id}.txt`, `results/${shown.id}.txt.metadata`])
  const described = await home.query('DESCRIBE t')
  expect((await result(described.id)).UpdateCount).toBeUndefined()
  const metadata = fields(await home.body(`results/${described.id}.txt.metadata`))
  expect((await home.body(`results/${described.id}.txt.metadata`)).length).toBe(152)
  expect(String(metadata[0]![1])).toBe(described.id)
  expect(column(metadata[1]![1] as Buffer)).toEqual({ 1: 'hive', 4: 'col_name', 5: 'col_name', 6: 'string', 9: 3 })
  const added = await home.query('ALTER TABLE t ADD COLUMNS (b int)')
  expect((await home.body(`results/${added.id}.txt.metadata`)).length).toBe(38)
})

test('a failed query leaves nothing', async () => {
  const { id } = await home.query('SELECT 1/0 AS x')
  expect(await home.keys(`results/${id}`)).toEqual([])
})

test('CREATE TABLE AS leaves metadata and a manifest under tables/', async () => {
  const { id, execution } = await home.query("CREATE TABLE made AS SELECT 1 AS n, 'x' AS s")
  expect(execution).toMatchObject({
    StatementType: 'DDL',
    SubstatementType: 'CREATE_TABLE_AS_SELECT',
    ResultConfiguration: { OutputLocation: `s3://${bucket}/results/tables/${id}` },
  })
  const keys = await home.keys(`results/tables/${id}`)
  const data = keys.filter(key => key.startsWith(`results/tables/${id}/`))
  expect(data).toHaveLength(1)
  expect(keys).toEqual([`results/tables/${id}-manifest.csv`, `results/tables/${id}.metadata`, ...data])
  expect(await text(`results/tables/${id}-manifest.csv`)).toBe(`s3://${bucket}/${data[0]}\n`)
  const metadata = await home.body(`results/tables/${id}.metadata`)
  expect(metadata.length).toBe(81)
  expect(metadata.subarray(29).toString('hex')).toBe(
    '120c' +
      Buffer.from('CREATE TABLE').toString('hex') +
      '1801' +
      '2222' +
      '0a0468697665' +
      '2204726f7773' +
      '2a04726f7773' +
      '3206626967696e74' +
      '3813400048035000',
  )
  expect((await result(id)).UpdateCount).toBe(1)
  expect(execution.Statistics!.DataManifestLocation).toBe(`s3://${bucket}/results/tables/${id}-manifest.csv`)
})

test('EXPLAIN is text with a header row', async () => {
  const { id, rows, execution } = await home.query('EXPLAIN SELECT a, count(*) FROM t GROUP BY a')
  expect(execution).toMatchObject({
    StatementType: 'DML',
    SubstatementType: 'EXPLAIN',
    ResultConfiguration: { OutputLocation: `s3://${bucket}/results/${id}.txt` },
  })
  expect((await result(id)).ResultSet!.Rows![0]!.Data![0]!.VarCharValue).toBe('Query Plan')
  expect(rows[0]).toEqual(['Fragment 0 [SINGLE]'])
  expect((await home.query('EXPLAIN SELECT banana FROM t')).reason).toContain("COLUMN_NOT_FOUND: line 1:16: Column 'banana'")
  const json = await home.query('EXPLAIN (FORMAT JSON) SELECT 1')
  expect(JSON.parse(json.rows.join('\n'))).toHaveProperty('name')
})

test('information_schema shows the catalog', async () => {
  await home.query('CREATE VIEW iv AS SELECT a FROM t')
  const tables = await home.query(
    `SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '${database}' ORDER BY 1`,
  )
  expect(tables.rows).toEqual([
    ['iv', 'VIEW'],
    ['made', 'BASE TABLE'],
    ['t', 'BASE TABLE'],
  ])
  const columns = await home.query(
    `SELECT column_name, ordinal_position, data_type FROM information_schema.columns WHERE table_schema = '${database}' AND table_name = 'made' ORDER BY 2`,
  )
  expect(columns.rows).toEqual([
    ['n', '1', 'integer'],
    ['s', '2', expect.stringMatching(/^varchar/)],
  ])
  expect((await home.query('SELECT schema_name FROM information_schema.schemata ORDER BY 1')).rows).toEqual([
    [database],
    ['information_schema'],
  ])
  expect((await home.query('SELECT view_definition FROM information_schema.views')).rows).toEqual([['SELECT a FROM t']])
})

test('SHOW FUNCTIONS lists what can be called', async () => {
  const { id, columns, rows } = await home.query("SHOW FUNCTIONS LIKE 'approx_percentile'")
  expect(columns.map(({ name }) => name)).toEqual([
    'Function',
    'Return Type',
    'Argument Types',
    'Function Type',
    'Deterministic',
    'Description',
  ])
  expect(rows.slice(1).every(([name, , , kind]) => name === 'approx_percentile' && kind === 'aggregate')).toBe(true)
  expect(rows.length).toBeGreaterThan(1)
  expect(await home.keys(`results/${id}`)).toContain(`results/${id}.csv`)
})
