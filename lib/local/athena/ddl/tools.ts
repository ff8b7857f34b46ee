import type { Column, Table, TableInput } from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import type { Catalog } from '../../glue/catalog.ts'
import type { Storage } from '../../s3/storage.ts'
import { HiveError } from '../queries/failure.ts'
import type { ResultColumn } from '../queries/result-columns.ts'
import type { TableName } from './statement.ts'

/** What DDL statements work on. */
export interface DdlTools {
  catalog: Catalog
  storage: Storage
  /** The current database. */
  database: string
  /** Columns of a query that begins at `start` of the statement; names and Trino's types. @throws QueryError */
  analyze(start: number): { name: string; trinoType: string; hiveType: string }[]
  /** The statement as typed. */
  sql: string
}

/** What a DDL statement answers. The result object is its lines, and on AWS only some statements have a `.metadata` beside it:
 *  `columns` with the column list, `id` with nothing but the query's id. */
export interface DdlResult {
  columns: ResultColumn[]
  lines: string[]
  updateCount?: number
  metadata?: 'columns' | 'id'
}

/** CREATE, DROP and most of ALTER: an empty result object and nothing else. */
export const nothing: DdlResult = { columns: [], lines: [] }

/** A result of one `string` column (or several, tab-joined in one value), as SHOW gives it. */
export const listing = (columns: string[], lines: string[], type = 'string'): DdlResult => ({
  columns: columns.map(name => ({ name, type })),
  lines,
  updateCount: 0,
  metadata: 'columns',
})

/** The table, or Hive's sentence for one that is not there. */
export function tableOf({ catalog, database }: DdlTools, name: TableName): Table {
  try {
    return catalog.getTable(name.database ?? database, name.table)
  } catch (error) {
    if (isMissing(error))
      throw new HiveError(`FAILED: SemanticException [Error 10001]: Table not found ${name.database ?? database}.${name.table}`, {
        category: 2,
        type: 1301,
      })
    throw error
  }
}

/** Whether there is such a table or view. */
export function findTable({ catalog, database }: DdlTools, name: TableName): Table | undefined {
  try {
    return catalog.getTable(name.database ?? database, name.table)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export const isMissing = (error: unknown) => error instanceof ServiceError && error.code === 'EntityNotFoundException'

export const isView = (table: Table) => table.TableType === 'VIRTUAL_VIEW'

/** Hive's way of reporting what its metastore (here: the catalog) refused. */
export const executionError = (message: string, type = 1006) =>
  new HiveError(`FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. ${message}`, { type })

/** The input that would store the table as it is. */
export function tableInput(table: Table): TableInput {
  const {
    Name,
    Description,
    Owner,
    LastAccessTime,
    Retention,
    StorageDescriptor,
    PartitionKeys,
    ViewOriginalText,
    ViewExpandedText,
    TableType,
    Parameters,
  } = table
  const input = {
    Name,
    Description,
    Owner,
    LastAccessTime,
    Retention,
    StorageDescriptor,
    PartitionKeys,
    ViewOriginalText,
    ViewExpandedText,
    TableType,
    Parameters,
  }
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as unknown as TableInput
}

/** Columns of the catalog in the order in which SELECT * has them. */
export const allColumns = (table: Table): Column[] => [
  ...(table.StorageDescriptor?.Columns ?? []),
  ...(table.PartitionKeys ?? []),
]
