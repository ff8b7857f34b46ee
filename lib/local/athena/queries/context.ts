import type { Table } from '@aws-sdk/client-glue'
import type { Catalog } from '../../glue/catalog.ts'
import { databaseExists } from '../ddl/databases.ts'
import { isMissing, isView } from '../ddl/tools.ts'
import { viewOf } from '../ddl/views.ts'
import { QueryError } from '../sql/error.ts'
import type { TableShape, TranslateContext } from '../sql/translate.ts'
import { systemShape } from './information-schema.ts'

/** Columns that every table has and `*` does not show. */
const HIDDEN = [
  { name: '$path', type: 'string' },
  { name: '$file_size', type: 'bigint' },
  { name: '$partition', type: 'string' },
]

/** What the SQL translator asks about the catalog. */
export function translateContext(
  catalog: Catalog,
  { database, parameters, now }: { database?: string; parameters?: string[] | undefined; now: Date },
): TranslateContext {
  return {
    database,
    parameters,
    now,
    table: (schema, name) => tableShape(catalog, schema, name),
    hasDatabase: name => name === 'information_schema' || databaseExists(catalog, name),
  }
}

function tableShape(catalog: Catalog, database: string, name: string): TableShape | undefined {
  if (database === 'information_schema') return systemShape(name)
  const [base, suffix] = name.split('$')
  const table = lookUp(catalog, database, suffix === 'partitions' ? base! : name)
  if (!table) return undefined
  if (suffix === 'partitions')
    return { columns: (table.PartitionKeys ?? []).map(({ Name = '', Type = 'string' }) => ({ name: Name, type: Type })) }
  return isView(table) ? viewShape(table) : shapeOf(table)
}

function shapeOf(table: Table): TableShape {
  const columns = (table.StorageDescriptor?.Columns ?? []).map(({ Name = '', Type = 'string' }) => ({
    name: Name.toLowerCase(),
    type: Type,
  }))
  const keys = (table.PartitionKeys ?? []).map(({ Name = '', Type = 'string' }) => ({
    name: Name.toLowerCase(),
    type: Type,
    partition: true,
  }))
  return { columns: [...columns, ...keys], hidden: HIDDEN }
}

function viewShape(table: Table): TableShape {
  const view = viewOf(table)
  if (!view)
    throw new QueryError('NOT_SUPPORTED', `View ${table.DatabaseName}.${table.Name} was not made by Athena and cannot be read`)
  return {
    columns: (table.StorageDescriptor?.Columns ?? []).map(c => ({ name: c.Name!, type: c.Type! })),
    view: { sql: view.originalSql, database: view.schema },
  }
}

/** The table, or undefined when it or its database is not there. */
export function lookUp(catalog: Catalog, database: string, name: string): Table | undefined {
  try {
    return catalog.getTable(database, name)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
