import { coerceSql } from '../generate/cast.ts'
import type { Body, Query } from '../parse/ast.ts'
import { commonType } from '../types/coerce.ts'
import { fieldKey, quoteText, typeName, type Type } from '../types/types.ts'
import { orderKey, rowCount } from './ordering.ts'
import { withRecursive } from './recursion.ts'
import { newScope, queryError, type AnalysedQuery, type Analysis, type Cte, type Field, type Scope, type Value } from './scope.ts'
import { select } from './select.ts'
import { orderSql } from './windows.ts'

/** Analyses a whole query: WITH, body, ORDER BY, OFFSET, LIMIT. */
export function analyseQuery(
  analysis: Analysis,
  node: Query,
  parent: Scope | undefined,
  outerCtes: Map<string, Cte>,
): AnalysedQuery {
  const ctes = new Map(outerCtes)
  const definitions: (() => string)[] = []
  const names = new Set<string>()
  let recursive = false
  for (const item of node.with) {
    const name = item.name.name.toLowerCase()
    if (names.has(name))
      throw queryError(analysis, 'DUPLICATE_NAMED_QUERY', `WITH query name '${name}' specified more than once`, item.name.at)
    names.add(name)
    const { cte, sql, recurses } = withRecursive(analysis, item, node.recursive, ctes, parent)
    recursive ||= recurses
    ctes.set(name, cte)
    definitions.push(sql)
  }
  const query = ordered(analysis, node, parent, ctes)
  if (!definitions.length) return query
  return {
    ...query,
    sql: `WITH ${recursive ? 'RECURSIVE ' : ''}${definitions.map(definition => definition()).join(', ')} ${query.sql}`,
  }
}

function ordered(analysis: Analysis, node: Query, parent: Scope | undefined, ctes: Map<string, Cte>): AnalysedQuery {
  if (node.withTies && !node.orderBy.length)
    throw queryError(analysis, 'MISSING_ORDER_BY', 'FETCH FIRST WITH TIES clause requires ORDER BY', node.fetchAt ?? node.at)
  const limit = limitSql(analysis, node)
  if (node.body.kind === 'select')
    return select(analysis, node.body, {
      orderBy: node.orderBy,
      limit,
      parent,
      ctes,
      ties: node.withTies ? (order: string) => tiesSql(analysis, node, order) : undefined,
    })
  const inner = body(analysis, node.body, parent, ctes)
  if (!node.orderBy.length && !limit) return inner
  const name = analysis.nextName('r')
  const fields = inner.fields.map((field, i) => ({ ...field, qualifier: [], sql: `${name}.c${i}`, base: undefined }))
  const scope = newScope(parent, ctes, fields)
  const keys = node.orderBy.map(item => orderSql(orderKey(analysis, item, fields, scope).sql, item))
  const order = keys.length ? ` ORDER BY ${keys.join(', ')}` : ''
  if (node.withTies && keys.length && node.limit) {
    return {
      sql: `SELECT * FROM (${inner.sql}) AS ${name} QUALIFY ${tiesSql(analysis, node, keys.join(', '))}${order}`,
      fields: inner.fields,
    }
  }
  return {
    sql: `SELECT * FROM (${inner.sql}) AS ${name}${order}${limit}`,
    fields: inner.fields.map(field => ({ ...field, base: undefined })),
  }
}

function limitSql(analysis: Analysis, node: Query): string {
  if (node.withTies) return ''
  const limit = node.limit ? ` LIMIT ${rowCount(analysis, node.limit)}` : ''
  return `${limit}${node.offset ? ` OFFSET ${rowCount(analysis, node.offset)}` : ''}`
}

/** FETCH FIRST n ROWS WITH TIES: all rows that rank with the n-th after the offset. */
function tiesSql(analysis: Analysis, node: Query, order: string): string {
  const skipped = node.offset ? Number(rowCount(analysis, node.offset)) : 0
  const last = skipped + Number(rowCount(analysis, node.limit!))
  const after = skipped > 0 ? ` AND row_number() OVER (ORDER BY ${order}) > ${skipped}` : ''
  return `rank() OVER (ORDER BY ${order}) <= ${last}${after}`
}

/** Analyses a query's body without its ORDER BY. */
export function body(analysis: Analysis, node: Body, parent: Scope | undefined, ctes: Map<string, Cte>): AnalysedQuery {
  switch (node.kind) {
    case 'select':
      return select(analysis, node, { orderBy: [], limit: '', parent, ctes, ties: undefined })
    case 'nested':
      return analyseQuery(analysis, node.query, parent, ctes)
    case 'table': {
      const item = { kind: 'all' as const, at: node.at, end: node.end }
      const from = { kind: 'table' as const, name: node.name, at: node.name[0]!.at, end: node.end }
      return body(
        analysis,
        { kind: 'select', distinct: false, items: [item], from, windows: [], at: node.at, end: node.end },
        parent,
        ctes,
      )
    }
    case 'values':
      return values(analysis, node, parent, ctes)
    case 'set':
      return setOperation(analysis, node, parent, ctes)
  }
}

function values(
  analysis: Analysis,
  node: Body & { kind: 'values' },
  parent: Scope | undefined,
  ctes: Map<string, Cte>,
): AnalysedQuery {
  const scope = newScope(parent, ctes)
  const rows = node.rows.map(row => {
    if (row.kind === 'row') return row.fields.map(field => analysis.expression(field, scope))
    const value = analysis.expression(row, scope)
    return value.type.kind === 'row' ? rowValues(value, value.type) : [value]
  })
  const width = rows[0]!.length
  const other = rows.find(row => row.length !== width)
  if (other)
    throw queryError(analysis, 'TYPE_MISMATCH', `Values rows have mismatched sizes: ${width} vs ${other.length}`, node.at)
  const types = rows[0]!.map((first, i) => {
    let type = first.type
    for (const row of rows) {
      const common = commonType(type, row[i]!.type)
      if (!common)
        throw queryError(
          analysis,
          'TYPE_MISMATCH',
          `Values rows have mismatched types: ${rowTypes(rows[0]!)} vs ${rowTypes(row)}`,
          node.at,
        )
      type = common
    }
    return type
  })
  const lines = rows.map(row => `(${row.map((value, i) => coerceSql(value.sql, value.type, types[i]!)).join(', ')})`)
  const name = analysis.nextName('r')
  const columns = types.map((_, i) => `c${i}`).join(', ')
  const fields = types.map((type, i): Field => ({ name: undefined, qualifier: [], sql: `c${i}`, type, sources: new Set() }))
  return { sql: `SELECT ${columns} FROM (VALUES ${lines.join(', ')}) AS ${name}(${columns})`, fields }
}

/** A row that is computed has its fields as columns, as one that is written out. */
const rowValues = ({ sql }: Value, { fields }: Type & { kind: 'row' }): Value[] =>
  fields.map((field, i) => ({ sql: `struct_extract(${sql}, ${quoteText(fieldKey(field, i))})`, type: field.type }))

const rowTypes = (row: Value[]) => `row(${row.map(value => typeName(value.type)).join(', ')})`

function setOperation(
  analysis: Analysis,
  node: Body & { kind: 'set' },
  parent: Scope | undefined,
  ctes: Map<string, Cte>,
): AnalysedQuery {
  const left = body(analysis, node.left, parent, ctes)
  const right = body(analysis, node.right, parent, ctes)
  if (left.fields.length !== right.fields.length) {
    const message = `${node.operator} query has different number of fields: ${left.fields.length}, ${right.fields.length}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.operatorAt)
  }
  const types = left.fields.map((field, i) => {
    const other = right.fields[i]!
    const common = commonType(field.type, other.type)
    if (common) return common
    const message = `column ${i + 1} in ${node.operator} query has incompatible types: ${typeName(field.type)}, ${typeName(other.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.operatorAt)
  })
  const side = (query: AnalysedQuery) => {
    const columns = query.fields.map((field, i) => `${coerceSql(`c${i}`, field.type, types[i]!)} AS c${i}`).join(', ')
    return `(SELECT ${columns} FROM (${query.sql}))`
  }
  const fields = left.fields.map((field, i): Field => ({
    ...field,
    sql: `c${i}`,
    type: types[i]!,
    sources: new Set([...field.sources, ...right.fields[i]!.sources]),
    base: undefined,
  }))
  if (!(node.operator === 'UNION' && node.all))
    for (const field of fields) for (const source of field.sources) analysis.touched.add(source)
  return { sql: `${side(left)} ${node.operator}${node.all ? ' ALL' : ''} ${side(right)}`, fields }
}
