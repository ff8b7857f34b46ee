import { analyseExpression } from './analyze/expression.ts'
import { analyseQuery } from './analyze/query.ts'
import { touchFields, type Analysis, type OpenScan } from './analyze/scope.ts'
import { storedSql } from './generate/stored.ts'
import { valueText } from './generate/text.ts'
import { parseQuery } from './parse/query-parser.ts'
import { quoteName, type Type } from './types/types.ts'
export { QueryError } from './error.ts'

/** What the analyser must know about a table. Names in lower case; types in Hive's words (`string`, `array<int>`) as the catalog has them. */
export interface TableShape {
  columns: { name: string; type: string; partition?: boolean }[]
  /** Columns that can be named but are not in `*`, such as `$path`. */
  hidden?: { name: string; type: string }[]
  /** Set for a view: its query in Trino's SQL and the database it was made in. */
  view?: { sql: string; database: string | undefined }
}

export interface TranslateContext {
  /** The query's current database. */
  database?: string | undefined
  /** Undefined: there is no such table. Both names come in lower case. `information_schema` is asked like any other database. */
  table(database: string, table: string): TableShape | undefined
  hasDatabase(database: string): boolean
  /** Values for `?`, each an expression in Trino's SQL. */
  parameters?: string[] | undefined
  /** Where the query begins in `sql`: for CTAS, INSERT, UNLOAD, EXPLAIN, PREPARE, CREATE VIEW, so that positions count from the statement's start. */
  start?: number
  /** The instant of `now()`, `current_date`; default: the time of the call. */
  now?: Date
}

/** One place where the query reads a table. The runner must make a relation (temporary view) called `name` that has all of the table's columns
 *  under their catalog names in lower case, in the forms of `duckdbType`; DuckDB itself then reads only those that are needed. */
export interface Scan {
  /** `scan0`, `scan1`, … in DuckDB's text. */
  name: string
  database: string
  table: string
  /** The columns that the result depends on (hidden ones too); empty for `count(*)`. For DataScannedInBytes. */
  columns: string[]
  /** A DuckDB condition over the table's partition columns only (plain names, typed as the catalog says): a partition for which it is not true
   *  can be left out. */
  partitionFilter?: string | undefined
}

export interface Translated {
  /** DuckDB's SELECT; its columns are called c0, c1, … and have the types of `duckdbType(column.type)`. */
  duckdb: string
  /** The same rows as text: every column is VARCHAR (or NULL) as Athena prints it. Ready for COPY … (FORMAT csv, FORCE_QUOTE *). */
  text: string
  /** The same rows with the result's own names and values in plain DuckDB types, for COPY … TO parquet or json (CTAS, INSERT, UNLOAD). */
  stored: string
  columns: { name: string; type: Type }[]
  scans: Scan[]
}

/** Translates one Trino query (SELECT, WITH, VALUES, TABLE) to DuckDB. Throws QueryError: SYNTAX_ERROR for what is not Trino's grammar, and the
 *  analyser's errors (COLUMN_NOT_FOUND, TYPE_MISMATCH, …). Nothing of the text goes to DuckDB as it is. */
export function translate(sql: string, context: TranslateContext): Translated {
  const node = parseQuery(sql, context.start)
  const analysis = newAnalysis(sql, context)
  const query = analysis.query(node, undefined, new Map())
  touchFields(analysis, query.fields)
  for (const { scan, column } of analysis.touched) scan.used.add(column)
  const duckdb = query.sql
  const columns = query.fields.map((field, i) => ({ name: field.name ?? `_col${i}`, type: field.type }))
  const list = (render: (column: string, type: Type, index: number) => string) =>
    columns.map(({ type }, i) => `${render(`c${i}`, type, i)}`).join(', ')
  return {
    duckdb,
    text: `SELECT ${list((c, type, i) => `CAST(${valueText(c, type)} AS VARCHAR) AS c${i}`)} FROM (${duckdb})`,
    stored: `SELECT ${list((c, type, i) => `${storedSql(c, type)} AS ${quoteName(columns[i]!.name)}`)} FROM (${duckdb})`,
    columns,
    scans: analysis.scans.map(closed),
  }
}

function newAnalysis(sql: string, context: TranslateContext): Analysis {
  let names = 0
  const analysis: Analysis = {
    sql,
    context,
    now: context.now ?? new Date(),
    scans: [],
    touched: new Set(),
    database: context.database?.toLowerCase(),
    views: [],
    nextName: prefix => `${prefix}${++names}`,
    expression: (expression, scope) => analyseExpression(analysis, expression, scope),
    query: (query, parent, ctes) => analyseQuery(analysis, query, parent, ctes),
  }
  return analysis
}

function closed({ name, database, table, used, filters }: OpenScan): Scan {
  const usable = filters.filter(filter => filter.ctes.every(cte => cte.references <= 1)).map(filter => filter.sql)
  return { name, database, table, columns: [...used], partitionFilter: usable.length ? usable.join(' AND ') : undefined }
}
