import type { Expression } from '../parse/ast.ts'
import type { Type } from '../types/types.ts'
import { fieldKey, quoteText } from '../types/types.ts'
import { combine, queryError, type Analysis, type Field, type Scope, type Value } from './scope.ts'

/** The parts of `a.b.c`; undefined when the expression is something else. */
function nameParts(node: Expression): string[] | undefined {
  if (node.kind === 'name') return [node.name]
  if (node.kind !== 'field') return undefined
  const base = nameParts(node.base)
  return base && [...base, node.name.name]
}

const sameQualifier = (field: Field, qualifier: string[]) =>
  qualifier.length <= field.qualifier.length &&
  qualifier.every((part, i) => part === field.qualifier[field.qualifier.length - qualifier.length + i])

/** Fields that `name` (with what stands before it) can mean. */
export function matching(fields: Field[], qualifier: string[], name: string): Field[] {
  return fields.filter(field => field.name?.toLowerCase() === name && sameQualifier(field, qualifier))
}

function find(analysis: Analysis, scope: Scope, parts: string[], node: Expression): Value | undefined {
  const [name, ...rest] = parts.map(part => part.toLowerCase()).reverse() as [string, ...string[]]
  const qualifier = rest.reverse()
  for (let level: Scope | undefined = scope; level; level = level.parent) {
    const lambda = qualifier.length ? undefined : level.lambdas.get(name)
    if (lambda) return { sql: lambda.sql, type: lambda.type }
    for (const fields of [level.outputs ?? [], level.fields]) {
      const found = matching(fields, qualifier, name)
      if (found.length > 1 && new Set(found.map(field => field.sql)).size > 1)
        throw queryError(analysis, 'AMBIGUOUS_NAME', `Column '${parts.join('.')}' is ambiguous`, node.at)
      if (found.length)
        return fieldValue(analysis, level === scope ? scope : undefined, found[0]!, node, fields === level.outputs)
    }
  }
  return undefined
}

/** The value of a field; `scope` undefined: it belongs to a query around this one. */
export function fieldValue(analysis: Analysis, scope: Scope | undefined, field: Field, node: Expression, output = false): Value {
  for (const source of field.sources) analysis.touched.add(source)
  const value: Value = { sql: field.sql, type: field.type }
  if (scope?.groups && !output && !scope.insideAggregate && !scope.groups.has(field.sql)) value.ungrouped = node
  return value
}

/** A name, or `a.b.c`: a column, a lambda's parameter, or a field of a row. */
export function resolveName(analysis: Analysis, node: Expression & { kind: 'name' | 'field' }, scope: Scope): Value {
  const parts = nameParts(node)
  const found = parts && find(analysis, scope, parts, node)
  if (found) return found
  if (
    node.kind === 'name' ||
    (parts && !find(analysis, scope, parts.slice(0, 1), node) && !(parts.length > 2 && baseExists(analysis, scope, parts, node)))
  )
    throw notFound(analysis, parts!.join('.'), node)
  const base = analysis.expression(node.base, scope)
  if (base.type.kind !== 'row')
    throw queryError(
      analysis,
      'TYPE_MISMATCH',
      `Expression ${analysis.sql.slice(node.base.at, node.base.end)} is not of type ROW`,
      node.at,
    )
  return rowField(analysis, scope, base, base.type, node.name.name, node)
}

/** `t.r.f`: the base `t.r` is a column although `t` alone is none. */
function baseExists(analysis: Analysis, scope: Scope, parts: string[], node: Expression): boolean {
  return parts.some((_, i) => i > 0 && find(analysis, scope, parts.slice(0, i + 1), node))
}

function notFound(analysis: Analysis, name: string, node: Expression) {
  const message = `Column '${name.toLowerCase()}' cannot be resolved or requester is not authorized to access requested resources`
  return queryError(analysis, 'COLUMN_NOT_FOUND', message, node.at)
}

function rowField(
  analysis: Analysis,
  scope: Scope,
  base: Value,
  type: Type & { kind: 'row' },
  name: string,
  node: Expression,
): Value {
  const index = type.fields.findIndex(field => field.name?.toLowerCase() === name.toLowerCase())
  if (index < 0) throw queryError(analysis, 'INVALID_COLUMN_REFERENCE', `Column reference '${name}' is invalid`, node.at)
  const field = type.fields[index]!
  return combine(scope, `struct_extract(${base.sql}, ${quoteText(fieldKey(field, index))})`, field.type, [base])
}
