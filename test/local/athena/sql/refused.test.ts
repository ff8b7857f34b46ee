import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionNames } from '../../../../lib/local/athena/sql/functions/registry.ts'
import { translate } from '../../../../lib/local/athena/sql/translate.ts'
import { context, openEngine, type Engine } from './engine.ts'

/** Trino's code for what the text of a query may not reach. */
const codeOf = (sql: string): string => {
  try {
    translate(sql, context)
    return 'translated'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('what only DuckDB knows is refused', () => {
  const functions =
    `read_csv read_csv_auto read_json read_json_auto read_ndjson read_parquet parquet_scan read_text read_blob glob getenv getvariable
    duckdb_settings duckdb_secrets pragma_table_info which_secret query query_table sniff_csv http_get load_aws_credentials current_setting
    list_value struct_pack regexp_matches string_split strftime epoch list_transform unhex hex error`.split(/\s+/)
  it.each(functions)('%s()', name => {
    expect(codeOf(`SELECT ${name}('/etc/passwd')`)).toBe('FUNCTION_NOT_FOUND')
    expect(codeOf(`SELECT * FROM ${name}('/etc/passwd')`)).toBe('SYNTAX_ERROR')
    expect(codeOf(`SELECT * FROM TABLE(${name}('/etc/passwd'))`)).toBe('FUNCTION_NOT_FOUND')
  })

  it.each([
    `SELECT * FROM '/etc/passwd'`,
    `PRAGMA database_list`,
    `COPY (SELECT 1) TO '/tmp/x'`,
    `ATTACH '/tmp/x.db'`,
    `INSTALL httpfs`,
    `LOAD httpfs`,
    `SET threads = 1`,
    `EXPORT DATABASE 'x'`,
    `CALL pragma_version()`,
    `CREATE SECRET (TYPE s3)`,
    `FROM stockmarket_project`,
    `SUMMARIZE stockmarket_project`,
    `SELECT 1; SELECT 2`,
    `SELECT close::integer FROM stockmarket_project`,
    `SELECT * EXCLUDE (close) FROM stockmarket_project`,
    `SELECT TOP 5 * FROM stockmarket_project`,
    `SELECT close FROM stockmarket_project QUALIFY row_number() OVER () = 1`,
    `SELECT 1 WHERE 'a' ILIKE 'A'`,
    `SELECT {'a': 1}`,
    `SELECT 7 // 2`,
    `SELECT $1`,
    `SELECT #1 FROM stockmarket_project`,
  ])('%s', sql => {
    expect(codeOf(sql)).toBe('SYNTAX_ERROR')
  })

  it.each([
    `SELECT * FROM "/etc/passwd"`,
    `SELECT * FROM "quotes.parquet"`,
    `SELECT * FROM duckdb_tables`,
    `SELECT * FROM sqlite_master`,
  ])('%s', sql => {
    expect(codeOf(sql)).toBe('TABLE_NOT_FOUND')
  })

  it('names no function that opens files, whatever the list grows to', () => {
    expect(
      functionNames().filter(name => /^(read_|scan|glob|getenv|copy|attach|load|install|pragma|duckdb|query)/.test(name)),
    ).toEqual([])
  })
})

describe('what stands in a text stays text', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine()
  })
  afterAll(() => engine.close())

  it.each([`'; DROP TABLE quotes; --`, `\\'`, `$1 \${x}`, `"`, `{brace}`, `\u0001q1\u0001`, `lp1 e1`])('%s', async text => {
    const quoted = `'${text.replaceAll("'", "''")}'`
    expect((await engine.ask(`SELECT ${quoted}, concat(${quoted}, '!'), transform(ARRAY[1], x -> ${quoted})[1]`)).rows).toEqual([
      [text, `${text}!`, text],
    ])
    const name = `"${text.replaceAll('"', '""')}"`
    expect((await engine.ask(`SELECT t.${name} FROM (SELECT 1 AS ${name}) AS t`)).columns[0]!.name).toBe(text)
  })
})
