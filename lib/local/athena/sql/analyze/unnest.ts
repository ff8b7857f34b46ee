import type { Name, Relation as RelationNode } from '../parse/ast.ts'
import { BIGINT, fieldKey, quoteText, typeName, type Type } from '../types/types.ts'
import { newScope, queryError, type Analysis, type Field, type Relation, type Scope, type Source, type Value } from './scope.ts'

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
export function unnest(
  analysis: Analysis,
  node: Unnest,
  scope: Scope,
  left: Relation | undefined,
  type: 'INNER' | 'LEFT',
): Relation {
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
export function asUnnest(node: RelationNode): { unnest: Unnest; alias?: Name; columns?: Name[] | undefined } | undefined {
  if (node.kind === 'unnest') return { unnest: node }
  return node.kind === 'alias' && node.relation.kind === 'unnest'
    ? { unnest: node.relation, alias: node.name, columns: node.columns }
    : undefined
}
