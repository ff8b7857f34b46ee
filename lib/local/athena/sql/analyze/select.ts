import { findFunction } from '../functions/registry.ts'
import { locate, type Expression, type Grouping, type Name, type Select, type SelectItem, type SortItem } from '../parse/ast.ts'
import { fieldKey, quoteText, typeName } from '../types/types.ts'
import { condition } from './conditionals.ts'
import { fieldValue } from './names.ts'
import { isOrderable } from '../types/coerce.ts'
import { prune } from './pruning.ts'
import { orderKey } from './ordering.ts'
import { relation } from './relations.ts'
import {
  newScope,
  queryError,
  touchFields,
  type AnalysedQuery,
  type Analysis,
  type Cte,
  type Field,
  type Scope,
  type Source,
  type Value,
} from './scope.ts'
import { orderSql } from './windows.ts'

interface Around {
  orderBy: SortItem[]
  limit: string
  parent: Scope | undefined
  ctes: Map<string, Cte>
  /** The condition of FETCH FIRST … WITH TIES for an order. */
  ties: ((order: string) => string) | undefined
}

interface Item {
  value: Value
  name: string | undefined
  node: SelectItem
  sources: Set<Source>
  base?: Field['base']
}

/** SELECT … FROM … WHERE … GROUP BY … HAVING, and the ORDER BY that belongs to it. */
export function select(analysis: Analysis, node: Select, { orderBy, limit, parent, ctes, ties }: Around): AnalysedQuery {
  const from = node.from && relation(analysis, node.from, newScope(parent, ctes))
  const scope = newScope(parent, ctes, from?.fields)
  scope.selectAt = node.at
  for (const { name, window } of node.windows) scope.windows.set(name.name.toLowerCase(), window)
  const where =
    node.where &&
    condition(
      analysis,
      node.where,
      { ...scope, scalarOnly: { clause: 'WHERE clause', at: locate(node.where) } },
      'WHERE clause must evaluate to a boolean',
    )
  if (node.where) prune(analysis, node.where, scope)
  const nodes = [
    ...node.items.map(item => (item.kind === 'expression' ? item.value : undefined)),
    node.having,
    ...orderBy.map(item => item.value),
  ]
  const grouped = node.groupBy !== undefined || node.having !== undefined || nodes.some(hasAggregate)
  const groupBy = node.groupBy && groupSql(analysis, node, scope)
  if (grouped) scope.groups = groupBy?.keys ?? new Set()
  const items = node.items.flatMap(item => selectItems(analysis, item, scope))
  for (const { value, node: item } of items) checkGrouped(analysis, value, item.kind === 'expression' ? item.value : item)
  const having =
    node.having &&
    condition(analysis, node.having, { ...scope, windowless: 'HAVING clause' }, 'HAVING clause must evaluate to a boolean')
  if (having) checkGrouped(analysis, having, node.having!)
  const outputs = items.map(({ value, name, sources }): Field => ({
    name,
    qualifier: [],
    sql: value.sql,
    type: value.type,
    sources,
  }))
  const order = orderBy.map(item => orderTerm(analysis, node, item, outputs, scope))
  const parts = [`SELECT ${node.distinct ? 'DISTINCT ' : ''}${items.map(({ value }, i) => `${value.sql} AS c${i}`).join(', ')}`]
  if (from) parts.push(`FROM ${from.sql}`)
  if (where) parts.push(`WHERE ${where.sql}`)
  if (groupBy) parts.push(`GROUP BY ${groupBy.sql}`)
  if (having) parts.push(`HAVING ${having.sql}`)
  if (ties) parts.push(`QUALIFY ${ties(order.map(term => term.key).join(', '))}`)
  if (order.length) parts.push(`ORDER BY ${order.map(term => term.text).join(', ')}`)
  if (limit) parts.push(limit.trim())
  if (node.distinct) touchFields(analysis, outputs)
  const simple = !grouped && !node.distinct && !limit && !ties && !items.some(({ value }) => value.window)
  const fields = outputs.map((field, i) => ({ ...field, sql: `c${i}`, base: simple ? items[i]!.base : undefined }))
  return { sql: parts.join(' '), fields }
}

/** Whether an aggregate (not a window function, not inside a subquery) is somewhere in the expression. */
function hasAggregate(node: unknown): boolean {
  if (!node || typeof node !== 'object') return false
  if (Array.isArray(node)) return node.some(hasAggregate)
  const { kind, name, over } = node as { kind?: string; name?: string; over?: unknown }
  if (kind === 'grouping') return true
  if (kind === 'call' && !over && typeof name === 'string' && findFunction(name)?.kind === 'aggregate') return true
  if ('body' in node && 'with' in node) return false
  return Object.values(node).some(hasAggregate)
}

function checkGrouped(analysis: Analysis, value: Value, node: Expression | SelectItem): void {
  if (!value.ungrouped) return
  const text = analysis.sql.slice(node.at, node.end)
  const at = node.kind === 'all' || node.kind === 'expression' ? node.at : locate(node)
  throw queryError(
    analysis,
    'EXPRESSION_NOT_AGGREGATE',
    `'${text}' must be an aggregate expression or appear in GROUP BY clause`,
    at,
  )
}

function selectItems(analysis: Analysis, item: SelectItem, scope: Scope): Item[] {
  if (item.kind === 'all') return allItems(analysis, item, scope)
  const outer = analysis.touched
  analysis.touched = new Set()
  const value = analysis.expression(item.value, scope)
  const sources = analysis.touched
  analysis.touched = outer
  const base = scope.fields.find(field => field.base && field.sql === value.sql)?.base
  return [{ value, name: item.alias?.name ?? nameOf(item.value), node: item, sources, base }]
}

/** A column's own name, when the item is nothing but a column (`a`, `t.a`, `t.row.a`). */
function nameOf(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name
  return node.kind === 'field' && qualifierOf(node) ? node.name.name : undefined
}

function allItems(analysis: Analysis, item: SelectItem & { kind: 'all' }, scope: Scope): Item[] {
  const fail = (code: string, message: string) => queryError(analysis, code, message, item.at)
  let fields = scope.fields.filter(field => !field.hidden)
  if (item.of) {
    const parts = qualifierOf(item.of)
    const named = parts && fields.filter(field => field.qualifier.length && endsWith(field.qualifier, parts))
    if (named?.length) fields = named
    else return rowItems(analysis, item, scope, parts)
  } else if (!scope.fields.length) throw fail('COLUMN_NOT_FOUND', 'SELECT * not allowed in queries without FROM clause')
  if (item.aliases && item.aliases.length !== fields.length)
    throw fail(
      'MISMATCHED_COLUMN_ALIASES',
      `Column alias list has ${item.aliases.length} entries but relation has ${fields.length} columns`,
    )
  return fields.map((field, i) => {
    const outer = analysis.touched
    analysis.touched = new Set()
    const node: Expression = { kind: 'name', name: field.name ?? '', at: item.at, end: item.end }
    const value = fieldValue(analysis, scope, field, node)
    const sources = analysis.touched
    analysis.touched = outer
    return { value, name: item.aliases?.[i]?.name ?? field.name, node: item, sources, base: field.base }
  })
}

function qualifierOf(node: Expression): string[] | undefined {
  if (node.kind === 'name') return [node.name.toLowerCase()]
  const base = node.kind === 'field' ? qualifierOf(node.base) : undefined
  return base && node.kind === 'field' ? [...base, node.name.name.toLowerCase()] : undefined
}

const endsWith = (qualifier: string[], parts: string[]) =>
  parts.every((part, i) => qualifier[qualifier.length - parts.length + i] === part)

/** `(row).*`. */
function rowItems(analysis: Analysis, item: SelectItem & { kind: 'all' }, scope: Scope, parts: string[] | undefined): Item[] {
  if (parts) throw queryError(analysis, 'TABLE_NOT_FOUND', `Unable to resolve reference ${parts.join('.')}`, item.at)
  const value = analysis.expression(item.of!, scope)
  if (value.type.kind !== 'row')
    throw queryError(analysis, 'TYPE_MISMATCH', `expected expression of type Row but got ${typeName(value.type)}`, item.at)
  return value.type.fields.map((field, i) => ({
    value: { ...value, sql: `struct_extract(${value.sql}, ${quoteText(fieldKey(field, i))})`, type: field.type },
    name: item.aliases?.[i]?.name ?? field.name,
    node: item,
    sources: new Set(),
  }))
}

function groupSql(analysis: Analysis, node: Select, scope: Scope): { sql: string; keys: Set<string> } {
  const keys = new Set<string>()
  const key = (expression: Expression): string => {
    const target = expression.kind === 'integer' ? ordinal(analysis, node, expression) : expression
    const value = analysis.expression(target, { ...scope, scalarOnly: { clause: 'GROUP BY clause', at: locate(target) } })
    if (value.type.kind === 'json' || value.type.kind === 'function')
      if (!isOrderable(value.type) && value.type.kind === 'function')
        throw queryError(
          analysis,
          'TYPE_MISMATCH',
          `${typeName(value.type)} is not comparable, and therefore cannot be used in GROUP BY`,
          expression.at,
        )
    keys.add(value.sql)
    return value.sql
  }
  const set = (expressions: Expression[]) => `(${expressions.map(key).join(', ')})`
  const element = (grouping: Grouping): string => {
    if (grouping.kind === 'simple') return grouping.values.length === 1 ? key(grouping.values[0]!) : set(grouping.values)
    return `${grouping.kind === 'SETS' ? 'GROUPING SETS' : grouping.kind} (${grouping.sets.map(set).join(', ')})`
  }
  const { elements, distinct } = node.groupBy!
  const sql = distinct ? distinctSets(elements, key) : elements.map(element).join(', ')
  return { sql, keys }
}

/** GROUP BY DISTINCT: all grouping sets written out, each once. */
function distinctSets(elements: Grouping[], key: (expression: Expression) => string): string {
  let sets: string[][] = [[]]
  for (const element of elements) {
    const own =
      element.kind === 'simple'
        ? [element.values.map(key)]
        : setsOf(
            element.kind,
            element.sets.map(set => set.map(key)),
          )
    sets = sets.flatMap(left => own.map(right => [...new Set([...left, ...right])]))
  }
  const once = new Map(sets.map(set => [[...set].sort().join('\u0000'), set]))
  return `GROUPING SETS (${[...once.values()].map(set => `(${set.join(', ')})`).join(', ')})`
}

function setsOf(kind: 'ROLLUP' | 'CUBE' | 'SETS', sets: string[][]): string[][] {
  if (kind === 'SETS') return sets
  if (kind === 'ROLLUP') return [...sets.map((_, i) => sets.slice(0, sets.length - i).flat()), []]
  return sets.reduce<string[][]>((all, set) => all.flatMap(left => [[...left, ...set], left]), [[]])
}

function ordinal(analysis: Analysis, node: Select, position: Expression & { text: string }): Expression {
  const item = node.items[Number(position.text) - 1]
  if (item?.kind === 'expression') return item.value
  if (item?.kind === 'all') throw queryError(analysis, 'NOT_SUPPORTED', 'GROUP BY position on * is not supported', position.at)
  throw queryError(analysis, 'INVALID_COLUMN_REFERENCE', `GROUP BY position ${position.text} is not in select list`, position.at)
}

function orderTerm(
  analysis: Analysis,
  node: Select,
  item: SortItem,
  outputs: Field[],
  scope: Scope,
): { text: string; key: string } {
  const value = orderKey(analysis, item, outputs, { ...scope, outputs: outputs.filter(field => field.name) })
  checkGrouped(analysis, value, item.value)
  const position = outputs.findIndex(field => field.sql === value.sql)
  if (node.distinct && position < 0)
    throw queryError(
      analysis,
      'EXPRESSION_NOT_IN_DISTINCT',
      'For SELECT DISTINCT, ORDER BY expressions must appear in select list',
      node.at,
    )
  return { text: orderSql(position < 0 ? value.sql : String(position + 1), item), key: orderSql(value.sql, item) }
}

export type { Name }
