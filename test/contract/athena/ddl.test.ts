import { expect, test } from 'vitest'
import { athenaHome } from './home.ts'

const home = await athenaHome()
const { bucket, database } = home
const at = (prefix: string) => `s3://${bucket}/${prefix}/`
const lines = async (sql: string) => (await home.query(sql)).rows.map(([line]) => line)
const run = async (sql: string) => {
  const { state, reason } = await home.query(sql)
  expect(`${state} ${reason}`).toBe('SUCCEEDED ')
}
const reasonOf = async (sql: string) => (await home.query(sql)).reason

test('databases are created, listed and dropped', async () => {
  await run("CREATE DATABASE IF NOT EXISTS zoo COMMENT 'animals' WITH DBPROPERTIES ('a' = 'b')")
  expect(await lines('SHOW DATABASES')).toEqual([database, 'zoo'])
  expect(await lines("SHOW SCHEMAS LIKE 'zo.'")).toEqual(['zoo'])
  expect(await lines("SHOW DATABASES LIKE 'z*'")).toEqual([])
  expect(await reasonOf('CREATE DATABASE zoo')).toBe(
    'FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. Database zoo already exists',
  )
  await run(`CREATE EXTERNAL TABLE zoo.a (x int) LOCATION '${at('zoo')}'`)
  expect(await reasonOf('DROP DATABASE zoo')).toContain('InvalidOperationException(message:Database zoo is not empty')
  await run('DROP SCHEMA zoo CASCADE')
  await run('DROP DATABASE IF EXISTS zoo')
  expect(await reasonOf('DROP DATABASE zoo')).toBe('FAILED: SemanticException [Error 10072]: Database does not exist: zoo')
})

test('a table is described in Hive’s form', async () => {
  await run(`CREATE EXTERNAL TABLE \`Trades\` (
    \`Index\` string COMMENT 'ticker', price decimal(10, 2), tags array<string>, who struct<name: string, \`Age\`:int>)
    COMMENT 'it''s a table'
    PARTITIONED BY (dt date, n int COMMENT 'number')
    ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ("mapping.index" = "Index", 'ignore.malformed.json'='true')
    LOCATION '${at('trades')}' TBLPROPERTIES ('classification'='json')`)
  const pad = (text: string) => text.padEnd(20)
  const row = (name: string, type: string, comment = '') => `${pad(name)}\t${pad(type)}\t${pad(comment)}`
  const expected = [
    row('index', 'string', 'ticker'),
    row('price', 'decimal(10,2)'),
    row('tags', 'array<string>'),
    row('who', 'struct<name:string,age:int>'),
    row('dt', 'date'),
    row('n', 'int', 'number'),
    '\t \t ',
    '# Partition Information\t \t ',
    row('# col_name', 'data_type', 'comment'),
    '\t \t ',
    row('dt', 'date'),
    row('n', 'int', 'number'),
  ]
  const described = await home.query('DESCRIBE trades')
  expect(described.rows.map(([line]) => line)).toEqual(expected)
  expect(described.columns.map(column => column.name)).toEqual(['col_name', 'data_type', 'comment'])
  expect(described.execution.StatementType).toBe('UTILITY')
  expect(described.execution.SubstatementType).toBe('DESCRIBE_TABLE')
  expect((await home.body(`results/${described.id}.txt`)).toString()).toBe(expected.join('\n'))
  expect(await lines('SHOW COLUMNS IN trades')).toEqual(['index', 'price', 'tags', 'who', 'dt', 'n'].map(pad))
  expect(await lines(`SHOW COLUMNS FROM trades FROM ${database}`)).toHaveLength(6)
})

test('SHOW CREATE TABLE gives a statement that makes the same table', async () => {
  await run(`CREATE EXTERNAL TABLE csv1 (a int, b string) PARTITIONED BY (dt string)
    ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE LOCATION '${at('csv1')}' TBLPROPERTIES ('skip.header.line.count'='1')`)
  const shown = await lines('SHOW CREATE TABLE csv1')
  expect(shown.slice(0, 14)).toEqual([
    'CREATE EXTERNAL TABLE `csv1`(',
    '  `a` int, ',
    '  `b` string)',
    'PARTITIONED BY ( ',
    '  `dt` string)',
    'ROW FORMAT DELIMITED ',
    "  FIELDS TERMINATED BY ',' ",
    'STORED AS INPUTFORMAT ',
    "  'org.apache.hadoop.mapred.TextInputFormat' ",
    'OUTPUTFORMAT ',
    "  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'",
    'LOCATION',
    `  '${at('csv1')}'`,
    'TBLPROPERTIES (',
  ])
  await run('DROP TABLE csv1')
  await run(shown.join('\n'))
  expect(await lines('SHOW CREATE TABLE csv1')).toEqual(shown)
  expect(await lines("SHOW TBLPROPERTIES csv1 ('skip.header.line.count')")).toEqual(['1'])
  expect((await lines('SHOW TBLPROPERTIES csv1'))[0]).toBe('EXTERNAL\tTRUE')
})

test('tables are listed by pattern, and missing ones are told as Athena tells them', async () => {
  for (const name of ['l_one', 'l_two']) await run(`CREATE EXTERNAL TABLE ${name} (a int) LOCATION '${at(name)}'`)
  await run("CREATE OR REPLACE VIEW l_view AS SELECT 1 AS n, 'a' AS s")
  expect(await lines("SHOW TABLES LIKE 'l_*'")).toEqual(['l_one', 'l_two', 'l_view'])
  expect(await lines(`SHOW TABLES IN ${database} 'l_one|l_two'`)).toEqual(['l_one', 'l_two'])
  expect(await lines('SHOW VIEWS')).toEqual(['l_view'])
  expect(await lines('DESCRIBE l_view')).toEqual(['n\tinteger', 's\tvarchar(1)'])
  expect(await reasonOf('SHOW TABLES IN nowhere')).toBe(
    'FAILED: SemanticException [Error 10072]: Database does not exist: nowhere',
  )
  expect(await reasonOf('DROP TABLE nothing')).toBe(
    `FAILED: SemanticException [Error 10001]: Table not found ${database}.nothing`,
  )
  expect(await reasonOf('SHOW PARTITIONS l_one')).toContain('Table l_one is not a partitioned table')
  expect(await home.query('DESCRIBE nothing')).toMatchObject({
    state: 'INVALID_INPUT',
    reason: expect.stringMatching(/^Entity Not Found/),
  })
  await run('DROP TABLE IF EXISTS nothing')
  expect(await reasonOf(`CREATE EXTERNAL TABLE l_one (a int) LOCATION '${at('x')}'`)).toContain('AlreadyExistsException')
  await run(`CREATE EXTERNAL TABLE IF NOT EXISTS l_one (a int) LOCATION '${at('x')}'`)
})

test('a failed DDL statement leaves its reason as the result', async () => {
  const { id, reason } = await home.query('DROP TABLE nothing')
  expect((await home.body(`results/${id}.txt`)).toString()).toBe(reason)
  expect(await home.keys(`results/${id}`)).toEqual([`results/${id}.txt`])
})

test('partitions are added, moved, renamed, dropped and repaired', async () => {
  await home.put('p/dt=2020-01-01/a.json', '{"v":1}\n')
  await home.put('p/dt=2020-01-02/a.json', '{"v":2}\n')
  await home.put('p/dt=2020-01-02/_hidden.json', '{"v":99}\n')
  await home.put('p/other/a.json', '{"v":3}\n')
  await run(
    `CREATE EXTERNAL TABLE p (v int) PARTITIONED BY (dt string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION '${at('p')}'`,
  )
  expect((await home.query('SELECT count(*) FROM p')).rows).toEqual([['0']])
  expect(await lines('MSCK REPAIR TABLE p')).toEqual([
    'Partitions not in metastore:\tp:dt=2020-01-01\tp:dt=2020-01-02',
    'Repair: Added partition to metastore p:dt=2020-01-01',
    'Repair: Added partition to metastore p:dt=2020-01-02',
  ])
  expect(await lines('MSCK REPAIR TABLE p')).toEqual([])
  await run(`ALTER TABLE p ADD IF NOT EXISTS PARTITION (dt='2020-01-02') PARTITION (dt='other') LOCATION '${at('p/other')}'`)
  expect(await reasonOf("ALTER TABLE p ADD PARTITION (dt='other')")).toContain('AlreadyExistsException')
  expect(await reasonOf("ALTER TABLE p ADD PARTITION (nope='1')")).toContain('Non-Partition column')
  expect((await home.query('SELECT dt, v FROM p ORDER BY 2')).rows).toEqual([
    ['2020-01-01', '1'],
    ['2020-01-02', '2'],
    ['other', '3'],
  ])
  await run("ALTER TABLE p PARTITION (dt='other') RENAME TO PARTITION (dt='2020-01-03')")
  expect(await lines('SHOW PARTITIONS p')).toEqual(['dt=2020-01-01', 'dt=2020-01-02', 'dt=2020-01-03'])
  expect((await home.query("SELECT v FROM p WHERE dt = '2020-01-03'")).rows).toEqual([['3']])
  await run(`ALTER TABLE p PARTITION (dt='2020-01-03') SET LOCATION '${at('p/dt=2020-01-01')}'`)
  expect((await home.query("SELECT v FROM p WHERE dt = '2020-01-03'")).rows).toEqual([['1']])
  await run("ALTER TABLE p DROP PARTITION (dt='2020-01-01'), PARTITION (dt > '2020-01-02')")
  expect(await lines('SHOW PARTITIONS p')).toEqual(['dt=2020-01-02'])
  expect(await reasonOf("ALTER TABLE p DROP PARTITION (dt='1999')")).toContain('Partition not found')
  await run("ALTER TABLE p DROP IF EXISTS PARTITION (dt='1999')")
})

test('columns and properties change', async () => {
  await home.put('c/a.json', '{"a":1,"b":"x","c":2.5}\n')
  await run(`CREATE EXTERNAL TABLE c (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION '${at('nowhere')}'`)
  await run(`ALTER TABLE c SET LOCATION '${at('c')}'`)
  await run("ALTER TABLE c ADD COLUMNS (b string, c double COMMENT 'new')")
  expect((await home.query('SELECT * FROM c')).rows).toEqual([['1', 'x', '2.5']])
  await run('ALTER TABLE c REPLACE COLUMNS (b string)')
  expect((await home.query('SELECT * FROM c')).rows).toEqual([['x']])
  await run("ALTER TABLE c SET TBLPROPERTIES ('note' = 'a')")
  expect(await lines("SHOW TBLPROPERTIES c('note')")).toEqual(['a'])
  expect(await reasonOf('ALTER TABLE c RENAME TO d')).toContain('Table cannot be renamed')
  expect(await reasonOf('ALTER TABLE nothing ADD COLUMNS (x int)')).toContain('Table not found')
})

test('views are kept as Presto views, and may stand on views', async () => {
  await run("CREATE OR REPLACE VIEW v1 AS SELECT 1 AS n, 'it''s' AS s")
  await run('CREATE VIEW v2 AS SELECT n + 1 AS m, s FROM v1')
  expect((await home.query('SELECT * FROM v2')).rows).toEqual([['2', "it's"]])
  const { GetTableCommand } = await import('@aws-sdk/client-glue')
  const { Table } = await home.glue.send(new GetTableCommand({ DatabaseName: database, Name: 'v1' }))
  expect(Table!.TableType).toBe('VIRTUAL_VIEW')
  const text = Buffer.from(Table!.ViewOriginalText!.slice('/* Presto View: '.length, -' */'.length), 'base64').toString()
  expect(JSON.parse(text)).toMatchObject({
    originalSql: "SELECT 1 AS n, 'it''s' AS s",
    schema: database,
    columns: [
      { name: 'n', type: 'integer' },
      { name: 's', type: 'varchar(4)' },
    ],
  })
  expect((await home.query('CREATE VIEW v1 AS SELECT 2 AS n')).reason).toContain('already exists')
  expect((await home.query('CREATE VIEW v3 AS SELECT count(*) FROM v1')).reason).toContain('MISSING_COLUMN_NAME')
  expect((await home.query('CREATE VIEW v3 AS SELECT banana FROM v1')).reason).toContain(
    "COLUMN_NOT_FOUND: line 1:26: Column 'banana'",
  )
  await run('DROP VIEW v1')
  expect((await home.query('SELECT * FROM v2')).state).toBe('FAILED')
  expect((await home.query('DROP VIEW v1')).reason).toContain('does not exist')
  await run('DROP VIEW IF EXISTS v1')
})

test('what is not Athena’s grammar is refused with its place', async () => {
  const refused = async (sql: string) => {
    const { state, reason } = await home.query(sql)
    expect(state).toBe('MALFORMED_QUERY')
    return reason
  }
  expect(await refused('SELEC 1')).toMatch(/^line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', /)
  expect(await refused('CREATE TABEL x')).toMatch(/^line 1:8: mismatched input 'TABEL'/)
  expect(await refused(`CREATE EXTERNAL TABLE t (a imt) LOCATION '${at('t')}'`)).toMatch(/^line 1:28: mismatched input 'imt'/)
  expect(await refused('DROP TABLE a b')).toMatch(/^line 1:14: mismatched input 'b'/)
  expect(await refused('CREATE EXTERNAL TABLE t (a int)')).toBe('No location was specified for table')
  expect(await refused('-- only')).toMatch(/^line 1:8: mismatched input '<EOF>'/)
  expect(await refused('DELETE FROM x')).toBe('Queries of this type are not supported')
  expect(await refused('SHOW TABLES; SHOW TABLES')).toMatch(/^line 1:14: mismatched input 'SHOW'/)
  await run('-- a comment\n/* another */ SHOW TABLES;')
})

test('formats that are not read are refused when the table is made', async () => {
  const make = (tail: string) => reasonOf(`CREATE EXTERNAL TABLE no_such (a int) ${tail} LOCATION '${at('no')}'`)
  expect(await make('STORED AS ORC')).toBe('NOT_SUPPORTED: tickerlake does not read ORC tables')
  expect(await make('STORED AS NOTHING')).toContain('Unrecognized file format')
  expect(await reasonOf(`CREATE EXTERNAL TABLE t (a int, A string) LOCATION '${at('t')}'`)).toContain('Duplicate column name: a')
  expect(await reasonOf(`CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (a string) LOCATION '${at('t')}'`)).toContain(
    'Column repeated in partitioning columns',
  )
})
