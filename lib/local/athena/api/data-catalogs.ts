import type { Column, Database, Table } from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import type { Catalog } from '../../glue/catalog.ts'
import { invalidRequest, pageOf, validate, type Shape } from './validate.ts'

interface CatalogInput {
  CatalogName?: string
  DatabaseName?: string
  TableName?: string
  Expression?: string
  NextToken?: string
  MaxResults?: number
  Name?: string
}

const CATALOG: Shape = { CatalogName: { type: 'string', required: true, min: 1, max: 256 } }
const DATABASE: Shape = { ...CATALOG, DatabaseName: { type: 'string', required: true, min: 1, max: 128 } }

/** The metadata calls: the same catalog as Glue's, in Athena's shapes. There is one data catalog, `AwsDataCatalog`. */
export function catalogOperations(catalog: Catalog): Record<string, (input: CatalogInput) => object> {
  return {
    ListDataCatalogs: () => ({ DataCatalogsSummary: [{ CatalogName: 'AwsDataCatalog', Type: 'GLUE' }] }),
    GetDataCatalog: input => {
      validate(input, { Name: { type: 'string', required: true } })
      checkCatalog(input.Name!)
      return { DataCatalog: { Name: 'AwsDataCatalog', Type: 'GLUE', Parameters: { 'catalog-id': '000000000000' } } }
    },
    ListDatabases: input => {
      validate(input, { ...CATALOG, MaxResults: { type: 'integer', min: 1, max: 50 } })
      checkCatalog(input.CatalogName!)
      const { page, ...next } = pageOf(catalog.listDatabases(), input.NextToken, input.MaxResults ?? 50)
      return { DatabaseList: page.map(describeDatabase), ...next }
    },
    GetDatabase: input => {
      validate(input, DATABASE)
      checkCatalog(input.CatalogName!)
      return { Database: describeDatabase(found(() => catalog.getDatabase(input.DatabaseName!))) }
    },
    ListTableMetadata: input => {
      validate(input, { ...DATABASE, MaxResults: { type: 'integer', min: 1, max: 50 } })
      checkCatalog(input.CatalogName!)
      const tables = found(() => (catalog.getDatabase(input.DatabaseName!), catalog.listTables(input.DatabaseName!)))
      const kept = tables.filter(table => matches(input.Expression, table.Name!))
      const { page, ...next } = pageOf(kept, input.NextToken, input.MaxResults ?? 50)
      return { TableMetadataList: page.map(describeTable), ...next }
    },
    GetTableMetadata: input => {
      validate(input, { ...DATABASE, TableName: { type: 'string', required: true, min: 1, max: 128 } })
      checkCatalog(input.CatalogName!)
      return { TableMetadata: describeTable(found(() => catalog.getTable(input.DatabaseName!, input.TableName!))) }
    },
  }
}

function checkCatalog(name: string): void {
  if (name.toLowerCase() !== 'awsdatacatalog') throw invalidRequest(`DataCatalog ${name} was not found`)
}

/** Glue's EntityNotFoundException comes to Athena's callers as a MetadataException. */
function found<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    throw new ServiceError(
      'MetadataException',
      `${error.message} (Service: AmazonDataCatalog; Status Code: 400; Error Code: ${error.code}; Proxy: null)`,
    )
  }
}

/** The expression is a regular expression over the table's name. */
function matches(expression: string | undefined, name: string): boolean {
  try {
    return expression === undefined || new RegExp(expression).test(name)
  } catch {
    throw invalidRequest(`Expression ${expression} is not valid`)
  }
}

const describeDatabase = ({ Name, Description, Parameters }: Database) => ({
  Name,
  ...(Description !== undefined && { Description }),
  ...(Parameters && { Parameters }),
})

const describeColumn = ({ Name, Type, Comment }: Column) => ({ Name, Type, ...(Comment !== undefined && { Comment }) })

function describeTable(table: Table): object {
  const { StorageDescriptor: storage, Parameters = {} } = table
  const serde = Object.entries(storage?.SerdeInfo?.Parameters ?? {}).map(([key, value]) => [`serde.param.${key}`, value])
  return {
    Name: table.Name,
    CreateTime: epochSeconds(table.CreateTime),
    LastAccessTime: epochSeconds(table.LastAccessTime) ?? 0,
    TableType: table.TableType ?? 'EXTERNAL_TABLE',
    Columns: (storage?.Columns ?? []).map(describeColumn),
    PartitionKeys: (table.PartitionKeys ?? []).map(describeColumn),
    Parameters: {
      ...Parameters,
      ...(storage?.InputFormat && { inputformat: storage.InputFormat }),
      ...(storage?.Location && { location: storage.Location }),
      ...(storage?.OutputFormat && { outputformat: storage.OutputFormat }),
      ...Object.fromEntries(serde),
      ...(storage?.SerdeInfo?.SerializationLibrary && { 'serde.serialization.lib': storage.SerdeInfo.SerializationLibrary }),
    },
  }
}

const epochSeconds = (date: Date | undefined) => (date === undefined ? undefined : new Date(date).getTime() / 1000)
