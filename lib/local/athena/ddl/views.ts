import type { Table } from '@aws-sdk/client-glue'
import { QueryError } from '../sql/error.ts'
import { place, skipBlanks } from './cursor.ts'
import type { Statement } from './statement.ts'
import { findTable, isView, listing, nothing, type DdlResult, type DdlTools } from './tools.ts'
import { databaseExists } from './databases.ts'

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>

const PREFIX = '/* Presto View: '
const SUFFIX = ' */'

/** What Athena writes into a view's ViewOriginalText, as base64 of JSON. */
interface PrestoView {
  originalSql: string
  catalog: string
  schema: string
  columns: { name: string; type: string }[]
}

/** Stores the view as Athena does: the query in a comment of the table's text, the columns' types twice (Trino's in the text, Hive's in the catalog). */
export async function createView(tools: DdlTools, { name, orReplace, query }: Of<'create view'>): Promise<DdlResult> {
  const { catalog, sql } = tools
  const database = name.database ?? tools.database
  const at = place(sql, skipBlanks(sql, 0))
  if (!databaseExists(catalog, database)) throw new QueryError('SCHEMA_NOT_FOUND', `Schema '${database}' does not exist`, { at })
  const columns = namedColumns(tools.analyze(query.start), sql)
  const existing = findTable(tools, name)
  if (existing && !isView(existing))
    throw new QueryError('TABLE_ALREADY_EXISTS', `Table already exists: awsdatacatalog.${database}.${name.table}`, { at })
  if (existing && !orReplace)
    throw new QueryError('TABLE_ALREADY_EXISTS', `View already exists: awsdatacatalog.${database}.${name.table}`, { at })
  const view: PrestoView = {
    originalSql: sql.slice(query.start, query.end),
    catalog: 'awsdatacatalog',
    schema: tools.database,
    columns: columns.map(column => ({ name: column.name, type: column.trinoType })),
  }
  const input = {
    Name: name.table,
    Owner: 'hadoop',
    TableType: 'VIRTUAL_VIEW',
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: columns.map(column => ({ Name: column.name, Type: column.hiveType })),
      Location: '',
      SerdeInfo: {},
    },
    ViewOriginalText: `${PREFIX}${Buffer.from(JSON.stringify(view)).toString('base64')}${SUFFIX}`,
    ViewExpandedText: '/* Presto View */',
    Parameters: { comment: 'Presto View', presto_view: 'true' },
  }
  if (existing) await catalog.updateTable(database, input)
  else await catalog.createTable(database, input)
  return nothing
}

/** Columns that a table or view can have: each with a name, no name twice.
 *  @throws QueryError MISSING_COLUMN_NAME, DUPLICATE_COLUMN_NAME */
export function namedColumns<T extends { name: string }>(columns: T[], sql: string): T[] {
  const at = place(sql, skipBlanks(sql, 0))
  const names = new Set<string>()
  columns.forEach(({ name }, i) => {
    if (name === `_col${i}` && !sql.toLowerCase().includes(name))
      throw new QueryError('MISSING_COLUMN_NAME', `Column name not specified at position ${i + 1}`, { at })
    if (names.has(name.toLowerCase()))
      throw new QueryError('DUPLICATE_COLUMN_NAME', `Column name '${name}' specified more than once`, { at })
    names.add(name.toLowerCase())
  })
  return columns.map(column => ({ ...column, name: column.name.toLowerCase() }))
}

/** The query and the columns of a view in the catalog; undefined for text that is not Athena's. */
export function viewOf(table: Table): PrestoView | undefined {
  const text = table.ViewOriginalText ?? ''
  if (!text.startsWith(PREFIX)) return undefined
  try {
    return JSON.parse(Buffer.from(text.slice(PREFIX.length, -SUFFIX.length), 'base64').toString('utf8')) as PrestoView
  } catch {
    return undefined
  }
}

export async function dropView(tools: DdlTools, { name, ifExists }: Of<'drop table' | 'drop view'>): Promise<DdlResult> {
  const database = name.database ?? tools.database
  const table = findTable(tools, name)
  const at = place(tools.sql, skipBlanks(tools.sql, 0))
  if (!table && ifExists) return nothing
  if (!table) throw new QueryError('TABLE_NOT_FOUND', `View 'awsdatacatalog.${database}.${name.table}' does not exist`, { at })
  if (!isView(table))
    throw new QueryError(
      'TABLE_NOT_FOUND',
      `View 'awsdatacatalog.${database}.${name.table}' does not exist, but a table with that name exists. Did you mean DROP TABLE ${database}.${name.table}?`,
      { at },
    )
  await tools.catalog.deleteTable(database, name.table)
  return nothing
}

export function showCreateView(tools: DdlTools, { name }: Of<'show create table' | 'show create view'>): DdlResult {
  const database = name.database ?? tools.database
  const table = findTable(tools, name)
  const view = table && viewOf(table)
  if (!view)
    throw new QueryError('TABLE_NOT_FOUND', `View 'awsdatacatalog.${database}.${name.table}' does not exist`, {
      at: place(tools.sql, skipBlanks(tools.sql, 0)),
    })
  const text = `CREATE VIEW awsdatacatalog.${database}.${name.table} AS\n${view.originalSql}`
  return listing(['create view'], text.split('\n'), 'varchar')
}
