import { coerceSql } from '../generate/cast.ts'
import type { Expression, Query } from '../parse/ast.ts'
import { commonType } from '../types/coerce.ts'
import { BOOLEAN, fieldKey, quoteName, quoteText, typeName, type Type } from '../types/types.ts'
import { compareSql } from './operators.ts'
import { combine, queryError, touchFields, type AnalysedQuery, type Analysis, type Scope, type Value } from './scope.ts'

function fail(analysis: Analysis, code: string, message: string, at: number): never {
  throw queryError(analysis, code, message, at)
}

/** A subquery of which all columns are read. */
function readQuery(analysis: Analysis, node: Query, scope: Scope): AnalysedQuery {
  const query = analysis.query(node, scope, scope.ctes)
  touchFields(analysis, query.fields)
  return query
}

/** `x > ALL (query)`. */
export function quantified(analysis: Analysis, node: Expression & { kind: 'quantified' }, scope: Scope): Value {
  const left = analysis.expression(node.left, scope)
  const query = readQuery(analysis, node.query, scope)
  const column = query.fields[0]!
  const common = query.fields.length === 1 ? commonType(left.type, column.type) : undefined
  if (!common || !compareSql(node.operator, left, { sql: 'x', type: column.type }))
    return fail(
      analysis,
      'TYPE_MISMATCH',
      `Value expression and result of subquery must be of the same type for quantified comparison: ${typeName(left.type)} vs ${rowOf(query.fields)}`,
      node.operatorAt,
    )
  const value = coerceSql(left.sql, left.type, common)
  const alias = analysis.nextName('r')
  const rows = `SELECT ${coerceSql(`${alias}.c0`, column.type, common)} FROM (${query.sql}) AS ${alias}`
  return combine(scope, `(${value} ${node.operator} ${node.quantifier} (${rows}))`, BOOLEAN, [left])
}

const rowOf = (fields: { name: string | undefined; type: Type }[]) =>
  typeName({ kind: 'row', fields: fields.map(({ name, type }) => ({ name, type })) })

/** `x IN (query)`. */
export function inQuery(analysis: Analysis, node: Expression & { kind: 'inQuery' }, scope: Scope): Value {
  const value = analysis.expression(node.value, scope)
  const query = readQuery(analysis, node.query, scope)
  const left = value.type.kind === 'row' ? value.type.fields.map(field => field.type) : [value.type]
  const types = query.fields.map((field, i) => left[i] && commonType(left[i], field.type))
  if (left.length !== query.fields.length || types.some(type => !type)) {
    const shown = value.type.kind === 'row' ? typeName(value.type) : `row(${typeName(value.type)})`
    return fail(
      analysis,
      'TYPE_MISMATCH',
      `Value expression and result of subquery must be of the same type: ${shown} vs ${rowOf(query.fields)}`,
      node.operatorAt,
    )
  }
  const alias = analysis.nextName('r')
  const columns = query.fields.map((field, i) => coerceSql(`${alias}.c${i}`, field.type, types[i]!))
  const parts =
    value.type.kind === 'row'
      ? left.map((type, i) =>
          coerceSql(
            `struct_extract(${value.sql}, ${quoteText(fieldKey((value.type as Type & { kind: 'row' }).fields[i]!, i))})`,
            type,
            types[i]!,
          ),
        )
      : [coerceSql(value.sql, value.type, types[0]!)]
  const subject = parts.length > 1 ? `(${parts.join(', ')})` : parts[0]
  const rows = parts.length > 1 ? `SELECT (${columns.join(', ')})` : `SELECT ${columns[0]}`
  return combine(scope, `(${subject} IN (${rows} FROM (${query.sql}) AS ${alias}))`, BOOLEAN, [value])
}

/** A query as a value: one column, or several as a row. */
export function subquery(analysis: Analysis, node: Expression & { kind: 'subquery' }, scope: Scope): Value {
  const query = readQuery(analysis, node.query, scope)
  if (query.fields.length === 1) return { sql: `(${query.sql})`, type: query.fields[0]!.type }
  const fields = query.fields.map(({ name, type }) => ({ name, type }))
  const pack = fields.map((field, i) => `${quoteName(fieldKey(field, i))} := c${i}`).join(', ')
  return { sql: `(SELECT struct_pack(${pack}) FROM (${query.sql}))`, type: { kind: 'row', fields } }
}
