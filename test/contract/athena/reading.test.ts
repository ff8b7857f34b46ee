import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { athenaHome } from './home.ts'

const home = await athenaHome()
const { bucket } = home
const OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"

/** A table over objects that are put below a prefix of the table's name. */
async function table(
  name: string,
  columns: string,
  format: string,
  objects: Record<string, string | Uint8Array>,
  rest = '',
): Promise<void> {
  for (const [key, body] of Object.entries(objects)) await home.put(`${name}/${key}`, body)
  const { state, reason } =
    await home.query(`CREATE EXTERNAL TABLE ${name} (${columns}) ${rest.startsWith('PARTITIONED') ? rest : ''} ${format}
    LOCATION 's3://${bucket}/${name}/' ${rest.startsWith('PARTITIONED') ? '' : rest}`)
  expect(`${state} ${reason}`).toBe('SUCCEEDED ')
}
const rows = async (sql: string) => {
  const { state, reason, rows } = await home.query(sql)
  expect(`${state} ${reason}`).toBe('SUCCEEDED ')
  return rows
}
const reasonOf = async (sql: string) => (await home.query(sql)).reason

test('keys are matched without regard to case, or through mapping properties', async () => {
  const body = '{"Index":"NYA","Adj Close":1.5,"n":7}\n{"index":"HSI","N":8}\n'
  await table('keys', 'index string, `adj close` double, n int, missing string', OPENX, { 'a.json': body })
  expect(await rows('SELECT * FROM keys')).toEqual([
    ['NYA', '1.5', '7', null],
    ['HSI', null, '8', null],
  ])
  await table('mapped', 'ticker string, n int', `${OPENX} WITH SERDEPROPERTIES ('mapping.ticker'='Index')`, { 'a.json': body })
  expect(await rows('SELECT ticker FROM mapped')).toEqual([['NYA'], [null]])
  await table('strict', 'index string', `${OPENX} WITH SERDEPROPERTIES ('case.insensitive'='false')`, { 'a.json': body })
  expect(await rows('SELECT index FROM strict')).toEqual([[null], ['HSI']])
  await table('paths', 'index string, n int', `${OPENX} WITH SERDEPROPERTIES ('paths'='Index,n')`, {
    'a.json': '{"Index":"X","n":1}\n',
  })
  expect(await rows('SELECT * FROM paths')).toEqual([['X', '1']])
})

test('hidden and empty objects have no rows; gzip is opened by the key’s end; folders below count', async () => {
  await table('files', 'a int', OPENX, {
    'plain.json': '{"a":1}\n{"a":2}',
    'deep/er/b.json.gz': gzipSync('{"a":3}\n'),
    '_temporary/c.json': '{"a":4}\n',
    '.hidden': '{"a":5}\n',
    'deep/_x.json': '{"a":6}\n',
    'empty.json': '',
  })
  expect(await rows('SELECT a, "$path" FROM files ORDER BY a')).toEqual([
    ['1', `s3://${bucket}/files/plain.json`],
    ['2', `s3://${bucket}/files/plain.json`],
    ['3', `s3://${bucket}/files/deep/er/b.json.gz`],
  ])
  expect(await rows('SELECT count(*) FROM files WHERE "$path" LIKE \'%.gz\'')).toEqual([['1']])
})

test('a line that is no JSON object fails the query, or is left out where the table says so', async () => {
  const bad = { 'a.json': '{"a":1}\n{"a":\n{"a":3}\n' }
  await table('malformed', 'a int', OPENX, bad)
  expect(await reasonOf('SELECT * FROM malformed')).toMatch(/^HIVE_CURSOR_ERROR: Row is not a valid JSON Object/)
  expect(await reasonOf('SELECT count(*) FROM malformed')).toMatch(/^HIVE_CURSOR_ERROR: /)
  await table('skipping', 'a int', `${OPENX} WITH SERDEPROPERTIES ('ignore.malformed.json'='TRUE')`, {
    'a.json': '{"a":1}\n{"a":\n[1]\n"x"\n{"a":3}\n',
  })
  expect(await rows('SELECT a FROM skipping ORDER BY 1')).toEqual([['1'], ['3']])
  for (const [name, body] of Object.entries({ pretty: '{\n  "a": 1\n}\n', listed: '[{"a":1},{"a":2}]\n', number: '5\n' })) {
    await table(name, 'a int', OPENX, { 'a.json': body })
    expect(await reasonOf(`SELECT a FROM ${name}`)).toMatch(/^HIVE_CURSOR_ERROR: /)
  }
})

test('a value that is none of the column’s type fails the query', async () => {
  const bad = async (type: string, json: string, value: string) => {
    const name = `bad_${Math.random().toString(36).slice(2)}`
    await table(name, `x string, v ${type}`, OPENX, { 'a.json': `{"x":"a","v":null}\n{"x":"b","v":${json}}\n` })
    expect(await rows(`SELECT x FROM ${name} ORDER BY 1`)).toEqual([['a'], ['b']])
    const { reason, execution } = await home.query(`SELECT v FROM ${name}`)
    expect(reason).toContain(`HIVE_BAD_DATA: Error parsing field value '${value}'`)
    expect(execution.Status!.AthenaError).toMatchObject({ ErrorCategory: 2, Retryable: false })
  }
  await bad('bigint', '1.5', '1.5')
  await bad('int', '0.0', '0.0')
  await bad('int', '3000000000', '3000000000')
  await bad('tinyint', '"x"', 'x')
  await bad('double', '"abc"', 'abc')
  await bad('boolean', '"maybe"', 'maybe')
  await bad('date', '"01/02/2020"', '01/02/2020')
  await bad('array<int>', '[1,2.5]', '2.5')
})

test('values of the right form are read, quoted or not', async () => {
  const types = 'i int, b bigint, d double, f float, s string, t boolean, day date, ts timestamp, c decimal(10,2), v varchar(3)'
  await table('values1', types, OPENX, {
    'a.json': `${JSON.stringify({ i: '7', b: 9007199254740993n.toString(), d: 3, f: 1.5, s: 12, t: 'TRUE', day: '2020-01-02', ts: '2020-01-02 03:04:05.678', c: '1.50', v: 'abcdef' })}\n{"s":{"a":[1]},"t":false,"ts":"2020-01-02T03:04:05Z"}\n`,
  })
  expect(await rows('SELECT * FROM values1')).toEqual([
    ['7', '9007199254740993', '3.0', '1.5', '12', 'true', '2020-01-02', '2020-01-02 03:04:05.678', '1.50', 'abc'],
    [null, null, null, null, '{"a":[1]}', 'false', null, '2020-01-02 03:04:05.000', null, null],
  ])
})

test('nested types', async () => {
  const line = {
    tags: ['a', 'b'],
    ns: [1, 2],
    who: { Name: 'x', Age: 3, in: { k: 1.5 } },
    m: { a: 1, b: 2 },
    list: [{ A: 1 }, { a: 2 }],
  }
  const types =
    'tags array<string>, ns array<bigint>, who struct<name:string,age:int,`in`:struct<k:double>>, m map<string,int>, list array<struct<a:int>>'
  await table('nested', types, OPENX, { 'a.json': `${JSON.stringify(line)}\n{"tags":null}\n` })
  expect(await rows('SELECT * FROM nested')).toEqual([
    ['[a, b]', '[1, 2]', '{name=x, age=3, in={k=1.5}}', '{a=1, b=2}', '[{a=1}, {a=null}]'],
    [null, null, null, null, null],
  ])
  expect(await rows("SELECT who.name, m['b'], cardinality(tags) FROM nested WHERE tags IS NOT NULL")).toEqual([['x', '2', '2']])
})

test('LazySimple text knows no quotes and reads what is no number as NULL', async () => {
  const csv = 'n,s,t\n1,"a,b",2020-01-01 00:00:00\nx,\\N\n3,c,,extra\n'
  await table(
    'lazy',
    'n int, s string, t string',
    "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','",
    { 'a.csv': csv },
    "TBLPROPERTIES ('skip.header.line.count'='1')",
  )
  expect(await rows('SELECT * FROM lazy')).toEqual([
    ['1', '"a', 'b"'],
    [null, null, null],
    ['3', 'c', ''],
  ])
})

test('OpenCSV unquotes, and fails on what is no number', async () => {
  const format =
    "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'=';','quoteChar'='\"','escapeChar'='\\\\')"
  await table('quoted', 'n int, s string', format, { 'a.csv': '1;"a;b"\n"2";c\n' })
  expect(await rows('SELECT * FROM quoted ORDER BY 1')).toEqual([
    ['1', 'a;b'],
    ['2', 'c'],
  ])
  await table('quoted2', 'n int, s string', format, { 'a.csv': '1;a\n;b\n' })
  expect(await rows('SELECT s FROM quoted2 ORDER BY 1')).toEqual([['a'], ['b']])
  expect(await reasonOf('SELECT n FROM quoted2')).toContain('HIVE_BAD_DATA: Error parsing field value')
})

test('Parquet is read by name; bytes scanned are those of the columns that are used', async () => {
  await home.query(
    "CREATE TABLE made WITH (format='PARQUET') AS SELECT n AS id, 'some text ' || CAST(n AS varchar) AS words, n * 1e0 AS price FROM UNNEST(sequence(1, 9000)) AS t(n)",
  )
  const [location] = (await rows('SELECT DISTINCT "$path" FROM made'))[0]!
  const folder = location!.slice(0, location!.lastIndexOf('/') + 1)
  await home.query(`CREATE EXTERNAL TABLE again (price double, id bigint, nothing string) STORED AS PARQUET LOCATION '${folder}'`)
  expect(await rows('SELECT sum(id), max(price), count(nothing) FROM again')).toEqual([['40504500', '9000.0', '0']])
  const scanned = async (sql: string) => (await home.query(sql)).execution.Statistics!.DataScannedInBytes!
  const [one, all, none] = [
    await scanned('SELECT sum(id) FROM made'),
    await scanned('SELECT * FROM made'),
    await scanned('SELECT count(*) FROM made'),
  ]
  expect(one).toBeGreaterThan(0)
  expect(all).toBeGreaterThan(one * 2)
  expect(none).toBe(0)
  await home.query(`CREATE EXTERNAL TABLE wrong (id string, price int, words string) STORED AS PARQUET LOCATION '${folder}'`)
  expect(await rows('SELECT count(words) FROM wrong')).toEqual([['9000']])
  expect(await reasonOf('SELECT price FROM wrong')).toMatch(
    /^HIVE_BAD_DATA: Field price's type DOUBLE in parquet file s3:.* is incompatible with type int defined in table schema/,
  )
})

test('partitions that a query cannot need are not read', async () => {
  const objects: Record<string, string> = {}
  for (let day = 1; day <= 9; day++) objects[`dt=2020-01-0${day}/n=${day}/a.json`] = `{"v":${day}}\n`
  await table('parts', 'v int', OPENX, objects, 'PARTITIONED BY (dt string, n int)')
  await home.query('MSCK REPAIR TABLE parts')
  const scanned = async (sql: string) => (await home.query(sql)).execution.Statistics!.DataScannedInBytes!
  const size = '{"v":1}\n'.length
  expect(await scanned('SELECT * FROM parts')).toBe(9 * size)
  expect(await scanned("SELECT * FROM parts WHERE dt = '2020-01-03'")).toBe(size)
  expect(await scanned("SELECT * FROM parts WHERE dt > '2020-01-03' AND n < 6 AND v > 0")).toBe(2 * size)
  expect(await scanned("SELECT * FROM parts WHERE dt IN ('2020-01-03', '2020-01-04') OR n = 9")).toBe(3 * size)
  expect(await scanned("SELECT * FROM parts WHERE cast(dt AS date) BETWEEN date '2020-01-02' AND date '2020-01-03'")).toBe(
    2 * size,
  )
  expect(await scanned("SELECT * FROM (SELECT v, dt AS day FROM parts) WHERE day = '2020-01-05'")).toBe(size)
  await home.query('CREATE VIEW parts_view AS SELECT v, dt FROM parts')
  expect(await scanned("SELECT * FROM parts_view WHERE dt LIKE '2020-01-07%'")).toBe(size)
  expect(await rows('SELECT "$partition" FROM parts WHERE n = 2')).toEqual([['dt=2020-01-02/n=2']])
  expect(await rows('SELECT * FROM "parts$partitions" WHERE n > 7 ORDER BY dt')).toEqual([
    ['2020-01-08', '8'],
    ['2020-01-09', '9'],
  ])
})

test('a partition of another type than the table’s', async () => {
  await table('mixed', 'v double, s string', OPENX, { 'dt=1/a.json': '{"v":1,"s":"x"}\n' }, 'PARTITIONED BY (dt string)')
  await home.query('MSCK REPAIR TABLE mixed')
  const { GetPartitionCommand, UpdatePartitionCommand } = await import('@aws-sdk/client-glue')
  const at = { DatabaseName: home.database, TableName: 'mixed' }
  const { Partition } = await home.glue.send(new GetPartitionCommand({ ...at, PartitionValues: ['1'] }))
  const Columns = [
    { Name: 'v', Type: 'int' },
    { Name: 's', Type: 'string' },
  ]
  const PartitionInput = { Values: ['1'], StorageDescriptor: { ...Partition!.StorageDescriptor, Columns } }
  await home.glue.send(new UpdatePartitionCommand({ ...at, PartitionValueList: ['1'], PartitionInput }))
  expect(await reasonOf('SELECT v FROM mixed')).toBe(
    `HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The types are incompatible and cannot be coerced. The column 'v' in table '${home.database}.mixed' is declared as type 'double', but partition 'dt=1' declared column 'v' as type 'int'.`,
  )
})

test('projected partitions need no catalog', async () => {
  const properties = `TBLPROPERTIES ('projection.enabled'='true',
    'projection.kind.type'='enum', 'projection.kind.values'='a,b',
    'projection.n.type'='integer', 'projection.n.range'='1,3', 'projection.n.digits'='2',
    'projection.day.type'='date', 'projection.day.format'='yyyy/MM/dd', 'projection.day.range'='2020/01/30,2020/02/02',
    'storage.location.template'='s3://${bucket}/projected/\${kind}/\${n}/\${day}')`
  await home.put('projected/a/02/2020/01/31/x.json', '{"v":1}\n')
  await home.put('projected/b/03/2020/02/02/x.json', '{"v":2}\n')
  await home.put('projected/c/03/2020/02/02/x.json', '{"v":3}\n')
  const made = await home.query(
    `CREATE EXTERNAL TABLE projected (v int) PARTITIONED BY (kind string, n string, day string) ${OPENX} LOCATION 's3://${bucket}/projected/' ${properties}`,
  )
  expect(made.reason).toBe('')
  expect(await rows('SELECT * FROM projected ORDER BY v')).toEqual([
    ['1', 'a', '02', '2020/01/31'],
    ['2', 'b', '03', '2020/02/02'],
  ])
  expect(await rows("SELECT v FROM projected WHERE kind = 'b' AND day > '2020/02/01'")).toEqual([['2']])
})

test('a crawled or hand-made table that cannot be read says why', async () => {
  const { CreateTableCommand } = await import('@aws-sdk/client-glue')
  const create = (Name: string, SerializationLibrary: string, Columns: { Name: string; Type: string }[]) =>
    home.glue.send(
      new CreateTableCommand({
        DatabaseName: home.database,
        TableInput: {
          Name,
          TableType: 'EXTERNAL_TABLE',
          StorageDescriptor: { Columns, Location: `s3://${bucket}/x/`, SerdeInfo: { SerializationLibrary } },
        },
      }),
    )
  await create('orc1', 'org.apache.hadoop.hive.ql.io.orc.OrcSerde', [{ Name: 'a', Type: 'int' }])
  expect(await reasonOf('SELECT * FROM orc1')).toBe(
    `NOT_SUPPORTED: tickerlake does not read the SerDe org.apache.hadoop.hive.ql.io.orc.OrcSerde of table ${home.database}.orc1`,
  )
  await create('twice', 'org.openx.data.jsonserde.JsonSerDe', [
    { Name: 'a', Type: 'int' },
    { Name: 'A', Type: 'string' },
  ])
  expect(await reasonOf('SELECT * FROM twice')).toContain('HIVE_INVALID_METADATA')
})
