import { describe, expect, it } from 'vitest'
import { QueryError, translate, type TableShape, type TranslateContext } from '../../../../lib/local/athena/sql/translate.ts'
import { hiveTypeName, typeName } from '../../../../lib/local/athena/sql/types/types.ts'
import { context, QUOTES } from './engine.ts'

const withView = (sql: string): TranslateContext => ({
  ...context,
  table: (database, table): TableShape | undefined =>
    table === 'bars' ? { columns: [], view: { sql, database: 'stocks' } } : context.table(database, table),
})
const errorOf = (sql: string, options: Partial<TranslateContext> = {}): QueryError => {
  try {
    translate(sql, { ...context, ...options })
  } catch (error) {
    return error as QueryError
  }
  throw new Error(`translated: ${sql}`)
}

describe('scans tell what is read', () => {
  const scans = (sql: string, from = context) =>
    translate(sql, from).scans.map(({ columns, partitionFilter }) => ({ columns: columns.toSorted(), partitionFilter }))

  it('columns that the result depends on, none for count(*)', () => {
    expect(scans('SELECT count(*) FROM stockmarket_project')[0]!.columns).toEqual([])
    expect(scans('SELECT close FROM stockmarket_project WHERE volume > 0 ORDER BY date')[0]!.columns).toEqual([
      'close',
      'date',
      'volume',
    ])
    expect(scans('SELECT * FROM stockmarket_project')[0]!.columns).toHaveLength(10)
  })

  it('not the columns of a subquery or view that nobody asks for', () => {
    expect(scans('SELECT max(close) FROM (SELECT * FROM stockmarket_project)')[0]!.columns).toEqual(['close'])
    expect(scans('SELECT high FROM bars', withView('SELECT *, close + open AS s FROM stockmarket_project'))[0]!.columns).toEqual([
      'high',
    ])
  })

  it('conditions on partition columns, through subqueries, views and WITH', () => {
    const filter = (sql: string, from = context) => scans(sql, from)[0]!.partitionFilter
    expect(filter(`SELECT 1 FROM stockmarket_project WHERE dt >= '2020-03' AND close > 1`)).toBe(`("dt" >= '2020-03')`)
    expect(filter(`SELECT 1 FROM stockmarket_project s WHERE s.dt IN ('a', 'b') AND substr(dt, 1, 4) = '2020'`)).toContain(`"dt"`)
    expect(filter(`SELECT 1 FROM (SELECT * FROM stockmarket_project) WHERE dt = 'a'`)).toBe(`("dt" = 'a')`)
    expect(filter(`WITH q AS (SELECT dt AS d FROM stockmarket_project) SELECT 1 FROM q WHERE d = 'a'`)).toBe(`("dt" = 'a')`)
    expect(filter(`SELECT 1 FROM bars WHERE dt = 'a'`, withView('SELECT dt, close FROM stockmarket_project'))).toBe(
      `("dt" = 'a')`,
    )
  })

  it('but no condition that would take rows away', () => {
    const filter = (sql: string) => scans(sql).map(scan => scan.partitionFilter)
    expect(filter(`SELECT 1 FROM stockmarket_project WHERE dt = 'a' OR close > 1`)).toEqual([undefined])
    expect(filter(`SELECT 1 FROM stockmarket_project WHERE dt = date`)).toEqual([undefined])
    expect(filter(`SELECT 1 FROM (VALUES 'a') v(x) LEFT JOIN stockmarket_project s ON v.x = s.dt WHERE s.dt IS NULL`)).toEqual([
      undefined,
    ])
    expect(filter(`SELECT 1 FROM (SELECT dt FROM stockmarket_project LIMIT 5) WHERE dt = 'a'`)).toEqual([undefined])
    expect(
      filter(`WITH q AS (SELECT dt FROM stockmarket_project) SELECT 1 FROM q a JOIN q b ON a.dt = b.dt WHERE a.dt = 'a'`),
    ).toEqual([undefined])
  })
})

describe('results', () => {
  it('have names, types and Hive types', () => {
    const { columns } = translate(
      `SELECT count(*), close AS "Hi There", ARRAY[row(1, 'a')], cast(1 AS real) FROM stockmarket_project GROUP BY close`,
      context,
    )
    expect(columns.map(({ name, type }) => [name, typeName(type), hiveTypeName(type)])).toEqual([
      ['_col0', 'bigint', 'bigint'],
      ['Hi There', 'double', 'double'],
      ['_col2', 'array(row(integer, varchar(1)))', 'array<struct<field0:int,field1:varchar(1)>>'],
      ['_col3', 'real', 'float'],
    ])
  })
})

describe('positions', () => {
  it('count from the start of the whole statement, lines too', () => {
    const sql = 'CREATE TABLE x AS\n  SELECT banana FROM stockmarket_project'
    expect(errorOf(sql, { start: 17 }).reason).toBe(
      `COLUMN_NOT_FOUND: line 2:10: Column 'banana' cannot be resolved or requester is not authorized to access requested resources`,
    )
    expect(errorOf('SELECT\n1 +\n  ;').message).toMatch(/^line 3:3: mismatched input ';'/)
  })

  it('tell syntax errors, which StartQueryExecution answers at once, from the others', () => {
    expect(errorOf('SELEC 1')).toMatchObject({ code: 'SYNTAX_ERROR', synchronous: true, category: 2, retryable: false })
    expect(errorOf('SELECT x')).toMatchObject({ code: 'COLUMN_NOT_FOUND', synchronous: false, category: 2, type: 1006 })
  })
})

describe('the parser', () => {
  it('is not slowed down by parentheses', () => {
    const nested = (open: string, inner: string, depth: number) => open.repeat(depth) + inner + ')'.repeat(depth)
    expect(translate(`SELECT * FROM ${nested('(', 'SELECT 1 AS x', 40)}`, context).columns[0]!.name).toBe('x')
    expect(translate(`SELECT ${nested('(', '1', 200)}`, context).columns).toHaveLength(1)
    expect(errorOf(`SELECT ${nested('(', 'SELECT', 40)}`).code).toBe('SYNTAX_ERROR')
  })

  it('knows MATCH_RECOGNIZE and says that it is not here', () => {
    expect(errorOf('SELECT * FROM stockmarket_project MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)')).toMatchObject({
      code: 'NOT_SUPPORTED',
      synchronous: false,
    })
  })
})

describe('parameters', () => {
  const typeOf = (text: string) => typeName(translate('SELECT ?', { ...context, parameters: [text] }).columns[0]!.type)
  it('are expressions, or texts when they are none', () => {
    expect(typeOf('5')).toBe('integer')
    expect(typeOf("DATE '2020-01-01'")).toBe('date')
    expect(typeOf("'NYA'")).toBe('varchar(3)')
    expect(typeOf('2020-01-01')).toBe('integer')
    expect(typeOf('NYA')).toBe('varchar(3)')
    expect(errorOf('SELECT ? + ?', { parameters: ['1'] }).code).toBe('INVALID_PARAMETER_USAGE')
  })
})

describe('tables', () => {
  it('are found in the current database, another one, or the catalog', () => {
    for (const name of ['stockmarket_project', 'STOCKS.Stockmarket_Project', 'AwsDataCatalog.stocks.stockmarket_project'])
      expect(translate(`SELECT 1 FROM ${name}`, context).scans[0]).toMatchObject({
        database: 'stocks',
        table: 'stockmarket_project',
      })
    expect(errorOf('SELECT 1 FROM t', { database: undefined }).code).toBe('MISSING_SCHEMA_NAME')
    expect(errorOf('SELECT 1 FROM t').message).toBe(`line 1:15: Table 'awsdatacatalog.stocks.t' does not exist`)
  })

  it('that are views of themselves are refused', () => {
    expect(() => translate('SELECT * FROM bars', withView('SELECT * FROM bars'))).toThrow(/recursive view/)
  })

  it('of hidden columns show them only by name', () => {
    expect(translate('SELECT "$path" FROM stockmarket_project', context).columns[0]!.name).toBe('$path')
    expect(translate('SELECT * FROM stockmarket_project', context).columns).toHaveLength(QUOTES.columns.length)
  })
})
