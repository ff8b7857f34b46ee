import { hash } from 'node:crypto'
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

/** A relation over Parquet files, columns by name, and the bytes of the column chunks that the query uses (nested columns count whole). A column
 *  that no file has is NULL, one of another type fails the query as Trino does. */
export async function parquetRelation(source: Source, run: RunStatements): Promise<{ sql: string; bytes: number }> {
  const { columns: there, bytes } = await footers(source.files, run)
  const columns = source.columns.map(column => `${value(source, column, there.get(column.name))} AS ${quoteName(column.name)}`)
  const sql = `SELECT ${[...columns, ...fileColumns(source, source.files)].join(', ')} FROM ${readParquet(source.files)} r`
  return { sql, bytes: [...source.used].reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0) }
}

const readParquet = (files: SourceFile[]) =>
  `read_parquet(${textList(files.map(file => file.object.path))}, union_by_name=true, hive_partitioning=false)`

interface Footers {
  /** By lower-case name. */
  columns: Map<string, FileColumn>
  bytes: Map<string, number>
}

/** What the footers of a set of files say never changes, so it is kept. */
const seen = new Map<string, Footers>()
const SEEN_LIMIT = 200

async function footers(files: SourceFile[], run: RunStatements): Promise<Footers> {
  const key = hash('sha256', files.map(({ object }) => `${object.path}\n${object.etag}`).join('\n'))
  const known = seen.get(key)
  if (known) return known
  const sizes = `SELECT lower(split_part(path_in_schema, ',', 1)), sum(total_compressed_size)::BIGINT FROM parquet_metadata(${textList(files.map(file => file.object.path))}) GROUP BY 1`
  const [described, sums] = await run([`DESCRIBE SELECT * FROM ${readParquet(files)}`, sizes])
  const found: Footers = {
    columns: new Map(described!.map(([name, type]) => [String(name).toLowerCase(), { name: String(name), type: String(type) }])),
    bytes: new Map(sums!.map(([name, sum]) => [String(name), Number(sum)])),
  }
  if (seen.size >= SEEN_LIMIT) seen.clear()
  seen.set(key, found)
  return found
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
