import type { Emission, FunctionTable } from './signature.ts'
import { jodaFormatSql, mysqlFormat } from './date-formats.ts'
import { quoteText, type Type } from '../types/types.ts'

const STAMPS = ['timestamp(p)', 'timestamp(p) with time zone']
const TYPES = ['date', ...STAMPS]
/** The wall clock of a value as TIMESTAMP. */
const local = (sql: string, type: Type) =>
  type.kind === 'timestamp with time zone' ? `t_local(${sql})` : type.kind === 'date' ? `CAST(${sql} AS TIMESTAMP)` : sql
const zone = (sql: string, type: Type) => (type.kind === 'timestamp with time zone' ? `t_zone_name(${sql})` : "'UTC'")

const PARTS: Record<string, string> = {
  year: 'year($1)',
  quarter: 'quarter($1)',
  month: 'month($1)',
  week: 'week($1)',
  week_of_year: 'week($1)',
  day: 'day($1)',
  day_of_month: 'day($1)',
  day_of_week: 'isodow($1)',
  dow: 'isodow($1)',
  day_of_year: 'dayofyear($1)',
  doy: 'dayofyear($1)',
  year_of_week: 'isoyear($1)',
  yow: 'isoyear($1)',
}
const CLOCK_PARTS: Record<string, string> = {
  hour: 'hour($1)',
  minute: 'minute($1)',
  second: 'second($1)',
  millisecond: '(millisecond($1) % 1000)',
}

/** `year(date)`, `hour(timestamp)` and their like; also what EXTRACT uses. */
function partFunctions(): FunctionTable {
  const table: FunctionTable = {}
  const part = (sql: string) => (e: Emission) => `CAST(${sql.replaceAll('$1', local(e.args[0]!, e.types[0]!))} AS BIGINT)`
  for (const [name, sql] of Object.entries(PARTS)) for (const type of TYPES) table[`${name}(${type}) bigint`] = part(sql)
  for (const [name, sql] of Object.entries(CLOCK_PARTS))
    for (const type of [...STAMPS, 'time(p)']) table[`${name}(${type}) bigint`] = part(sql)
  const ms = { day: [86400000, 1e9], hour: [3600000, 24], minute: [60000, 60], second: [1000, 60], millisecond: [1, 1000] }
  for (const [name, [unit, modulus]] of Object.entries(ms))
    table[`${name}(interval day to second) bigint`] = `(($1 // ${unit}) % ${modulus})`
  table['year(interval year to month) bigint'] = 'CAST($1 // 12 AS BIGINT)'
  table['month(interval year to month) bigint'] = 'CAST($1 % 12 AS BIGINT)'
  return table
}

const DATE_UNITS = ['day', 'week', 'month', 'quarter', 'year']
const UNITS = ['millisecond', 'second', 'minute', 'hour', ...DATE_UNITS]

/** The unit argument of date_trunc, date_add, date_diff: a literal in nearly all queries. */
function unitOf({ literals, types, fail }: Emission, valueIndex: number): string | undefined {
  const literal = literals[0]?.toLowerCase()
  if (literal === undefined) return undefined
  const kind = types[valueIndex]!.kind
  const allowed = kind === 'date' ? DATE_UNITS : kind === 'time' ? UNITS.slice(0, 4) : UNITS
  if (!allowed.includes(literal))
    fail(
      'INVALID_FUNCTION_ARGUMENT',
      `'${literal}' is not a valid ${kind === 'date' ? 'DATE' : kind === 'time' ? 'TIME' : 'TIMESTAMP'} field`,
    )
  return literal
}

function dateTrunc(e: Emission): string {
  const [, value] = e.args as [string, string]
  const type = e.types[1]!
  const unit = unitOf(e, 1)
  if (type.kind === 'time')
    return `CAST(date_trunc(${unit === undefined ? e.args[0] : quoteText(unit)}, DATE '1970-01-01' + ${value}) AS TIME)`
  const truncated = `date_trunc(${unit === undefined ? e.args[0] : quoteText(unit)}, ${local(value, type)})`
  if (type.kind === 'date') return `CAST(${truncated} AS DATE)`
  return type.kind === 'timestamp with time zone'
    ? `t_zoned(t_instant(${truncated}, t_zone_name(${value})), t_zone_name(${value}))`
    : truncated
}

function dateAdd(e: Emission): string {
  const [unitSql, count, value] = e.args as [string, string, string]
  const type = e.types[2]!
  const unit = unitOf(e, 2)
  if (type.kind === 'date' && (unit === 'day' || unit === 'week'))
    return `CAST(${value} + CAST(${count}${unit === 'week' ? ' * 7' : ''} AS INTEGER) AS DATE)`
  const interval = unit === undefined ? `t_interval(${unitSql}, ${count})` : intervalOf(unit, count)
  if (type.kind === 'date') return `CAST(${value} + ${interval} AS DATE)`
  if (type.kind !== 'timestamp with time zone') return `(${value} + ${interval})`
  if (unit && !DATE_UNITS.includes(unit)) return `t_zoned(t_utc(${value}) + ${interval}, t_zone_name(${value}))`
  return `t_zoned(t_instant(t_local(${value}) + ${interval}, t_zone_name(${value})), t_zone_name(${value}))`
}

const intervalOf = (unit: string, count: string) =>
  ['millisecond', 'second', 'minute', 'hour'].includes(unit) ? `to_${unit}s(${count})` : `to_${unit}s(CAST(${count} AS INTEGER))`

function dateDiff(e: Emission): string {
  const [unitSql, from, to] = e.args as [string, string, string]
  const type = e.types[1]!
  const unit = unitOf(e, 1)
  const day = unit === undefined || DATE_UNITS.includes(unit)
  const side = (sql: string) => (type.kind === 'timestamp with time zone' ? (day ? `t_local(${sql})` : `t_utc(${sql})`) : sql)
  return `date_sub(${unit === undefined ? unitSql : quoteText(unit)}, ${side(from)}, ${side(to)})`
}

function dateFormat(e: Emission): string {
  const format = e.literals[1]
  if (format === undefined) return `t_js_mysql_text(epoch_us(${local(e.args[0]!, e.types[0]!)}), ${e.args[1]})`
  const translated = mysqlFormat(format)
  if ('refused' in translated)
    return e.fail('INVALID_FUNCTION_ARGUMENT', `${translated.refused} not supported in date format string`)
  return `strftime(${local(e.args[0]!, e.types[0]!)}, ${quoteText(translated.strftime.replaceAll('%f', '%g000'))})`
}

function dateParse(e: Emission): string {
  const format = e.literals[1]
  if (format === undefined) return `make_timestamp(t_js_mysql_parse(${e.args[0]}, ${e.args[1]}))`
  const translated = mysqlFormat(format)
  if ('refused' in translated)
    return e.fail('INVALID_FUNCTION_ARGUMENT', `${translated.refused} not supported in date format string`)
  // strptime starts from 1900 and skips blanks.
  if (!/%[YyG]/.test(translated.strftime) || format.startsWith(' '))
    return `make_timestamp(t_js_mysql_parse(${e.args[0]}, ${e.args[1]}))`
  return `strptime(${e.args[0]}, ${quoteText(translated.strftime)})`
}

function formatDatetime(e: Emission): string {
  const [value, format] = e.args as [string, string]
  const type = e.types[0]!
  if (type.kind === 'timestamp' && /z/i.test(e.literals[1]?.replace(/'[^']*'/g, '') ?? ''))
    return e.fail(
      'INVALID_FUNCTION_ARGUMENT',
      "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain TZ information",
    )
  const native = e.literals[1] === undefined ? undefined : jodaFormatSql(e.literals[1], local(value, type))
  return native ?? `t_js_joda_text(epoch_us(${local(value, type)}), ${zone(value, type)}, ${format})`
}

const parseDatetime = ({ args }: Emission) => `t_joda_parse(${args[0]}, ${args[1]})`

function toIso8601(e: Emission): string {
  const value = e.args[0]!
  const type = e.types[0]!
  if (type.kind === 'date') return `CAST(${value} AS VARCHAR)`
  const digits = 'precision' in type ? type.precision : 3
  const format = digits === 0 ? '%Y-%m-%dT%H:%M:%S' : digits <= 3 ? '%Y-%m-%dT%H:%M:%S.%g' : '%Y-%m-%dT%H:%M:%S.%f'
  const text = `strftime(${local(value, type)}, '${format}')`
  if (type.kind === 'timestamp') return text
  return `(${text} || CASE WHEN t_zone_name(${value}) IN ('UTC', 'Z') THEN 'Z' ELSE t_offset_text(t_local(${value}), t_zone_name(${value})) END)`
}

const forTypes = (types: string[], signature: (type: string) => string, template: FunctionTable[string]): FunctionTable =>
  Object.fromEntries(types.map(type => [signature(type), template]))

/** Trino's date and time functions. Weeks are ISO weeks, Monday is 1. */
export const datetimeFunctions: FunctionTable = {
  ...partFunctions(),
  'date(varchar) date': 'CAST(t_date_text($1) AS DATE)',
  'date(date) date': '$1',
  'date(timestamp(p)) date': 'CAST($1 AS DATE)',
  'date(timestamp(p) with time zone) date': 'CAST(t_local($1) AS DATE)',
  ...forTypes(
    TYPES,
    t => `last_day_of_month(${t}) date`,
    e => `last_day(${local(e.args[0]!, e.types[0]!)})`,
  ),
  ...forTypes([...TYPES, 'time(p)'], t => `date_trunc(varchar, ${t}) ${t}`, dateTrunc),
  ...forTypes([...TYPES, 'time(p)'], t => `date_add(varchar, bigint, ${t}) ${t}`, dateAdd),
  ...forTypes([...TYPES, 'time(p)'], t => `date_diff(varchar, ${t}, ${t}) bigint`, dateDiff),
  ...forTypes(STAMPS, t => `date_format(${t}, varchar) varchar`, dateFormat),
  'date_parse(varchar, varchar) timestamp(3)': dateParse,
  ...forTypes(STAMPS, t => `format_datetime(${t}, varchar) varchar`, formatDatetime),
  'parse_datetime(varchar, varchar) timestamp(3) with time zone': parseDatetime,
  ...forTypes(TYPES, t => `to_iso8601(${t}) varchar`, toIso8601),
  'from_iso8601_date(varchar) date': 't_iso_date($1)',
  'from_iso8601_timestamp(varchar) timestamp(3) with time zone': 't_iso_timestamp($1)',
  'from_iso8601_timestamp_nanos(varchar) timestamp(9) with time zone': 't_iso_timestamp($1)',
  'from_unixtime(double) timestamp(3) with time zone': "t_zoned(t_from_unixtime($1), 'UTC')",
  'from_unixtime(double, varchar) timestamp(3) with time zone': 't_zoned(t_from_unixtime($1), $2)',
  'from_unixtime(double, bigint, bigint) timestamp(3) with time zone':
    't_zoned(t_from_unixtime($1), t_offset_name($2 * 60 + $3))',
  'from_unixtime_nanos(bigint) timestamp(9) with time zone': "t_zoned(make_timestamp($1 // 1000), 'UTC')",
  'to_unixtime(timestamp(p)) double': '(epoch_us($1) / CAST(1000000 AS DOUBLE))',
  'to_unixtime(timestamp(p) with time zone) double': '(epoch_us(t_utc($1)) / CAST(1000000 AS DOUBLE))',
  'to_milliseconds(interval day to second) bigint': '$1',
  'parse_duration(varchar) interval day to second': 't_parse_duration($1)',
  'at_timezone(timestamp(p) with time zone, varchar) timestamp(p) with time zone': 't_zoned(t_utc($1), t_zone($2))',
  'with_timezone(timestamp(p), varchar) timestamp(p) with time zone': 't_zoned(t_instant($1, t_zone($2)), $2)',
  'timezone_hour(timestamp(p) with time zone) bigint': 'CAST(t_offset_minutes(t_local($1), t_zone_name($1)) // 60 AS BIGINT)',
  'timezone_minute(timestamp(p) with time zone) bigint': 'CAST(t_offset_minutes(t_local($1), t_zone_name($1)) % 60 AS BIGINT)',
  'timezone(timestamp(p) with time zone) varchar': 't_zone_name($1)',
}
