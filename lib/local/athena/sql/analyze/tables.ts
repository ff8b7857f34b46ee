import type { Name } from '../parse/ast.ts'
import { parseQuery } from '../parse/query-parser.ts'
import type { TableShape } from '../translate.ts'
import { hiveType } from '../types/resolve.ts'
import { quoteName } from '../types/types.ts'
import {
  queryError,
  type Analysis,
  type Cte,
  type Field,
  type OpenScan,
  type Relation,
  type Scope,
  type Source,
} from './scope.ts'

/** A query in FROM; `template` holds its place as NUL. */
export function derived(analysis: Analysis, template: string, query: { sql: string; fields: Field[] }): Relation {
  const name = analysis.nextName('r')
  return {
    sql: `${template.replace('\u0000', () => query.sql)} AS ${name}`,
    fields: query.fields.map((field, i) => ({ ...field, qualifier: [], sql: `${name}.c${i}` })),
  }
}

/** A name in FROM: a WITH query, a view, or a table. */
export function table(analysis: Analysis, parts: Name[], scope: Scope): Relation {
  const at = parts[0]!.at
  const names = parts.map(part => part.name.toLowerCase())
  const cte = names.length === 1 ? scope.ctes.get(names[0]!) : undefined
  if (cte) return readCte(analysis, cte, names[0]!)
  if (names.length > 3) throw queryError(analysis, 'SYNTAX_ERROR', `Too many dots in table name: ${names.join('.')}`, at)
  const [name, database = analysis.database, catalog = 'awsdatacatalog'] = [...names].reverse() as [
    string,
    string | undefined,
    string | undefined,
  ]
  if (catalog !== 'awsdatacatalog') throw queryError(analysis, 'CATALOG_NOT_FOUND', `Catalog '${catalog}' does not exist`, at)
  if (database === undefined)
    throw queryError(analysis, 'MISSING_SCHEMA_NAME', 'Schema must be specified when session schema is not set', at)
  const shape = analysis.context.table(database, name)
  if (!shape) {
    if (!analysis.context.hasDatabase(database))
      throw queryError(analysis, 'SCHEMA_NOT_FOUND', `Schema '${database}' does not exist`, at)
    throw queryError(analysis, 'TABLE_NOT_FOUND', `Table '${catalog}.${database}.${name}' does not exist`, at)
  }
  const qualifier = [catalog, database, name]
  if (shape.view) return view(analysis, shape.view, qualifier, at)
  return scan(analysis, database, name, shape, qualifier)
}

function readCte(analysis: Analysis, cte: Cte, name: string): Relation {
  cte.references++
  const alias = analysis.nextName('r')
  if (cte.recursion) cte.recursion.alias ??= alias
  const fields = cte.fields.map((field, i) => ({
    ...field,
    qualifier: [name],
    sql: `${alias}.c${i}`,
    base: field.base && { ...field.base, ctes: [...field.base.ctes, cte] },
  }))
  return { sql: `${cte.sqlName} AS ${alias}`, fields }
}

function scan(analysis: Analysis, database: string, name: string, shape: TableShape, qualifier: string[]): Relation {
  const alias = analysis.nextName('r')
  const open: OpenScan = {
    name: `scan${analysis.scans.length}`,
    database,
    table: name,
    columns: [],
    used: new Set(),
    partitions: new Map(),
    filters: [],
  }
  analysis.scans.push(open)
  const fields: Field[] = []
  for (const column of [...shape.columns, ...hiddenColumns(analysis, shape)]) {
    const type = hiveType(column.type)
    const source: Source = { scan: open, column: column.name }
    const partition = 'partition' in column && column.partition === true
    if (partition) open.partitions.set(column.name, type)
    const field: Field = {
      name: column.name,
      qualifier,
      sql: `${alias}.${quoteName(column.name)}`,
      type,
      sources: new Set([source]),
    }
    if (partition) field.base = { ...source, ctes: [] }
    if ('hidden' in column) field.hidden = true
    fields.push(field)
  }
  return { sql: `${open.name} AS ${alias}`, fields }
}

/** Hidden columns that the text names: others must not stand in the SQL, the runner's relations do not have them. */
function hiddenColumns(analysis: Analysis, { hidden = [] }: TableShape): { name: string; type: string; hidden: true }[] {
  const text = analysis.sql.toLowerCase()
  return hidden.filter(({ name }) => text.includes(`"${name}"`)).map(column => ({ ...column, hidden: true }))
}

function view(
  analysis: Analysis,
  { sql, database }: { sql: string; database: string | undefined },
  qualifier: string[],
  at: number,
): Relation {
  const id = qualifier.join('.')
  if (analysis.views.includes(id)) throw queryError(analysis, 'VIEW_IS_RECURSIVE', `Statement would create a recursive view`, at)
  const outer = { sql: analysis.sql, database: analysis.database }
  analysis.views.push(id)
  try {
    Object.assign(analysis, { sql, database })
    const query = analysis.query(parseQuery(sql), undefined, new Map())
    const inner = derived(analysis, '(\u0000)', query)
    return { sql: inner.sql, fields: inner.fields.map((field, i) => ({ ...field, name: field.name ?? `_col${i}`, qualifier })) }
  } finally {
    Object.assign(analysis, outer)
    analysis.views.pop()
  }
}
