import { awsError, glueClient, isAwsError } from './aws.ts'
import type { Lab } from './lab.ts'

export interface ColumnReport {
  name: string
  /** As the catalog writes it, such as `double` or `array<string>`. */
  type: string
}

export interface TableReport {
  database: string
  table: string
  /** `table`, or `view`. */
  kind: 'table' | 'view'
  columns: ColumnReport[]
  partitionKeys: ColumnReport[]
  location: string
  /** `json`, `csv`, `parquet`, … as the crawler found it. */
  classification: string
}

/** The tables and views of a database, sorted by name. Throws `LabError` EntityNotFoundException. */
export async function listTables(lab: Lab, database: string = lab.config.database): Promise<TableReport[]> {
  const glue = await glueClient(lab)
  const tables: TableReport[] = []
  let token: string | undefined
  do {
    const page = await glue.getTables({ DatabaseName: database, NextToken: token }).catch(error => {
      throw awsError(`database ${database}`, error)
    })
    for (const table of page.TableList ?? []) tables.push(toReport(database, table))
    token = page.NextToken
  } while (token)
  return tables.sort((a, b) => (a.table < b.table ? -1 : 1))
}

/** One table with its columns and partition keys. Throws `LabError` EntityNotFoundException. */
export async function describeTable(lab: Lab, table: string, database: string = lab.config.database): Promise<TableReport> {
  const glue = await glueClient(lab)
  const { Table } = await glue.getTable({ DatabaseName: database, Name: table }).catch(error => {
    throw awsError(`table ${database}.${table}`, error)
  })
  return toReport(database, Table!)
}

/** The partitions' values in the order of the partition keys, such as `[['2026-11-21']]`. */
export async function listPartitions(lab: Lab, table: string, database: string = lab.config.database): Promise<string[][]> {
  const glue = await glueClient(lab)
  const partitions: string[][] = []
  let token: string | undefined
  do {
    const page = await glue
      .getPartitions({ DatabaseName: database, TableName: table, NextToken: token, ExcludeColumnSchema: true })
      .catch(error => {
        throw awsError(`table ${database}.${table}`, error)
      })
    for (const { Values } of page.Partitions ?? []) partitions.push(Values ?? [])
    token = page.NextToken
  } while (token)
  return partitions
}

/** Deletes a database with its tables (the objects stay); answers false when there is none. */
export async function deleteDatabase(lab: Lab, database: string): Promise<boolean> {
  const glue = await glueClient(lab)
  try {
    await glue.deleteDatabase({ Name: database })
    return true
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return false
    throw awsError(`database ${database}`, error)
  }
}

interface GlueColumn {
  Name?: string
  Type?: string
}

interface GlueTable {
  Name?: string
  TableType?: string
  PartitionKeys?: GlueColumn[]
  StorageDescriptor?: { Columns?: GlueColumn[]; Location?: string }
  Parameters?: Record<string, string>
}

function toReport(database: string, table: GlueTable): TableReport {
  const columns = (list: GlueColumn[] = []): ColumnReport[] =>
    list.map(({ Name = '', Type = '' }) => ({ name: Name, type: Type }))
  return {
    database,
    table: table.Name ?? '',
    kind: table.TableType === 'VIRTUAL_VIEW' ? 'view' : 'table',
    columns: columns(table.StorageDescriptor?.Columns),
    partitionKeys: columns(table.PartitionKeys),
    location: table.StorageDescriptor?.Location ?? '',
    classification: table.Parameters?.classification ?? '',
  }
}
