import type { Bound, SortItem, Window } from '../parse/ast.ts'
import { isNumeric } from '../types/coerce.ts'
import { typeName, type Type } from '../types/types.ts'
import { queryError, type Analysis, type Scope, type Value } from './scope.ts'

/** `x DESC NULLS LAST`: Trino puts NULLs last in either direction unless told otherwise. */
export function orderSql(sql: string, item: SortItem): string {
  return `${sql} ${item.descending ? 'DESC' : 'ASC'} NULLS ${item.nullsFirst ? 'FIRST' : 'LAST'}`
}

/** The window after OVER, with named windows written out. */
export function overSql(analysis: Analysis, window: Window, scope: Scope): { sql: string; values: Value[]; ordered: boolean } {
  const whole = resolved(analysis, window, scope)
  const partitions = whole.partitionBy.map(node => analysis.expression(node, scope))
  const orders = whole.orderBy.map(item => ({ item, value: analysis.expression(item.value, scope) }))
  const parts: string[] = []
  if (partitions.length) parts.push(`PARTITION BY ${partitions.map(value => value.sql).join(', ')}`)
  if (orders.length) parts.push(`ORDER BY ${orders.map(({ item, value }) => orderSql(value.sql, item)).join(', ')}`)
  if (whole.frame) {
    const { unit, start, end_ } = whole.frame
    checkFrame(analysis, whole, orders[0]?.value.type)
    parts.push(`${unit} BETWEEN ${boundSql(analysis, start, scope)} AND ${boundSql(analysis, end_, scope)}`)
  }
  const values = [...partitions, ...orders.map(({ value }) => value)]
  const nested = values.find(value => value.window)
  if (nested)
    throw queryError(
      analysis,
      'NESTED_WINDOW',
      'Cannot nest window functions or row pattern measures inside window specification',
      window.at,
    )
  return { sql: `(${parts.join(' ')})`, values, ordered: orders.length > 0 }
}

const BOUNDS = ['UNBOUNDED PRECEDING', 'PRECEDING', 'CURRENT ROW', 'FOLLOWING', 'UNBOUNDED FOLLOWING']

function checkFrame(analysis: Analysis, { frame, orderBy }: Window, sorted: Type | undefined): void {
  const { unit, start, end_: end, at } = frame!
  const fail = (code: string, message: string): never => {
    throw queryError(analysis, code, message, at)
  }
  if (start.kind === 'UNBOUNDED FOLLOWING') fail('INVALID_WINDOW_FRAME', 'Window frame start cannot be UNBOUNDED FOLLOWING')
  if (end.kind === 'UNBOUNDED PRECEDING') fail('INVALID_WINDOW_FRAME', 'Window frame end cannot be UNBOUNDED PRECEDING')
  if (BOUNDS.indexOf(start.kind) > BOUNDS.indexOf(end.kind))
    fail('INVALID_WINDOW_FRAME', `Window frame starting from ${start.kind} cannot end with ${end.kind}`)
  if (unit === 'GROUPS' && !orderBy.length)
    fail('MISSING_ORDER_BY', 'Window frame of type GROUPS PRECEDING or FOLLOWING requires ORDER BY')
  if (unit === 'RANGE' && (start.value ?? end.value) && orderBy.length !== 1)
    fail(
      orderBy.length ? 'INVALID_ORDER_BY' : 'MISSING_ORDER_BY',
      'Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY',
    )
  if (
    unit === 'RANGE' &&
    (start.value ?? end.value) &&
    sorted &&
    !isNumeric(sorted) &&
    !/^(date|time|interval)/.test(sorted.kind)
  )
    throw queryError(
      analysis,
      'TYPE_MISMATCH',
      `Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item type be numeric, datetime or interval (actual: ${typeName(sorted)})`,
      orderBy[0]!.value.at,
    )
}

function resolved(analysis: Analysis, window: Window, scope: Scope): Window {
  if (!window.name) return window
  const named = scope.windows.get(window.name.name.toLowerCase())
  if (!named)
    throw queryError(analysis, 'INVALID_WINDOW_REFERENCE', `Cannot resolve WINDOW name ${window.name.name}`, window.name.at)
  const base = resolved(analysis, named, scope)
  return {
    ...window,
    partitionBy: base.partitionBy,
    orderBy: window.orderBy.length ? window.orderBy : base.orderBy,
    frame: window.frame ?? base.frame,
  }
}

function boundSql(analysis: Analysis, bound: Bound, scope: Scope): string {
  if (!bound.value) return bound.kind
  const value = analysis.expression(bound.value, scope)
  if (value.literal?.startsWith('-'))
    throw queryError(analysis, 'INVALID_WINDOW_FRAME', 'Window frame offset value must not be negative or null', bound.value.at)
  const { kind } = value.type
  const sql =
    kind === 'interval day to second'
      ? `to_milliseconds(${value.sql})`
      : kind === 'interval year to month'
        ? `to_months(${value.sql})`
        : value.sql
  return `${sql} ${bound.kind}`
}
