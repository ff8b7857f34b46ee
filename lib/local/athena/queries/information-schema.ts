import type { Table } from '@aws-sdk/client-glue'
import type { Catalog } from '../../glue/catalog.ts'
import { allColumns, isView } from '../ddl/tools.ts'
import { viewOf } from '../ddl/views.ts'
import { hiveType } from '../sql/types/resolve.ts'
import { duckdbType, quoteName, quoteText, typeName } from '../sql/types/types.ts'
import type { TableShape } from '../sql/translate.ts'

const CATALOG = 'awsdatacatalog'
type Cell = string | number | null

interface SystemTable {
  columns: { name: string; type: 'string' | 'bigint' }[]
  rows(catalog: Catalog): Cell[][]
}

const strings = (...names: string[]) => names.map(name => ({ name, type: 'string' as const }))

const TABLES: Record<string, SystemTable> = {
  schemata: {
    columns: strings('catalog_name', 'schema_name'),
    rows: catalog => [...databases(catalog), 'information_schema'].map(name => [CATALOG, name]),
  },
  tables: {
    columns: strings('table_catalog', 'table_schema', 'table_name', 'table_type'),
    rows: catalog => [
      ...Object.keys(TABLES).map(name => [CATALOG, 'information_schema', name, 'BASE TABLE']),
      ...everyTable(catalog).map(table => [CATALOG, table.DatabaseName!, table.Name!, isView(table) ? 'VIEW' : 'BASE TABLE']),
    ],
  },
  columns: {
    columns: [
      ...strings('table_catalog', 'table_schema', 'table_name', 'column_name'),
      { name: 'ordinal_position', type: 'bigint' },
      ...strings('column_default', 'is_nullable', 'data_type'),
    ],
    rows: catalog => everyTable(catalog).flatMap(columnRows),
  },
  views: {
    columns: strings('table_catalog', 'table_schema', 'table_name', 'view_definition'),
    rows: catalog =>
      everyTable(catalog)
        .filter(isView)
        .map(view => [CATALOG, view.DatabaseName!, view.Name!, viewOf(view)?.originalSql ?? null]),
  },
}

const databases = (catalog: Catalog) => catalog.listDatabases().map(database => database.Name!)
const everyTable = (catalog: Catalog) => databases(catalog).flatMap(name => catalog.listTables(name))

function columnRows(table: Table): Cell[][] {
  const view = viewOf(table)
  const columns = view
    ? view.columns
    : allColumns(table).map(({ Name, Type }) => ({ name: Name!, type: typeName(hiveType(Type ?? 'string')) }))
  return columns.map(({ name, type }, i) => [
    CATALOG,
    table.DatabaseName!,
    table.Name!,
    name.toLowerCase(),
    i + 1,
    null,
    'YES',
    type,
  ])
}

/** The shape of a table of information_schema; undefined when there is none of that name. */
export function systemShape(name: string): TableShape | undefined {
  const table = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined
  return table && { columns: table.columns }
}

/** The rows of such a table, as a DuckDB query. */
export function systemRelation(name: string, catalog: Catalog): string {
  const { columns, rows } = TABLES[name]!
  return literalRelation(columns, rows(catalog))
}

/** `t$partitions`: the values of the table's partitions, typed as its keys. */
export function partitionsRelation(table: Table, catalog: Catalog): string {
  const columns = (table.PartitionKeys ?? []).map(key => ({ name: key.Name!, type: key.Type ?? 'string' }))
  const partitions = catalog.listPartitions(table.DatabaseName!, table.Name!)
  return literalRelation(
    columns,
    partitions.map(partition => partition.Values ?? []),
  )
}

function literalRelation(columns: { name: string; type: string }[], rows: Cell[][]): string {
  const names = columns.map(column => quoteName(column.name)).join(', ')
  const typed = columns
    .map(({ name, type }) => `CAST(${quoteName(name)} AS ${duckdbType(hiveType(type))}) AS ${quoteName(name)}`)
    .join(', ')
  const cell = (value: Cell) => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : quoteText(value))
  const values =
    rows.length > 0 ? rows.map(row => `(${row.map(cell).join(', ')})`).join(', ') : `(${columns.map(() => 'NULL').join(', ')})`
  return `SELECT ${typed} FROM (VALUES ${values}) AS rows(${names})${rows.length > 0 ? '' : ' WHERE false'}`
}
