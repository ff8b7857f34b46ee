import type { Type } from './types.ts'
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

/** One place where the query reads a table. The runner must make a relation (temporary view) called `name`, with at least `columns`. */
export interface Scan {
  /** `scan0`, `scan1`, … in DuckDB's text. */
  name: string
  database: string
  table: string
  /** The columns that are used, in lower case (hidden ones too); empty for `count(*)`. */
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
