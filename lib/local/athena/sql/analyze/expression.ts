import { castSql, coerceSql } from '../generate/cast.ts'
import type { Expression } from '../parse/ast.ts'
import { QueryParser } from '../parse/query-parser.ts'
import { commonOf, commonType } from '../types/coerce.ts'
import { resolveType } from '../types/resolve.ts'
import { array, BIGINT, BOOLEAN, fieldKey, INTEGER, quoteText, typeName, UNKNOWN, VARCHAR } from '../types/types.ts'
import { QueryError } from '../error.ts'
import { call } from './calls.ts'
import { atTimeZone, current, extract, instant } from './clock.ts'
import { caseExpression, condition, CONDITIONALS } from './conditionals.ts'
import { formatCall } from './format-call.ts'
import { jsonArray, jsonObject, jsonPathFunction, JSON_CALLS } from './json-calls.ts'
import { binaryLiteral, intervalLiteral, invalidLiteral, numberLiteral, textLiteral, typedLiteral } from './literals.ts'
import { resolveName } from './names.ts'
import { arithmetic, between, compare, inList, sign } from './operators.ts'
import { combine, newScope, queryError, type Analysis, type Scope, type Value } from './scope.ts'
import { inQuery, quantified, subquery } from './subqueries.ts'

type Kind = Expression['kind']
type Handlers = { [K in Kind]: (analysis: Analysis, node: Expression & { kind: K }, scope: Scope) => Value }

/** Analyses one expression: its SQL and its type, or the error that Trino gives. */
export function analyseExpression(analysis: Analysis, node: Expression, scope: Scope): Value {
  const value = (HANDLERS[node.kind] as (a: Analysis, n: Expression, s: Scope) => Value)(analysis, node, scope)
  // Operands are written several times where DuckDB has no operator of its own: nested, they double with each level.
  if (value.sql.length > Math.max(1_000_000, 64 * analysis.sql.length))
    throw queryError(analysis, 'COMPILER_ERROR', 'Compiler failed: the expression is too large', node.at)
  if (value.ungrouped && scope.groups?.has(value.sql)) delete value.ungrouped
  return value
}

const number = (_: Analysis, node: Expression & { kind: 'integer' | 'decimal' | 'double' }): Value =>
  numberLiteral(node.kind, node.text)

const HANDLERS: Handlers = {
  null: () => ({ sql: 'NULL', type: UNKNOWN }),
  boolean: (_, node) => ({ sql: String(node.value), type: BOOLEAN }),
  integer: number,
  decimal: number,
  double: number,
  string: (_, node) => textLiteral(node.text),
  binary: (analysis, node) =>
    binaryLiteral(node.text) ?? fail(analysis, 'INVALID_LITERAL', 'Binary literal can only contain hexadecimal digits', node.at),
  typed: typed,
  interval: (analysis, node) =>
    intervalLiteral(node) ?? fail(analysis, 'INVALID_LITERAL', `'${node.text}' is not a valid INTERVAL literal`, node.at),
  name: resolveName,
  field: resolveName,
  subscript,
  call: (analysis, node, scope) => {
    const special = CONDITIONALS[node.name] ?? JSON_CALLS[node.name] ?? (node.name === 'format' ? formatCall : undefined)
    if (special) return special(analysis, node, scope)
    if (node.name === 'now' && !node.arguments.length) return instant(analysis, 3)
    const [left, right] = node.arguments
    if (node.name === 'mod' && left && right && node.arguments.length === 2)
      return arithmetic(
        analysis,
        { kind: 'arithmetic', operator: '%', left, right, operatorAt: node.at, at: node.at, end: node.end },
        scope,
      )
    return call(analysis, node, scope)
  },
  lambda: (analysis, node) =>
    fail(analysis, 'TYPE_MISMATCH', 'Lambda expression should always be used inside a function', node.at),
  sign,
  arithmetic,
  compare,
  quantified,
  logical: (analysis, node, scope) => {
    const terms = node.terms.map(term => condition(analysis, term, scope, 'Logical expression term must evaluate to a boolean'))
    return combine(scope, `(${terms.map(term => term.sql).join(` ${node.operator} `)})`, BOOLEAN, terms)
  },
  not: (analysis, node, scope) => {
    const value = condition(analysis, node.value, scope, 'Value of logical NOT expression must evaluate to a boolean')
    return combine(scope, `(NOT ${value.sql})`, BOOLEAN, [value])
  },
  between,
  in: inList,
  inQuery,
  like,
  isNull: (analysis, node, scope) => {
    const value = analysis.expression(node.value, scope)
    return combine(scope, `(${value.sql} IS ${node.negated ? 'NOT ' : ''}NULL)`, BOOLEAN, [value])
  },
  exists: (analysis, node, scope) => ({ sql: `EXISTS (${analysis.query(node.query, scope, scope.ctes).sql})`, type: BOOLEAN }),
  subquery,
  case: caseExpression,
  cast,
  row: (analysis, node, scope) => {
    const values = node.fields.map(field => analysis.expression(field, scope))
    const fields = values.map(({ type }) => ({ type }))
    return combine(
      scope,
      `struct_pack(${values.map((value, i) => `field${i} := ${value.sql}`).join(', ')})`,
      { kind: 'row', fields },
      values,
    )
  },
  array: (analysis, node, scope) => {
    const values = node.elements.map(element => analysis.expression(element, scope))
    const type = values.length ? commonOf(values.map(value => value.type)) : UNKNOWN
    if (!type) {
      const [first, other] = [values[0]!, values.find(value => !commonType(values[0]!.type, value.type)) ?? values[1]!]
      return fail(
        analysis,
        'TYPE_MISMATCH',
        `All ARRAY elements must be the same type or coercible to a common type. Cannot find common type between ${typeName(first.type)} and ${typeName(other.type)}`,
        node.elements[values.indexOf(other)]!.at,
      )
    }
    return combine(scope, `[${values.map(value => coerceSql(value.sql, value.type, type)).join(', ')}]`, array(type), values)
  },
  extract,
  atTimeZone,
  current,
  parameter,
  grouping: (analysis, node, scope) => {
    if (!scope.groups?.size)
      return fail(
        analysis,
        'MISSING_GROUP_BY',
        'A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause',
        scope.selectAt ?? node.at,
      )
    if (scope.scalarOnly)
      return fail(
        analysis,
        'EXPRESSION_NOT_SCALAR',
        `${scope.scalarOnly.clause} cannot contain aggregations, window functions or grouping operations`,
        node.at,
      )
    const values = node.columns.map(column => analysis.expression(column, { ...scope, insideAggregate: true }))
    return {
      sql: `CAST(GROUPING(${values.map(value => value.sql).join(', ')}) AS INTEGER)`,
      type: values.length > 31 ? BIGINT : INTEGER,
      aggregate: node,
    }
  },
  jsonPath: jsonPathFunction,
  jsonObject,
  jsonArray,
}

function fail(analysis: Analysis, code: string, message: string, at: number): never {
  throw queryError(analysis, code, message, at)
}

function typed(analysis: Analysis, node: Expression & { kind: 'typed' }, _: Scope): Value {
  const literal = typedLiteral(node.type, node.text)
  if (!literal) {
    if (!resolveType(node.type)) return fail(analysis, 'TYPE_NOT_FOUND', `Unknown type: ${node.type.name}`, node.at)
    return fail(analysis, 'INVALID_LITERAL', invalidLiteral(node.text, node.type), node.at)
  }
  if (!('cast' in literal)) return literal
  const sql = castSql(quoteText(node.text), VARCHAR, literal.type)
  return sql
    ? { sql, type: literal.type, literal: node.text }
    : fail(analysis, 'INVALID_LITERAL', invalidLiteral(node.text, node.type), node.at)
}

function subscript(analysis: Analysis, node: Expression & { kind: 'subscript' }, scope: Scope): Value {
  const base = analysis.expression(node.base, scope)
  const index = analysis.expression(node.index, scope)
  const { type } = base
  const mismatch = () =>
    fail(analysis, 'TYPE_MISMATCH', `Cannot use ${typeName(index.type)} for subscript of ${typeName(type)}`, node.at)
  if (type.kind === 'array') {
    if (commonType(index.type, BIGINT)?.kind !== 'bigint') return mismatch()
    return combine(scope, `t_subscript(${base.sql}, ${coerceSql(index.sql, index.type, BIGINT)})`, type.element, [base, index])
  }
  if (type.kind === 'map') {
    const key = commonType(index.type, type.key)
    if (!key || key.kind !== type.key.kind) return mismatch()
    return combine(scope, `t_map_value(${base.sql}, ${coerceSql(index.sql, index.type, type.key)})`, type.value, [base, index])
  }
  if (type.kind !== 'row') return mismatch()
  const position = Number(index.literal ?? NaN)
  const field = type.fields[position - 1]
  if (!field) return fail(analysis, 'INVALID_FUNCTION_ARGUMENT', `ROW index out of bounds: ${index.literal}`, node.index.at)
  return combine(scope, `struct_extract(${base.sql}, ${quoteText(fieldKey(field, position - 1))})`, field.type, [base])
}

function like(analysis: Analysis, node: Expression & { kind: 'like' }, scope: Scope): Value {
  const values = [node.value, node.pattern, ...(node.escape ? [node.escape] : [])].map(part => {
    const value = analysis.expression(part, scope)
    if (!['varchar', 'char', 'unknown'].includes(value.type.kind)) {
      const what =
        part === node.value
          ? 'Left side of LIKE expression'
          : part === node.pattern
            ? 'Pattern for LIKE expression'
            : 'Escape for LIKE expression'
      fail(analysis, 'TYPE_MISMATCH', `${what} must evaluate to a varchar (actual: ${typeName(value.type)})`, part.at)
    }
    return { ...value, sql: coerceSql(value.sql, value.type, VARCHAR) }
  })
  const [value, pattern, escape] = values as [Value, Value, Value | undefined]
  if (escape?.literal !== undefined && [...escape.literal].length !== 1)
    fail(analysis, 'INVALID_FUNCTION_ARGUMENT', 'Escape string must be a single character', node.escape!.at)
  return combine(scope, `(${value.sql} LIKE ${pattern.sql}${escape ? ` ESCAPE ${escape.sql}` : ''})`, BOOLEAN, values)
}

function cast(analysis: Analysis, node: Expression & { kind: 'cast' }, scope: Scope): Value {
  const value = analysis.expression(node.value, scope)
  const type = resolveType(node.type)
  if (!type && node.type.name === 'decimal' && typeof node.type.arguments[0] === 'string') {
    const message = `Invalid DECIMAL precision or scale: ${node.type.arguments.join(', ')}`
    return fail(analysis, 'INVALID_FUNCTION_ARGUMENT', message, node.at)
  }
  if (!type) return fail(analysis, 'TYPE_MISMATCH', `Unknown type: ${analysis.sql.slice(node.type.at, node.type.end)}`, node.at)
  const sql = castSql(value.sql, value.type, type, node.safe)
  if (!sql) return fail(analysis, 'TYPE_MISMATCH', `Cannot cast ${typeName(value.type)} to ${typeName(type)}`, node.at)
  return combine(scope, sql, type, [value])
}

/** `?`: an expression when its text is one, else the text itself (measured on Athena). */
function parameter(analysis: Analysis, node: Expression & { kind: 'parameter' }): Value {
  const text = analysis.context.parameters?.[node.index]
  if (text === undefined)
    return fail(
      analysis,
      'INVALID_PARAMETER_USAGE',
      `Incorrect number of parameters: expected ${node.index + 1} but found ${analysis.context.parameters?.length ?? 0}`,
      node.at,
    )
  try {
    return analysis.expression(new QueryParser(text).wholeExpression(), newScope(undefined, new Map()))
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return textLiteral(text)
  }
}
