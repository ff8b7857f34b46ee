import { coerceSql, decimalResult } from '../generate/cast.ts'
import { once } from '../generate/once.ts'
import { raise } from '../generate/raise.ts'
import type { Expression } from '../parse/ast.ts'
import { commonOf, commonType, isInteger, isNumeric, isOrderable } from '../types/coerce.ts'
import {
  BOOLEAN,
  DAY_TO_SECOND,
  DOUBLE,
  INTEGER,
  duckdbType,
  timestamp,
  timestampWithZone,
  typeName,
  YEAR_TO_MONTH,
  type Type,
} from '../types/types.ts'
import { resolveCall } from './calls.ts'
import { comparable, comparisonSql, maybeNaN, memberSql } from './equality.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'

type Arithmetic = Expression & { kind: 'arithmetic' }

/** `a + b` and its like. */
export function arithmetic(analysis: Analysis, node: Arithmetic, scope: Scope): Value {
  const left = analysis.expression(node.left, scope)
  const right = analysis.expression(node.right, scope)
  if (node.operator === '||') return concatenate(analysis, node, left, right, scope)
  const found = arithmeticSql(node.operator, left, right)
  if (!found) {
    const message = `Cannot apply operator: ${typeName(left.type)} ${node.operator} ${typeName(right.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.operatorAt)
  }
  return combine(scope, found.sql, found.type, [left, right])
}

function concatenate(analysis: Analysis, node: Arithmetic, left: Value, right: Value, scope: Scope): Value {
  return resolveCall(analysis, 'concat', [left, right], node.operatorAt, scope)
}

function arithmeticSql(operator: string, left: Value, right: Value): { sql: string; type: Type } | undefined {
  if (left.type.kind === 'unknown' && right.type.kind === 'unknown') return { sql: 'CAST(NULL AS INTEGER)', type: INTEGER }
  const a = left.type.kind === 'unknown' && isNumeric(right.type) ? right.type : left.type
  const b = right.type.kind === 'unknown' && isNumeric(left.type) ? left.type : right.type
  if (isNumeric(a) && isNumeric(b)) return numberSql(operator, left, right, a, b)
  return timeSql(operator, left, right)
}

function numberSql(operator: string, left: Value, right: Value, a: Type, b: Type): { sql: string; type: Type } {
  const common = commonType(a, b)!
  if (common.kind === 'decimal') return decimalSql(operator, left, right, a, b)
  const x = coerceSql(left.sql, left.type, common)
  const y = coerceSql(right.sql, right.type, common)
  if (!isInteger(common)) {
    const sql = operator === '%' ? `t_fmod(${x}, ${y})` : `(${x} ${operator} ${y})`
    return { sql, type: common }
  }
  const symbol = operator === '/' ? '//' : operator
  if (operator === '/' || operator === '%') {
    const safe = right.literal !== undefined && Number(right.literal) !== 0
    return { sql: safe ? `(${x} ${symbol} ${y})` : guardZero(left, x, y, (a, b) => `${a} ${symbol} ${b}`), type: common }
  }
  return { sql: `(${x} ${symbol} ${y})`, type: common }
}

const guardZero = (left: Value, dividend: string, divisor: string, sql: (x: string, y: string) => string) =>
  once(dividend, x => once(divisor, y => guarded(left, x, y, sql(x, y))))

const guarded = (left: Value, dividend: string, divisor: string, sql: string) =>
  `CASE WHEN ${divisor} = 0${left.literal === undefined ? ` AND ${dividend} IS NOT NULL` : ''} THEN ${raise('DIVISION_BY_ZERO', "'Division by zero'")} ELSE ${sql} END`

function decimalSql(operator: string, left: Value, right: Value, a: Type, b: Type): { sql: string; type: Type } {
  const type = decimalResult(operator, a, b)
  const asDecimal = (value: Value, t: Type) =>
    t.kind === 'decimal' ? coerceSql(value.sql, value.type, t) : `CAST(${value.sql} AS DECIMAL(19,0))`
  const x = asDecimal(left, a)
  const y = asDecimal(right, b)
  if (operator === '/')
    return { sql: guardZero(left, x, y, (a, b) => `CAST(${quotientSql(a, b, type)} AS ${duckdbType(type)})`), type }
  const plain = (a: string, b: string) => `CAST(${a} ${operator} ${b} AS ${duckdbType(type)})`
  return { sql: operator === '%' ? guardZero(left, x, y, plain) : plain(x, y), type }
}

/** Doubles hold 15 digits; what may have more is divided exactly. */
const quotientSql = (x: string, y: string, { precision, scale }: Type & { kind: 'decimal' }) =>
  precision <= 15 ? `t_divide(${x}, ${y}, ${scale})` : `t_js_divide(CAST(${x} AS VARCHAR), CAST(${y} AS VARCHAR), ${scale})`

/** Dates, timestamps and intervals. */
function timeSql(operator: string, left: Value, right: Value): { sql: string; type: Type } | undefined {
  const [a, b] = [left.type, right.type]
  const interval = (type: Type) => type.kind === 'interval day to second' || type.kind === 'interval year to month'
  if (operator === '+' || operator === '-') {
    if (interval(b) && !interval(a)) return shift(operator, left, right)
    if (interval(a) && !interval(b) && operator === '+') return shift(operator, right, left)
    if (interval(a) && a.kind === b.kind) return { sql: `(${left.sql} ${operator} ${right.sql})`, type: a }
    if (operator === '-') return difference(left, right)
    return undefined
  }
  if (operator === '*' && interval(a) && isNumeric(b)) return scaled(left, right, '*')
  if (operator === '*' && isNumeric(a) && interval(b)) return scaled(right, left, '*')
  return operator === '/' && interval(a) && isNumeric(b) ? scaled(left, right, '/') : undefined
}

function shift(operator: string, value: Value, by: Value): { sql: string; type: Type } | undefined {
  const { type, sql } = value
  const months = by.type.kind === 'interval year to month'
  if (type.kind === 'date') {
    if (months) return { sql: `CAST(${sql} ${operator} to_months(${by.sql}) AS DATE)`, type }
    return { sql: `CAST(${sql} ${operator} t_whole_days(${by.sql}) AS DATE)`, type }
  }
  const step = months ? `to_months(${by.sql})` : `to_milliseconds(${by.sql})`
  if (type.kind === 'time' && !months)
    return { sql: `(${sql} ${operator} ${step})`, type: { kind: 'time', precision: Math.max(3, type.precision) } }
  if (type.kind === 'timestamp')
    return { sql: `(${sql} ${operator} ${step})`, type: months ? type : timestamp(Math.max(3, type.precision)) }
  if (type.kind !== 'timestamp with time zone') return undefined
  if (months)
    return {
      sql: once(sql, x => `t_zoned(t_instant(t_local(${x}) ${operator} ${step}, t_zone_name(${x})), t_zone_name(${x}))`),
      type,
    }
  return {
    sql: once(sql, x => `t_zoned(t_utc(${x}) ${operator} ${step}, t_zone_name(${x}))`),
    type: timestampWithZone(Math.max(3, type.precision)),
  }
}

function difference(left: Value, right: Value): { sql: string; type: Type } | undefined {
  if (left.type.kind === 'date' && right.type.kind === 'date')
    return { sql: `(CAST(${left.sql} - ${right.sql} AS BIGINT) * 86400000)`, type: DAY_TO_SECOND }
  const common = commonType(left.type, right.type)
  if (!common) return undefined
  const [x, y] = [coerceSql(left.sql, left.type, common), coerceSql(right.sql, right.type, common)]
  if (common.kind === 'timestamp') return { sql: `(epoch_ms(${x}) - epoch_ms(${y}))`, type: DAY_TO_SECOND }
  if (common.kind === 'timestamp with time zone')
    return { sql: `(epoch_ms(t_utc(${x})) - epoch_ms(t_utc(${y})))`, type: DAY_TO_SECOND }
  return common.kind === 'time' ? { sql: `CAST(epoch_ms(${x}) - epoch_ms(${y}) AS BIGINT)`, type: DAY_TO_SECOND } : undefined
}

function scaled(interval: Value, by: Value, operator: string): { sql: string; type: Type } {
  const type = interval.type.kind === 'interval year to month' ? YEAR_TO_MONTH : DAY_TO_SECOND
  const factor = isInteger(by.type) && operator === '*' ? by.sql : coerceSql(by.sql, by.type, DOUBLE)
  return { sql: `CAST(trunc(${interval.sql} ${operator} ${factor}) AS ${duckdbType(type)})`, type }
}

const ORDERED_ONLY = ['<', '<=', '>', '>=']

/** SQL of `left op right`; undefined: the types do not go together. */
export function compareSql(operator: string, left: Value, right: Value): string | undefined {
  const common = commonType(left.type, right.type)
  if (!common || (ORDERED_ONLY.includes(operator) && !isOrderable(common))) return undefined
  const side = (value: Value) => coerceSql(value.sql, value.type, common)
  return comparisonSql(operator, side(left), side(right), common)
}

export function compare(analysis: Analysis, node: Expression & { kind: 'compare' }, scope: Scope): Value {
  const left = analysis.expression(node.left, scope)
  const right = analysis.expression(node.right, scope)
  const sql = compareSql(node.operator, left, right)
  if (!sql) {
    const message = `Cannot apply operator: ${typeName(left.type)} ${node.operator} ${typeName(right.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.operatorAt)
  }
  return combine(scope, sql, BOOLEAN, [left, right])
}

export function between(analysis: Analysis, node: Expression & { kind: 'between' }, scope: Scope): Value {
  const [value, low, high] = [node.value, node.low, node.high].map(part => analysis.expression(part, scope)) as [
    Value,
    Value,
    Value,
  ]
  const common = commonOf([value.type, low.type, high.type])
  const above = compareSql('>=', value, low)
  const below = compareSql('<=', value, high)
  if (!above || !below || !common) {
    const message = `Cannot check if ${typeName(value.type)} is BETWEEN ${typeName(low.type)} and ${typeName(high.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.operatorAt)
  }
  const [x, y, z] = [value, low, high].map(part => coerceSql(part.sql, part.type, common)) as [string, string, string]
  const [a, b, c] = [x, y, z].map(sql => comparable(sql, common))
  const guard = [x, z].filter(sql => maybeNaN(sql, common)).length === 2 ? ` AND NOT isnan(${z})` : ''
  return combine(scope, `(${a} BETWEEN ${b} AND ${c}${guard})`, BOOLEAN, [value, low, high])
}

export function inList(analysis: Analysis, node: Expression & { kind: 'in' }, scope: Scope): Value {
  const values = [node.value, ...node.list].map(part => analysis.expression(part, scope))
  let common: Type | undefined = values[0]!.type
  for (const value of values.slice(1)) common = common && commonType(common, value.type)
  if (!common) {
    const message = `IN value and list items must be the same type or coercible to a common type. Cannot find common type between ${typeName(values[0]!.type)} and ${typeName(values.find(value => !commonType(values[0]!.type, value.type))?.type ?? values[1]!.type)}`
    throw queryError(analysis, 'TYPE_MISMATCH', message, node.list[0]!.at)
  }
  const [first, ...list] = values.map(value => coerceSql(value.sql, value.type, common!)) as [string, ...string[]]
  return combine(scope, memberSql(first, list, common), BOOLEAN, values)
}

/** `-x`, `+x`; the minus of a literal belongs to the literal. */
export function sign(analysis: Analysis, node: Expression & { kind: 'sign' }, scope: Scope): Value {
  const { value: inner } = node
  if (inner.kind === 'integer' && node.operator === '-') {
    return analysis.expression({ ...inner, text: inner.text.startsWith('-') ? inner.text.slice(1) : `-${inner.text}` }, scope)
  }
  const value = analysis.expression(inner, scope)
  const { kind } = value.type
  if (!isNumeric(value.type) && kind !== 'interval day to second' && kind !== 'interval year to month' && kind !== 'unknown')
    throw queryError(analysis, 'TYPE_MISMATCH', `Cannot negate ${typeName(value.type)}`, node.at)
  if (node.operator === '+') return value
  const literal = value.literal === undefined ? undefined : `-${value.literal}`
  return combine(scope, `(-${value.sql})`, value.type, [value], literal)
}
