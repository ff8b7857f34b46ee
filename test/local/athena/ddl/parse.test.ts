import { expect, test } from 'vitest'
import { parseStatement } from '../../../../lib/local/athena/ddl/parse.ts'
import { statementTypes } from '../../../../lib/local/athena/ddl/statement.ts'

const typesOf = (sql: string) => {
  const { type, subtype } = statementTypes(parseStatement(sql))
  return `${type} ${subtype}`
}
const refusal = (sql: string) => {
  try {
    parseStatement(sql)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('the statement was read')
}

test.each([
  ['-- c\nSELECT 1', 'DML SELECT'],
  ['/* SHOW TABLES */ (SELECT 1)', 'DML SELECT'],
  ['WITH a AS (SELECT 1) SELECT * FROM a', 'DML SELECT'],
  ['show tables', 'UTILITY SHOW_TABLES'],
  ['SHOW SCHEMAS', 'UTILITY SHOW_DATABASES'],
  ['DESC t', 'UTILITY DESCRIBE_TABLE'],
  ['EXPLAIN SELECT 1', 'DML EXPLAIN'],
  ['EXPLAIN ANALYZE (SELECT 1)', 'DML EXPLAIN'],
  ['create schema x', 'DDL CREATE_DATABASE'],
  ['drop view x', 'DDL DROP_VIEW'],
  ['CREATE TABLE a AS SELECT 1 AS n', 'DDL CREATE_TABLE_AS_SELECT'],
  ["CREATE EXTERNAL /* c */ TABLE a (n int) LOCATION 's3://b/c/'", 'DDL CREATE_TABLE'],
  ['INSERT INTO a (SELECT 1)', 'DML INSERT'],
  ["ALTER TABLE a SET TBLPROPERTIES ('add column' = 'x')", 'DDL ALTER_TABLE_PROPERTIES'],
  ['ALTER TABLE a REPLACE COLUMNS (n int)', 'DDL ALTER_TABLE_REPLACE_COLUMN'],
  ['MSCK REPAIR TABLE a', 'DDL MSCK_REPAIR'],
])('%s is %s', (sql, types) => expect(typesOf(sql)).toBe(types))

test('names fold to lower case and may be quoted or qualified', () => {
  expect(parseStatement('DROP TABLE AwsDataCatalog.`My-Db`.`Table 1`')).toMatchObject({
    name: { database: 'my-db', table: 'table 1' },
  })
  expect(parseStatement('SHOW COLUMNS IN T FROM D')).toMatchObject({ name: { database: 'd', table: 't' } })
})

test('types come out in Hive’s spelling', () => {
  const statement = parseStatement(
    `CREATE EXTERNAL TABLE t (a INTEGER, b Decimal ( 10 , 2 ), c array < map<string, INT>>, d struct<X:int, \`y z\` : array<double>>, e double precision, f decimal, g varchar(3) COMMENT 'x') LOCATION 's3://b/'`,
  )
  expect(statement).toMatchObject({
    columns: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'decimal(10,2)' },
      { name: 'c', type: 'array<map<string,int>>' },
      { name: 'd', type: 'struct<x:int,y z:array<double>>' },
      { name: 'e', type: 'double' },
      { name: 'f', type: 'decimal(10,0)' },
      { name: 'g', type: 'varchar(3)', comment: 'x' },
    ],
  })
})

test('Hive’s strings know backslashes, Trino’s do not', () => {
  expect(
    parseStatement(
      `CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY "\\n" NULL DEFINED AS '\\001' LOCATION 's3://b/'`,
    ),
  ).toMatchObject({
    serdeProperties: { 'field.delim': '\t', 'escape.delim': '\\', 'line.delim': '\n', 'serialization.null.format': '\u0001' },
  })
  expect(
    parseStatement(
      `CREATE TABLE t WITH (field_delimiter = '\\', partitioned_by = ARRAY['A', 'b'], bucket_count = 3) AS SELECT '\\' AS n`,
    ),
  ).toMatchObject({
    properties: { field_delimiter: '\\', partitioned_by: ['a', 'b'], bucket_count: 3 },
  })
})

test('the query inside a statement is left as it was typed', () => {
  const inner = (sql: string) => {
    const statement = parseStatement(sql)
    if (!('query' in statement)) throw new Error('no query')
    return sql.slice(statement.query.start, statement.query.end)
  }
  expect(inner("CREATE OR REPLACE VIEW v AS SELECT ';' AS a ;\n")).toBe("SELECT ';' AS a")
  expect(inner('CREATE TABLE t AS SELECT 1 AS n WITH NO DATA')).toBe('SELECT 1 AS n')
  expect(inner('INSERT INTO t (a, b) VALUES (1, 2)')).toBe('VALUES (1, 2)')
  expect(inner('INSERT INTO t (SELECT 1)')).toBe('(SELECT 1)')
  expect(inner("UNLOAD (SELECT ')' AS a, (1)) TO 's3://b/c' WITH (format = 'JSON')")).toBe("SELECT ')' AS a, (1)")
  expect(inner('EXPLAIN (TYPE LOGICAL, FORMAT JSON) SELECT 1')).toBe('SELECT 1')
  expect(inner('PREPARE p FROM SELECT ?')).toBe('SELECT ?')
})

test('the arguments of EXECUTE are parted at commas outside of brackets', () => {
  expect(parseStatement("EXECUTE p USING 1 + (2 * 3), ARRAY[1, 2], 'a,''b', date '2020-01-01';")).toMatchObject({
    parameters: ['1 + (2 * 3)', 'ARRAY[1, 2]', "'a,''b'", "date '2020-01-01'"],
  })
})

test('partitions may be compared', () => {
  expect(parseStatement("ALTER TABLE t DROP IF EXISTS PARTITION (dt >= '2020', n <> 3), PARTITION (dt = 'x')")).toMatchObject({
    ifExists: true,
    specs: [
      [
        { key: 'dt', operator: '>=', value: '2020' },
        { key: 'n', operator: '<>', value: '3' },
      ],
      [{ key: 'dt', operator: '=', value: 'x' }],
    ],
  })
})

test.each([
  ['', /^line 1:1: mismatched input '<EOF>'/],
  ['/* only */', /^line 1:11: mismatched input '<EOF>'/],
  ['SELEC 1', /^line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER'/],
  ['SHOW TABELS', /^line 1:6: mismatched input 'TABELS'/],
  ["DROP TABLE 'x'", /^line 1:12: mismatched input ''x''. Expecting: identifier/],
  ['ALTER TABLE t\n  DROP COLUMNS (a)', /^line 2:8: mismatched input 'COLUMNS'/],
  ['ALTER TABLE IF EXISTS t ADD COLUMNS (a int)', /^line 1:16: mismatched input 'EXISTS'/],
  ["CREATE EXTERNAL TABLE t (a int LOCATION 's3://b/')", /^line 1:32: mismatched input 'LOCATION'/],
  ['DROP TABLE "t"', /^line 1:12: mismatched input '"t"'. Expecting: identifier/],
  ['MSCK REPAIR t', /^line 1:13: mismatched input 't'. Expecting: 'TABLE'/],
  ["DESCRIBE 'unclosed", /^line 1:10: mismatched input '''/],
  ['UPDATE t SET a = 1', /^Queries of this type are not supported$/],
])('%j is refused', (sql, message) => expect(refusal(sql)).toMatch(message))
