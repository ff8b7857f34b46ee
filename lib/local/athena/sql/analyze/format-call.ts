import type { Call } from '../parse/ast.ts'
import { coerceSql } from '../generate/cast.ts'
import { isInteger } from '../types/coerce.ts'
import { typeName, VARCHAR, type Type } from '../types/types.ts'
import { wantArguments } from './conditionals.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'

/** `format('%.2f %s', x, y)`: Java's format. */
export function formatCall(analysis: Analysis, node: Call, scope: Scope): Value {
  wantArguments(analysis, node, 2)
  const [format, ...values] = node.arguments.map(argument => analysis.expression(argument, scope)) as [Value, ...Value[]]
  const items = values.map((value, i) => {
    const item = itemSql(value.sql, value.type)
    if (item === undefined)
      throw queryError(
        analysis,
        'NOT_SUPPORTED',
        `Type not supported for formatting: ${typeName(value.type)}`,
        node.arguments[i + 1]!.at,
      )
    return `coalesce(${item}, 'n')`
  })
  const list = `CAST(to_json([${items.join(', ')}]) AS VARCHAR)`
  return combine(scope, `t_js_format(${coerceSql(format.sql, format.type, VARCHAR)}, ${list})`, VARCHAR, [format, ...values])
}

/** The value as text, after a letter for what it is to Java. */
function itemSql(sql: string, type: Type): string | undefined {
  if (isInteger(type)) return `'d' || CAST(${sql} AS VARCHAR)`
  switch (type.kind) {
    case 'unknown':
      return "'n'"
    case 'boolean':
      return `'b' || CAST(${sql} AS VARCHAR)`
    case 'real':
    case 'double':
      return `'f' || t_float_text(${sql})`
    case 'decimal':
      return `'D' || CAST(${sql} AS VARCHAR)`
    case 'date':
      return `'t' || CAST(epoch_us(CAST(${sql} AS TIMESTAMP)) AS VARCHAR) || ' ' || CAST(${sql} AS VARCHAR)`
    case 'timestamp':
      return `'t' || CAST(epoch_us(${sql}) AS VARCHAR) || ' ' || t_java_time(strftime(${sql}, '%Y-%m-%dT%H:%M:%S.%f'))`
    case 'timestamp with time zone':
      return `'t' || CAST(epoch_us(t_local(${sql})) AS VARCHAR) || ' ' || t_java_time(strftime(t_local(${sql}), '%Y-%m-%dT%H:%M:%S.%f')) || t_java_zone(t_local(${sql}), t_zone_name(${sql}))`
    case 'time':
      return `'t' || CAST(epoch_us(DATE '1970-01-01' + ${sql}) AS VARCHAR) || ' ' || t_java_time(strftime(DATE '1970-01-01' + ${sql}, '%H:%M:%S.%f'))`
    case 'varchar':
    case 'json':
    case 'uuid':
      return `'s' || ${sql}`
    case 'char':
      return `'s' || rpad(${sql}, ${type.length}, ' ')`
    default:
      return undefined
  }
}
