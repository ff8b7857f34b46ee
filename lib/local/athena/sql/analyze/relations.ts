import { coerceSql } from '../generate/cast.ts'
import type { TableShape } from '../translate.ts'
import { locate, type Name, type Relation as RelationNode } from '../parse/ast.ts'
import { parseQuery } from '../parse/query-parser.ts'
import { commonType } from '../types/coerce.ts'
import { hiveType } from '../types/resolve.ts'
import { BIGINT, fieldKey, quoteName, quoteText, typeName, UNKNOWN, type Type } from '../types/types.ts'
import { condition } from './conditionals.ts'
import { matching } from './names.ts'
import {
  newScope,
  queryError,
  type Analysis,
  type Cte,
  type Field,
  type OpenScan,
  type Relation,
  type Scope,
  type Source,
  type Value,
} from './scope.ts'

/** Analyses one item of FROM. `scope` is the query's scope so far: what stands left of it (for UNNEST and LATERAL) is in `left`. */
export function relation(analysis: Analysis, node: RelationNode, scope: Scope, left?: Relation): Relation {
  switch (node.kind) {
    case 'table':
      return table(analysis, node.name, scope)
    case 'subquery': {
      const parent = node.lateral && left ? newScope(scope.parent, scope.ctes, left.fields) : scope.parent
      return derived(analysis, `${node.lateral ? 'LATERAL ' : ''}(${'\u0000'})`, analysis.query(node.query, parent, scope.ctes))
    }
    case 'unnest':
      return unnest(analysis, node, scope, left, 'INNER')
    case 'tableFunction':
      return tableFunction(analysis, node, scope)
    case 'alias':
      return aliased(analysis, relation(analysis, node.relation, scope, left), node.name, node.columns, node.at)
    case 'sample': {
      const inner = relation(analysis, node.relation, scope, left)
      const percentage = analysis.expression(node.percentage, newScope(undefined, scope.ctes))
      const share = Number(percentage.literal ?? 100)
      if (!(share >= 0 && share <= 100))
        throw queryError(analysis, 'INVALID_ARGUMENTS', 'Sample percentage must be between 0 and 100', node.percentage.at)
      const name = analysis.nextName('r')
      const columns = inner.fields.map((field, i) => `${field.sql} AS c${i}`).join(', ') || '1'
      const fields = inner.fields.map((field, i) => ({ ...field, sql: `${name}.c${i}` }))
      return { sql: `(SELECT ${columns} FROM ${inner.sql} USING SAMPLE ${share} PERCENT (bernoulli)) AS ${name}`, fields }
    }
    case 'join':
      return join(analysis, node, scope, left)
  }
}

function derived(analysis: Analysis, template: string, query: { sql: string; fields: Field[] }): Relation {
  const name = analysis.nextName('r')
  return {
    sql: `${template.replace('\u0000', () => query.sql)} AS ${name}`,
    fields: query.fields.map((field, i) => ({ ...field, qualifier: [], sql: `${name}.c${i}` })),
  }
}

function aliased(analysis: Analysis, inner: Relation, name: Name, columns: Name[] | undefined, at = name.at): Relation {
  const visible = inner.fields.filter(field => !field.hidden)
  if (columns && columns.length !== visible.length) {
    const message = `Column alias list has ${columns.length} entries but '${name.name}' has ${visible.length} columns available`
    throw queryError(analysis, 'MISMATCHED_COLUMN_ALIASES', message, at)
  }
  let next = 0
  const fields = inner.fields.map(field => {
    const renamed = columns && !field.hidden ? columns[next++]!.name : field.name
    return { ...field, name: renamed, qualifier: [name.name.toLowerCase()] }
  })
  return { sql: inner.sql, fields }
}

function table(analysis: Analysis, parts: Name[], scope: Scope): Relation {
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

type Unnest = RelationNode & { kind: 'unnest' }

/** The columns that UNNEST makes of each value: one for an array, two for a map, one for each field of a row. */
function unnestColumns(
  analysis: Analysis,
  node: Unnest,
  values: Value[],
): { sql: string; type: Type; name?: string | undefined }[] {
  return values.flatMap((value, i): { sql: string; type: Type; name?: string | undefined }[] => {
    const { type, sql } = value
    if (type.kind === 'map')
      return [
        { sql: `map_keys(${sql})`, type: type.key },
        { sql: `map_values(${sql})`, type: type.value },
      ]
    if (type.kind !== 'array')
      throw queryError(analysis, 'INVALID_FUNCTION_ARGUMENT', `Cannot unnest type: ${typeName(type)}`, node.values[i]!.at)
    const { element } = type
    if (element.kind !== 'row') return [{ sql: element.kind === 'unknown' ? `CAST(${sql} AS INTEGER[])` : sql, type: element }]
    return element.fields.map((field, index) => ({
      sql: `list_transform(${sql}, lambda u: struct_extract(u, ${quoteText(fieldKey(field, index))}))`,
      type: field.type,
      name: field.name,
    }))
  })
}

/** UNNEST becomes a SELECT over what stands left of it with DuckDB's unnest() in its items: far cheaper than a lateral join. */
function unnest(analysis: Analysis, node: Unnest, scope: Scope, left: Relation | undefined, type: 'INNER' | 'LEFT'): Relation {
  const inner = left ? newScope(scope.parent, scope.ctes, left.fields) : newScope(scope.parent, scope.ctes)
  const columns = unnestColumns(
    analysis,
    node,
    node.values.map(value => analysis.expression(value, inner)),
  )
  const name = analysis.nextName('r')
  const length = `greatest(${columns.map(column => `coalesce(len(${column.sql}), 0)`).join(', ')})`
  const lists = columns.map(column => column.sql)
  const ordinals = node.ordinality ? [`range(1, ${length} + 1)`] : []
  const before = left?.fields ?? []
  const kept = before.map((field, i) => `${field.sql} AS c${i}`)
  const opened = [...lists, ...ordinals].map((list, i) => {
    const padded = type === 'LEFT' ? `CASE WHEN ${length} > 0 THEN ${list} ELSE [NULL] END` : list
    return `unnest(${padded}) AS c${before.length + i}`
  })
  const fields: Field[] = [
    ...before.map((field, i) => ({ ...field, sql: `${name}.c${i}` })),
    ...[...columns, ...(node.ordinality ? [{ type: BIGINT, name: 'ordinality' }] : [])].map((column, i) => ({
      name: column.name,
      qualifier: [],
      sql: `${name}.c${before.length + i}`,
      type: column.type,
      sources: new Set<Source>(),
    })),
  ]
  const from = left ? ` FROM ${left.sql}` : ''
  return { sql: `(SELECT ${[...kept, ...opened].join(', ')}${from}) AS ${name}`, fields }
}

/** UNNEST under an alias, which may name its columns. */
function asUnnest(node: RelationNode): { unnest: Unnest; alias?: Name; columns?: Name[] | undefined } | undefined {
  if (node.kind === 'unnest') return { unnest: node }
  return node.kind === 'alias' && node.relation.kind === 'unnest'
    ? { unnest: node.relation, alias: node.name, columns: node.columns }
    : undefined
}

type Join = RelationNode & { kind: 'join' }

function join(analysis: Analysis, node: Join, scope: Scope, outer: Relation | undefined): Relation {
  if (node.natural) throw queryError(analysis, 'NOT_SUPPORTED', 'Natural join not supported', node.at)
  const left = relation(analysis, node.left, scope, outer)
  const opened = asUnnest(node.right)
  if (opened && node.type !== 'RIGHT' && node.type !== 'FULL') return joinUnnest(analysis, node, scope, left, opened)
  const right = relation(analysis, node.right, scope, opened ? undefined : left)
  if (node.using) return joinUsing(analysis, node, left, right)
  const both = combined(node.type, left, right)
  if (!node.on) return { sql: `${left.sql} CROSS JOIN ${right.sql}`, fields: both }
  const on = condition(
    analysis,
    node.on,
    {
      ...newScope(scope.parent, scope.ctes, [...left.fields, ...right.fields]),
      scalarOnly: { clause: 'JOIN clause', at: locate(node.on) },
    },
    'JOIN ON clause must evaluate to a boolean',
  )
  return { sql: `(${left.sql} ${node.type} JOIN ${right.sql} ON ${on.sql})`, fields: both }
}

/** Conditions on the side that an outer join fills with NULLs must not prune its partitions. */
function combined(type: Join['type'], left: Relation, right: Relation): Field[] {
  const plain = (field: Field): Field => ({ ...field, base: undefined })
  const l = type === 'RIGHT' || type === 'FULL' ? left.fields.map(plain) : left.fields
  const r = type === 'LEFT' || type === 'FULL' ? right.fields.map(plain) : right.fields
  return [...l, ...r]
}

function joinUnnest(
  analysis: Analysis,
  node: Join,
  scope: Scope,
  left: Relation,
  opened: NonNullable<ReturnType<typeof asUnnest>>,
): Relation {
  const always = !node.on || (node.on.kind === 'boolean' && node.on.value)
  if (node.type === 'LEFT' && !always)
    throw queryError(
      analysis,
      'NOT_SUPPORTED',
      `${node.type} JOIN involving UNNEST is only supported with condition ON TRUE`,
      node.at,
    )
  const whole = unnest(analysis, opened.unnest, scope, left, node.type === 'LEFT' ? 'LEFT' : 'INNER')
  const fresh: Relation = { sql: '', fields: whole.fields.slice(left.fields.length) }
  const named = opened.alias ? aliased(analysis, fresh, opened.alias, opened.columns) : fresh
  const fields = [...whole.fields.slice(0, left.fields.length), ...named.fields]
  if (always) return { sql: whole.sql, fields }
  const on = condition(
    analysis,
    node.on!,
    newScope(scope.parent, scope.ctes, fields),
    'JOIN ON clause must evaluate to a boolean',
  )
  const name = analysis.nextName('r')
  const inner = whole.sql.slice(whole.sql.lastIndexOf(' AS ') + 4)
  return {
    sql: `(SELECT * FROM ${whole.sql} WHERE ${on.sql}) AS ${name}`,
    fields: fields.map(field => ({ ...field, sql: field.sql.replace(`${inner}.`, `${name}.`) })),
  }
}

function joinUsing(analysis: Analysis, node: Join, left: Relation, right: Relation): Relation {
  const names = node.using ?? []
  const merged: Field[] = []
  const conditions: string[] = []
  for (const { name, at } of names) {
    const [l] = matching(left.fields, [], name.toLowerCase())
    const [r] = matching(right.fields, [], name.toLowerCase())
    if (!l || !r)
      throw queryError(analysis, 'COLUMN_NOT_FOUND', `Column '${name}' is missing from ${l ? 'right' : 'left'} side of join`, at)
    const type = commonType(l.type, r.type)
    if (!type)
      throw queryError(
        analysis,
        'TYPE_MISMATCH',
        `Column '${name}' has incompatible types: ${typeName(l.type)}, ${typeName(r.type)}`,
        at,
      )
    const [x, y] = [coerceSql(l.sql, l.type, type), coerceSql(r.sql, r.type, type)]
    conditions.push(`${x} = ${y}`)
    for (const source of [...l.sources, ...r.sources]) analysis.touched.add(source)
    merged.push({ name, qualifier: [], sql: `coalesce(${x}, ${y})`, type, sources: new Set([...l.sources, ...r.sources]) })
  }
  const used = new Set(names.map(({ name }) => name.toLowerCase()))
  const rest = combined(node.type, left, right).filter(field => !used.has(field.name?.toLowerCase() ?? ''))
  const sql = conditions.length
    ? `(${left.sql} ${node.type} JOIN ${right.sql} ON ${conditions.join(' AND ')})`
    : `${left.sql} CROSS JOIN ${right.sql}`
  return { sql, fields: [...merged, ...rest] }
}

/** `TABLE(sequence(1, 10))` is the only table function. */
function tableFunction(analysis: Analysis, node: RelationNode & { kind: 'tableFunction' }, scope: Scope): Relation {
  if (node.name !== 'sequence')
    throw queryError(analysis, 'FUNCTION_NOT_FOUND', `Table function '${node.name}' not registered`, node.at)
  const values = node.arguments.map(argument => analysis.expression(argument, newScope(scope.parent, scope.ctes)))
  const sqls = values.map(value => coerceSql(value.sql, value.type, BIGINT))
  const name = analysis.nextName('r')
  const [first = 'CAST(0 AS BIGINT)', last = first, step = 'CAST(1 AS BIGINT)'] = sqls
  const list = `t_check_step(${first}, ${last}, ${step}, generate_series(${first}, ${last}, ${step}))`
  const fields: Field[] = [{ name: 'sequential_number', qualifier: [], sql: `${name}.c0`, type: BIGINT, sources: new Set() }]
  return { sql: `(SELECT unnest(${list}) AS c0) AS ${name}`, fields }
}

export { UNKNOWN }
