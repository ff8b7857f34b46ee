import type { Table } from '@aws-sdk/client-glue'
import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import { QueryError } from '../sql/error.ts'
import { quoteName } from '../sql/types/types.ts'
import { csvRelation } from './csv.ts'
import { listFiles } from './files.ts'
import { jsonKeys } from './json-keys.ts'
import { jsonRelation } from './json.ts'
import { parquetRelation } from './parquet.ts'
import { checkSchema, choosePartitions, readColumns } from './partitions.ts'
import { serdeOf, type ReadColumn, type RunStatements, type Source, type SourceFile } from './source.ts'
import { emptyRelation } from './statements.ts'

/** What a scan of a table needs besides the table. */
export interface ReadingTools {
  catalog: Catalog
  storage: Storage
  run: RunStatements
  /** For date projections that count from NOW. */
  now: Date
}

/** Which part of a table is read. */
export interface ScanOf {
  table: Table
  /** The columns that the result depends on. */
  columns: string[]
  partitionFilter?: string | undefined
}

/** A DuckDB query with all of the table's columns, and the bytes that reading it costs.
 *  @throws QueryError with the HIVE_ error names of what is wrong with the table */
export async function relation(scan: ScanOf, tools: ReadingTools): Promise<{ sql: string; bytes: number }> {
  const { table } = scan
  const columns = readColumns(table.StorageDescriptor?.Columns)
  const partitionKeys = readColumns(table.PartitionKeys)
  const serde = serdeFor(table)
  checkColumns(table, [...columns, ...partitionKeys])
  const files = await sourceFiles(scan, columns, partitionKeys, tools)
  if (files.length === 0) return { sql: emptyRelation([...columns, ...partitionKeys]), bytes: 0 }
  const source: Source = {
    name: `${table.DatabaseName}.${table.Name}`,
    serde,
    parameters: table.StorageDescriptor?.SerdeInfo?.Parameters ?? {},
    tableParameters: table.Parameters ?? {},
    columns,
    partitionKeys,
    used: new Set(scan.columns),
    files,
  }
  if (serde === 'parquet') return parquetRelation(source, tools.run)
  const bytes = files.reduce((sum, file) => sum + file.object.sizeBytes, 0)
  if (serde === 'lazy-simple' || serde === 'open-csv') return { sql: csvRelation(source), bytes }
  return { sql: jsonRelation(source, await jsonKeys(source, tools.run)), bytes }
}

async function sourceFiles(scan: ScanOf, columns: ReadColumn[], keys: ReadColumn[], tools: ReadingTools): Promise<SourceFile[]> {
  const { table } = scan
  if (keys.length === 0) return located(tools.storage, table.StorageDescriptor?.Location ?? '', [])
  const places = await choosePartitions(table, { ...tools, filter: scan.partitionFilter })
  const used = columns.filter(column => scan.columns.includes(column.name))
  const files: SourceFile[] = []
  for (const place of places) {
    checkSchema(table, used, keys, place)
    for (const file of await located(tools.storage, place.location, place.values)) files.push(file)
  }
  return files
}

async function located(storage: Storage, location: string, partition: (string | null)[]): Promise<SourceFile[]> {
  const { bucket, objects } = await listFiles(storage, location)
  return objects.map(object => ({ object, bucket, partition }))
}

function serdeFor(table: Table) {
  const library = table.StorageDescriptor?.SerdeInfo?.SerializationLibrary
  const serde = serdeOf(library)
  if (serde) return serde
  throw new QueryError(
    'NOT_SUPPORTED',
    `tickerlake does not read the SerDe ${library ?? '(none)'} of table ${table.DatabaseName}.${table.Name}`,
  )
}

function checkColumns(table: Table, columns: ReadColumn[]): void {
  const names = new Set<string>()
  for (const { name } of columns) {
    if (names.has(name))
      throw new QueryError(
        'HIVE_INVALID_METADATA',
        `Hive metadata for table ${table.Name} is invalid: Table descriptor contains duplicate columns`,
      )
    names.add(name)
  }
}

/** The statement that makes a scan's relation visible under its name. */
export const asView = (name: string, sql: string) => `CREATE TEMPORARY VIEW ${quoteName(name)} AS ${sql}`
