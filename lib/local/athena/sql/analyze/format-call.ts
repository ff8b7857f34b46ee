import type { Call } from '../parse/ast.ts'
import { coerceSql } from '../generate/cast.ts'
import { valueText } from '../generate/text.ts'
import { isInteger, isNumeric } from '../types/coerce.ts'
import { DOUBLE, quoteText, typeName, VARCHAR } from '../types/types.ts'
import { wantArguments } from './conditionals.ts'
import { combine, queryError, type Analysis, type Scope, type Value } from './scope.ts'

const SPECIFIER = /%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?(t?[a-zA-Z%])/g

/** `format('%.2f %s', x, y)`: Java's format, written out piece by piece. */
export function formatCall(analysis: Analysis, node: Call, scope: Scope): Value {
  wantArguments(analysis, node, 2)
  const values = node.arguments.map(argument => analysis.expression(argument, scope))
  const format = values[0]!.literal
  if (format === undefined) throw queryError(analysis, 'NOT_SUPPORTED', 'format needs a literal format', node.at)
  const pieces: string[] = []
  let next = 1
  let last = 0
  for (const match of format.matchAll(SPECIFIER)) {
    if (match.index > last) pieces.push(quoteText(format.slice(last, match.index)))
    last = match.index + match[0].length
    const [, position, flags, width, precision, conversion] = match
    if (conversion === '%' || conversion === 'n') pieces.push(conversion === '%' ? "'%'" : 'chr(10)')
    else {
      const value = values[position ? Number(position) : next++]
      if (!value)
        throw queryError(
          analysis,
          'INVALID_FUNCTION_ARGUMENT',
          `Invalid format string: ${format} (MissingFormatArgument: ${match[0]})`,
          node.at,
        )
      const piece = pieceSql(value, conversion!, flags ?? '', width, precision)
      if (piece === undefined) {
        const message = `Invalid format string: ${format} (IllegalFormatConversion: ${conversion} != ${typeName(value.type)})`
        throw queryError(analysis, 'INVALID_FUNCTION_ARGUMENT', message, node.at)
      }
      pieces.push(piece)
    }
  }
  if (last < format.length) pieces.push(quoteText(format.slice(last)))
  return combine(scope, `(${pieces.join(' || ') || "''"})`, VARCHAR, values)
}

function pieceSql(
  value: Value,
  conversion: string,
  flags: string,
  width: string | undefined,
  precision: string | undefined,
): string | undefined {
  const sql = convert(value, conversion, flags, precision)
  if (sql === undefined) return undefined
  const text = `coalesce(${/^[A-Z]$/.test(conversion) ? `upper(${sql})` : sql}, 'null')`
  if (!width) return text
  if (flags.includes('-')) return `t_pad_right(${text}, ${width})`
  return flags.includes('0') ? `t_pad_zero(${text}, ${width})` : `t_pad_left(${text}, ${width})`
}

function convert(value: Value, conversion: string, flags: string, precision: string | undefined): string | undefined {
  const { type, sql } = value
  const group = flags.includes(',')
  const plus = (text: string) => (flags.includes('+') ? `CASE WHEN ${sql} >= 0 THEN '+' ELSE '' END || ${text}` : text)
  switch (conversion.toLowerCase()) {
    case 's': {
      const text = type.kind === 'unknown' ? "'null'" : valueText(sql, type)
      return precision ? `left(${text}, ${precision})` : text
    }
    case 'd':
      if (!isInteger(type)) return undefined
      return plus(group ? `format('{:,}', CAST(${sql} AS BIGINT))` : `CAST(${sql} AS VARCHAR)`)
    case 'f':
    case 'e':
    case 'g': {
      if (!isNumeric(type) || isInteger(type)) return undefined
      const digits = Number(precision ?? 6)
      const number = coerceSql(sql, type, DOUBLE)
      if (conversion.toLowerCase() !== 'f') return plus(`printf('%.${digits}${conversion}', ${number})`)
      return plus(`t_fixed(${number}, ${digits}, ${group})`)
    }
    case 'x':
      return isInteger(type) ? `lower(to_hex(CAST(${sql} AS BIGINT)))` : undefined
    case 'o':
      return isInteger(type) ? `t_to_base(CAST(${sql} AS BIGINT), 8)` : undefined
    case 'b':
      return type.kind === 'boolean' ? `CAST(${sql} AS VARCHAR)` : `CAST(${sql} IS NOT NULL AS VARCHAR)`
    case 'c':
      return type.kind === 'varchar' || type.kind === 'char' ? sql : undefined
    default:
      return timePiece(value, conversion)
  }
}

const TIME: Record<string, string> = {
  Y: '%Y',
  m: '%m',
  d: '%d',
  e: '%-d',
  H: '%H',
  M: '%M',
  S: '%S',
  B: '%B',
  b: '%b',
  A: '%A',
  a: '%a',
  y: '%y',
  j: '%j',
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  D: '%m/%d/%y',
  R: '%H:%M',
  L: '%g',
  p: '%p',
  I: '%I',
}

function timePiece(value: Value, conversion: string): string | undefined {
  const format = conversion[0] === 't' || conversion[0] === 'T' ? TIME[conversion.slice(1)] : undefined
  if (!format || !['date', 'timestamp', 'timestamp with time zone'].includes(value.type.kind)) return undefined
  const local = value.type.kind === 'timestamp with time zone' ? `t_local(${value.sql})` : value.sql
  return `strftime(${local}, '${format}')`
}
