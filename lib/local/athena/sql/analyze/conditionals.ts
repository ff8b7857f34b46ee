import { coerceSql } from '../generate/cast.ts'
import { locate, type Call, type Expression } from '../parse/ast.ts'
import { commonOf } from '../types/coerce.ts'
import { BOOLEAN, quoteText, typeName, VARCHAR, type Type } from '../types/types.ts'
import { maybeNaN } from './equality.ts'
import { compareSql } from './operators.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'

/** A condition's SQL; anything but a boolean is a TYPE_MISMATCH. */
export function condition(analysis: Analysis, node: Expression, scope: Scope, what: string): Value {
  const value = analysis.expression(node, scope)
  if (value.type.kind === 'unknown') return { ...value, sql: 'CAST(NULL AS BOOLEAN)', type: BOOLEAN }
  if (value.type.kind !== 'boolean')
    throw queryError(analysis, 'TYPE_MISMATCH', `${what} (actual: ${typeName(value.type)})`, locate(node))
  return value
}

/** The common type of alternatives, and each alternative as that type. */
function alternatives(
  analysis: Analysis,
  values: Value[],
  nodes: Expression[],
  what: string,
  at: number,
): { type: Type; sqls: string[] } {
  const type = commonOf(values.map(value => value.type))
  if (!type) {
    const names = [...new Set(values.map(value => typeName(value.type)))]
    const message = `${what} must be the same type or coercible to a common type. Cannot find common type between ${names[0]} and ${names[1]}, all types (without duplicates): [${names.join(', ')}]`
    throw queryError(analysis, 'TYPE_MISMATCH', message, nodes[1] ? locate(nodes[1]) : at)
  }
  return { type, sqls: values.map(value => coerceSql(value.sql, value.type, type)) }
}

export function caseExpression(analysis: Analysis, node: Expression & { kind: 'case' }, scope: Scope): Value {
  const operand = node.operand && analysis.expression(node.operand, scope)
  const conditions = node.whens.map(({ when }) => {
    if (!operand) return condition(analysis, when, scope, 'CASE WHEN clause must evaluate to a boolean')
    const value = analysis.expression(when, scope)
    const sql = compareSql('=', operand, value)
    if (!sql) {
      const message = `CASE operand type does not match WHEN clause operand type: ${typeName(operand.type)} vs ${typeName(value.type)}`
      throw queryError(analysis, 'TYPE_MISMATCH', message, when.at)
    }
    return { ...value, sql }
  })
  const nodes = [...node.whens.map(({ then }) => then), ...(node.otherwise ? [node.otherwise] : [])]
  const values = nodes.map(part => analysis.expression(part, scope))
  const { type, sqls } = alternatives(analysis, values, nodes, 'All CASE results', node.at)
  const otherwise = node.otherwise ? ` ELSE ${sqls.at(-1)}` : ''
  const whens = conditions.map((value, i) => `WHEN ${value.sql} THEN ${sqls[i]}`).join(' ')
  return combine(scope, `CASE ${whens}${otherwise} END`, type, [...conditions, ...values, ...(operand ? [operand] : [])])
}

type Special = (analysis: Analysis, node: Call, scope: Scope) => Value

const ifFunction: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 2, 3)
  const [test, ...nodes] = node.arguments as [Expression, ...Expression[]]
  const checked = condition(analysis, test, scope, 'IF condition must evaluate to a boolean')
  const values = nodes.map(part => analysis.expression(part, scope))
  const { type, sqls } = alternatives(analysis, values, [], 'Result types for IF', node.at)
  const otherwise = sqls[1] === undefined ? '' : ` ELSE ${sqls[1]}`
  return combine(scope, `CASE WHEN ${checked.sql} THEN ${sqls[0]}${otherwise} END`, type, [checked, ...values])
}

const coalesce: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 2)
  const values = node.arguments.map(part => analysis.expression(part, scope))
  const { type, sqls } = alternatives(analysis, values, node.arguments, 'All COALESCE operands', node.at)
  return combine(scope, `coalesce(${sqls.join(', ')})`, type, values)
}

const nullif: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 2, 2)
  const [first, second] = node.arguments.map(part => analysis.expression(part, scope)) as [Value, Value]
  const equal = compareSql('=', first, second)
  if (!equal) {
    const message = `Types are not comparable with NULLIF: ${typeName(first.type)} vs ${typeName(second.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.at)
  }
  return combine(scope, `CASE WHEN ${equal} THEN NULL ELSE ${first.sql} END`, first.type, [first, second])
}

/** greatest and least: NULL when any argument is NULL. */
const extreme: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 1)
  const values = node.arguments.map(part => analysis.expression(part, scope))
  const type = commonOf(values.map(value => value.type))
  if (!type) {
    const types = values.map(value => typeName(value.type)).join(', ')
    throw queryError(
      analysis,
      'FUNCTION_NOT_FOUND',
      `Unexpected parameters (${types}) for function ${node.name}. Expected: ${node.name}(E) E:orderable`,
      node.at,
    )
  }
  const sqls = values.map(value => coerceSql(value.sql, value.type, type))
  const missing = sqls.map(sql => `${sql} IS NULL`).join(' OR ')
  const numbers = sqls.map(sql => (maybeNaN(sql, type) ? `t_number(${sql})` : sql))
  // NaN is DuckDB's greatest number; Trino takes it only when there is nothing else.
  if (node.name === 'greatest' && numbers.some((sql, i) => sql !== sqls[i])) {
    const greatest = `coalesce(greatest(${numbers.join(', ')}), ${sqls[0]})`
    return combine(scope, `CASE WHEN ${missing} THEN NULL ELSE ${greatest} END`, type, values)
  }
  return combine(scope, `CASE WHEN ${missing} THEN NULL ELSE ${node.name}(${sqls.join(', ')}) END`, type, values)
}

const tryFunction: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 1, 1)
  const value = analysis.expression(node.arguments[0]!, scope)
  return combine(scope, value.type.kind === 'unknown' ? value.sql : `TRY(${value.sql})`, value.type, [value])
}

const typeOf: Special = (analysis, node, scope) => {
  wantArguments(analysis, node, 1, 1)
  const value = analysis.expression(node.arguments[0]!, scope)
  const text = quoteText(typeName(value.type))
  // The aggregate stays in the SQL: the query must give one row for each group.
  return combine(scope, value.aggregate ? `CASE WHEN ${value.sql} IS NULL THEN ${text} ELSE ${text} END` : text, VARCHAR, [value])
}

/** Functions whose arguments are not looked up by signature. */
export const CONDITIONALS: Record<string, Special> = {
  if: ifFunction,
  coalesce,
  nullif,
  greatest: extreme,
  least: extreme,
  try: tryFunction,
  typeof: typeOf,
}

/** Checks the number of arguments; Trino reports a wrong one as a syntax error of the function. */
export function wantArguments(analysis: Analysis, node: Call, least: number, most = Infinity): void {
  if (node.arguments.length >= least && node.arguments.length <= most) return
  if (node.name in CONDITIONALS || node.name === 'format')
    throw queryError(analysis, 'SYNTAX_ERROR', `Invalid number of arguments for '${node.name}' function`, node.at)
  throw queryError(analysis, 'FUNCTION_NOT_FOUND', `Unexpected number of arguments for function ${node.name}`, node.at)
}
