import type { Call, Expression } from '../parse/ast.ts'
import { DATE, timestamp, timestampWithZone, typeName, VARCHAR } from '../types/types.ts'
import { call } from './calls.ts'
import { textLiteral } from './literals.ts'
import { queryError, type Analysis, type Scope, type Value } from './scope.ts'

function fail(analysis: Analysis, code: string, message: string, at: number): never {
  throw queryError(analysis, code, message, at)
}

const EXTRACTED: Record<string, string> = {
  DAY_OF_MONTH: 'day',
  DAY_OF_WEEK: 'day_of_week',
  DOW: 'day_of_week',
  DAY_OF_YEAR: 'day_of_year',
  DOY: 'day_of_year',
  YEAR_OF_WEEK: 'year_of_week',
  YOW: 'year_of_week',
}
const FIELDS = ['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE']

/** `EXTRACT(field FROM value)`: the function of that name. */
export function extract(analysis: Analysis, node: Expression & { kind: 'extract' }, scope: Scope): Value {
  const name = EXTRACTED[node.field] ?? (FIELDS.includes(node.field) ? node.field.toLowerCase() : undefined)
  if (!name) return fail(analysis, 'SYNTAX_ERROR', `Invalid EXTRACT field: ${node.field}`, node.at)
  const value = analysis.expression(node.value, scope)
  if (!/^(date|time|interval)/.test(value.type.kind))
    return fail(analysis, 'TYPE_MISMATCH', `Cannot extract ${node.field} from ${typeName(value.type)}`, node.value.at)
  return call(analysis, plainCall(name, [node.value], node), scope)
}

/** AT TIME ZONE; a timestamp without zone is read as UTC, the session's zone. */
export function atTimeZone(analysis: Analysis, node: Expression & { kind: 'atTimeZone' }, scope: Scope): Value {
  const { type } = analysis.expression(node.value, scope)
  if (!/^time/.test(type.kind)) {
    const message = `Type of value must be a time or timestamp with or without time zone (actual ${typeName(type)})`
    fail(analysis, 'TYPE_MISMATCH', message, node.value.at)
  }
  return call(analysis, plainCall('at_timezone', [node.value, node.zone], node), scope)
}

/** A call that stands for a construct with a grammar of its own. */
function plainCall(name: string, args: Expression[], { at, end }: Expression): Call {
  return { kind: 'call', name, nameAt: at, star: false, arguments: args, distinct: false, orderBy: [], at, end }
}

/** `now()`. */
export function instant(analysis: Analysis, precision: number): Value {
  const text = analysis.now.toISOString().replace('T', ' ').replace('Z', '')
  return { sql: `t_zoned(TIMESTAMP '${text}', 'UTC')`, type: timestampWithZone(precision) }
}

/** `current_date` and its like: one instant for the whole query. */
export function current(analysis: Analysis, node: Expression & { kind: 'current' }): Value {
  const text = analysis.now.toISOString().replace('T', ' ').replace('Z', '')
  const precision = node.precision ?? 3
  switch (node.what) {
    case 'CURRENT_DATE':
      return { sql: `DATE '${text.slice(0, 10)}'`, type: DATE }
    case 'LOCALTIMESTAMP':
      return { sql: `TIMESTAMP '${text}'`, type: timestamp(precision) }
    case 'LOCALTIME':
      return { sql: `TIME '${text.slice(11)}'`, type: { kind: 'time', precision } }
    case 'CURRENT_TIME':
      return { sql: `{'t': TIME '${text.slice(11)}', 'z': '+00:00'}`, type: { kind: 'time with time zone', precision } }
    case 'CURRENT_TIMESTAMP':
      return instant(analysis, precision)
    case 'CURRENT_CATALOG':
      return textLiteral('awsdatacatalog')
    case 'CURRENT_SCHEMA':
      return analysis.database === undefined ? { sql: 'NULL', type: VARCHAR } : textLiteral(analysis.database)
    default:
      return { sql: "''", type: VARCHAR }
  }
}
