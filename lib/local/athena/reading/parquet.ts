import { duckdbType, quoteName, quoteText } from '../sql/types/types.ts'
import type { ReadColumn, RunStatements, Source, SourceFile } from './source.ts'
import { fileColumns, textList } from './statements.ts'

/** What a file's column may be read as, by DuckDB's name of the file's type; the type itself is always right. */
const READ_AS: Record<string, string[]> = {
  tinyint: ['smallint', 'integer', 'bigint', 'varchar'],
  smallint: ['tinyint', 'integer', 'bigint', 'varchar'],
  integer: ['tinyint', 'smallint', 'bigint', 'varchar'],
  bigint: ['tinyint', 'smallint', 'integer', 'timestamp', 'varchar'],
  utinyint: ['smallint', 'integer', 'bigint'],
  usmallint: ['integer', 'bigint'],
  uinteger: ['integer', 'bigint'],
  ubigint: ['bigint'],
  float: ['double'],
  varchar: ['char', 'json', 'varbinary'],
  blob: ['varbinary', 'varchar'],
  timestamp: ['timestamp with time zone'],
}

interface FileColumn {
  name: string
  type: string
}

/** A relation over Parquet files, columns by name; a column that a file does not have is NULL, one of another type fails the query as Trino does. */
export async function parquetRelation(source: Source, run: RunStatements): Promise<string> {
  const paths = textList(source.files.map(file => file.object.path))
  const from = `read_parquet(${paths}, union_by_name=true, hive_partitioning=false)`
  const described = (await run([`DESCRIBE SELECT * FROM ${from}`]))[0]!
  const there = new Map(described.map(([name, type]) => [String(name).toLowerCase(), { name: String(name), type: String(type) }]))
  const columns = source.columns.map(column => `${value(source, column, there.get(column.name))} AS ${quoteName(column.name)}`)
  return `SELECT ${[...columns, ...fileColumns(source, source.files)].join(', ')} FROM ${from} r`
}

function value(source: Source, column: ReadColumn, file: FileColumn | undefined): string {
  const target = duckdbType(column.type)
  if (!file) return `NULL::${target}`
  const base = file.type.toLowerCase().replace(/\(.*|\[\]$/s, '')
  if (file.type !== target && !readable(column, base, file.type)) {
    const path = `s3://${source.files[0]!.bucket}/${source.files[0]!.object.key}`
    const message = `Field ${column.name}'s type ${file.type} in parquet file ${path} is incompatible with type ${column.hive} defined in table schema`
    return `CAST(error(${quoteText(`\u00a1HIVE_BAD_DATA: ${message}`)} || substr(CAST(file_index AS VARCHAR), 1, 0)) AS ${target})`
  }
  return file.type === target ? `r.${quoteName(file.name)}` : `CAST(r.${quoteName(file.name)} AS ${target})`
}

function readable(column: ReadColumn, base: string, type: string): boolean {
  const { kind } = column.type
  if (kind === 'array') return type.endsWith('[]')
  if (kind === 'row') return base === 'struct'
  if (kind === 'real') return base === 'float'
  if (kind === 'timestamp') return base.startsWith('timestamp') || base === 'bigint'
  if (kind === 'decimal') return base === 'decimal' || base === 'integer' || base === 'bigint'
  return kind === base || (READ_AS[base] ?? []).includes(kind)
}

/** Bytes of the column chunks that a query over `columns` reads. Nested columns count whole. */
export async function parquetBytes(files: SourceFile[], columns: string[], run: RunStatements): Promise<number> {
  const paths = textList(files.map(file => file.object.path))
  const wanted = textList(columns.map(column => column.toLowerCase()))
  const sql = `SELECT coalesce(sum(total_compressed_size), 0)::BIGINT FROM parquet_metadata(${paths}) WHERE list_contains(${wanted}, lower(split_part(path_in_schema, ',', 1)))`
  return Number((await run([sql]))[0]?.[0]?.[0] ?? 0)
}
