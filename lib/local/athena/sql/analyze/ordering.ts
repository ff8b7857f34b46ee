import type { Expression, SortItem } from '../parse/ast.ts'
import { typeName } from '../types/types.ts'
import { isOrderable } from '../types/coerce.ts'
import { combine, newScope, queryError, type Analysis, type Field, type Scope, type Value } from './scope.ts'

/** The number after LIMIT, OFFSET or FETCH FIRST. */
export function rowCount(analysis: Analysis, node: Expression): string {
  const value = analysis.expression(node, newScope(undefined, new Map()))
  if (value.literal === undefined || !/^\d+$/.test(value.literal))
    throw queryError(analysis, 'INVALID_LIMIT_CLAUSE', 'LIMIT and OFFSET take a number of rows', node.at)
  return value.literal
}

/** The value of one ORDER BY item; a whole number is the position of an output column. */
export function orderKey(analysis: Analysis, item: SortItem, outputs: Field[], scope: Scope): Value {
  const { value: node } = item
  let value: Value
  if (node.kind === 'integer') {
    const field = outputs[Number(node.text) - 1]
    if (!field)
      throw queryError(analysis, 'INVALID_COLUMN_REFERENCE', `ORDER BY position ${node.text} is not in select list`, node.at)
    value = combine(scope, field.sql, field.type, [])
  } else value = analysis.expression(node, scope)
  if (!isOrderable(value.type))
    throw queryError(
      analysis,
      'TYPE_MISMATCH',
      `Type ${typeName(value.type)} is not orderable, and therefore cannot be used in ORDER BY: ${analysis.sql.slice(node.at, node.end)}`,
      scope.selectAt ?? node.at,
    )
  return value
}
