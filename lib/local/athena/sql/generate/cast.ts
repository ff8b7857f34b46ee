import { asDecimal, isInteger, isNumeric, isText } from '../types/coerce.ts'
import { duckdbType, fieldKey, quoteName, quoteText, sameType, typeName, type Type } from '../types/types.ts'
import { jsonText, fromJson } from './json.ts'
import { once } from './once.ts'
import { valueText } from './text.ts'

/** Names of the types in the sentences of failed casts. */
const SHORT: Record<string, string> = { integer: 'INT' }

let depth = 0
/** A name for a lambda parameter that no other one around it has. */
export function withLambda<T>(use: (name: string) => T): T {
  depth++
  try {
    return use(`e${depth}`)
  } finally {
    depth--
  }
}

/** SQL of `CAST(value AS to)` in Trino's sense (rounding, texts, refusals), or TRY_CAST when `safe`; undefined: Trino has no such cast. */
export function castSql(value: string, from: Type, to: Type, safe = false): string | undefined {
  if (from.kind === 'unknown' || sameType(from, to) || !repeats(from, to)) return castOf(value, from, to, safe)
  let possible = true
  const sql = once(value, name => {
    const cast = castOf(name, from, to, safe)
    possible = cast !== undefined
    return cast ?? ''
  })
  return possible ? sql : undefined
}

/** Whether the value stands several times in the SQL of the cast. */
const repeats = (from: Type, to: Type) =>
  isText(from) || from.kind === 'json' || to.kind === 'row' || to.kind === 'varchar' || /^time/.test(from.kind + to.kind)

function castOf(value: string, from: Type, to: Type, safe: boolean): string | undefined {
  if (from.kind === 'unknown') return `CAST(NULL AS ${duckdbType(to)})`
  if (sameType(from, to)) return value
  const cast = (inner: string, type = duckdbType(to)) => `${safe ? 'TRY_CAST' : 'CAST'}(${inner} AS ${type})`
  if (from.kind === 'json') return to.kind === 'function' ? undefined : fromJson(value, to, safe)
  switch (to.kind) {
    case 'boolean':
      if (isNumeric(from)) return `(${value} <> 0)`
      return isText(from) ? cast(`t_boolean_text(${value})`) : undefined
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      if (isText(from)) return cast(`t_integer_text(${value})`)
      if (from.kind === 'real' || from.kind === 'double') return cast(`round(${value})`)
      return isNumeric(from) || from.kind === 'boolean' ? cast(value) : undefined
    case 'real':
    case 'double':
      if (isText(from)) return cast(`t_double_text(${value})`)
      if (to.kind === 'real' && from.kind === 'double') return `t_real(${value})`
      return isNumeric(from) || from.kind === 'boolean' ? cast(value) : undefined
    case 'decimal':
      if (isText(from)) return cast(`t_decimal_text(${value})`)
      if (from.kind === 'real' || from.kind === 'double') return cast(`CAST(${value} AS VARCHAR)`)
      return isNumeric(from) || from.kind === 'boolean' ? cast(value) : undefined
    case 'varchar':
      return toVarchar(value, from, to.length, safe)
    case 'char':
      return isText(from) ? `rtrim(left(${value}, ${to.length}))` : castChain(value, from, { kind: 'varchar' }, to, safe)
    case 'varbinary':
      return isText(from) ? `encode(${value})` : from.kind === 'uuid' ? `t_uuid_bytes(${value})` : undefined
    case 'uuid':
      if (isText(from)) return `CAST(${cast(value, 'UUID')} AS VARCHAR)`
      return from.kind === 'varbinary' ? `t_uuid_of_bytes(${value})` : undefined
    case 'json':
      return jsonText(value, from)
    case 'array':
    case 'map':
    case 'row': {
      const nested = nestedCast(value, from, to)
      return safe && nested && nested !== value ? `TRY(${nested})` : nested
    }
    case 'interval day to second':
    case 'interval year to month':
    case 'unknown':
    case 'function':
      return undefined
    default:
      return timeCast(value, from, to, cast)
  }
}

const castChain = (value: string, from: Type, middle: Type, to: Type, safe: boolean) => {
  const first = castSql(value, from, middle, safe)
  return first && castSql(first, middle, to, safe)
}

function toVarchar(value: string, from: Type, length: number | undefined, safe: boolean): string | undefined {
  if (from.kind === 'array' || from.kind === 'map' || from.kind === 'row' || from.kind === 'varbinary') return undefined
  if (isText(from)) {
    const text = from.kind === 'char' ? `rpad(${value}, ${from.length}, ' ')` : value
    const shorter = length === undefined || (from.kind === 'varchar' && from.length !== undefined && from.length <= length)
    return shorter ? text : `left(${text}, ${length})`
  }
  const text = from.kind === 'double' || from.kind === 'real' ? `t_scientific(${value})` : valueText(value, from)
  if (length === undefined) return text
  return `t_fitting(${text}, ${length}, ${quoteText(typeName({ kind: 'varchar', length }))}, ${safe})`
}

function timeCast(
  value: string,
  from: Type,
  to: Type & { precision?: number },
  cast: (inner: string) => string,
): string | undefined {
  const precision = to.precision ?? 0
  switch (to.kind) {
    case 'date':
      if (isText(from)) return cast(`t_date_text(${value})`)
      if (from.kind === 'timestamp') return `CAST(${value} AS DATE)`
      return from.kind === 'timestamp with time zone' ? `CAST(t_local(${value}) AS DATE)` : undefined
    case 'timestamp':
      if (isText(from)) return rounded(cast(`t_timestamp_text(${value})`), 6, precision)
      if (from.kind === 'date') return `CAST(${value} AS TIMESTAMP)`
      if (from.kind === 'timestamp') return rounded(value, from.precision, precision)
      if (from.kind === 'timestamp with time zone') return rounded(`t_local(${value})`, from.precision, precision)
      return from.kind === 'time' ? `(current_date + ${value})` : undefined
    case 'timestamp with time zone':
      if (isText(from)) return `t_zoned_text(${value})`
      if (from.kind === 'date') return `t_zoned(CAST(${value} AS TIMESTAMP), 'UTC')`
      if (from.kind === 'timestamp') return `t_zoned(${rounded(value, from.precision, precision)}, 'UTC')`
      return from.kind === 'timestamp with time zone'
        ? `t_zoned(${rounded(`t_utc(${value})`, from.precision, precision)}, t_zone_name(${value}))`
        : undefined
    case 'time':
      if (isText(from)) return cast(`t_time_text(${value})`)
      if (from.kind === 'time') return precision >= from.precision ? value : `t_round_time(${value}, ${10 ** (6 - precision)})`
      if (from.kind === 'timestamp') return `CAST(${value} AS TIME)`
      return from.kind === 'timestamp with time zone' ? `CAST(t_local(${value}) AS TIME)` : undefined
    default:
      return undefined
  }
}

function rounded(value: string, from: number, to: number): string {
  return to >= from || to >= 6 ? value : `t_round_timestamp(${value}, ${10 ** (6 - to)})`
}

/** TRY_CAST of the whole is NULL when one part fails, so parts are always cast as CAST does. */
function nestedCast(value: string, from: Type, to: Type): string | undefined {
  if (to.kind === 'array' && from.kind === 'array') {
    if (duckdbType(from) === duckdbType(to) && from.element.kind === to.element.kind && to.element.kind !== 'varchar')
      return value
    return withLambda(e => {
      const element = castSql(e, from.element, to.element)
      return element && (element === e ? value : `list_transform(${value}, lambda ${e}: ${element})`)
    })
  }
  if (to.kind === 'map' && from.kind === 'map')
    return withLambda(e => {
      const key = castSql(`${e}.key`, from.key, to.key)
      const item = castSql(`${e}.value`, from.value, to.value)
      return (
        key && item && `map_from_entries(list_transform(map_entries(${value}), lambda ${e}: {'key': ${key}, 'value': ${item}}))`
      )
    })
  if (to.kind === 'row' && from.kind === 'row') {
    if (to.fields.length !== from.fields.length) return undefined
    const fields = to.fields.map((field, i) => {
      const source = from.fields[i]!
      const cast = castSql(`struct_extract(${value}, ${quoteText(fieldKey(source, i))})`, source.type, field.type)
      return cast && `${quoteName(fieldKey(field, i))} := ${cast}`
    })
    if (fields.some(field => !field)) return undefined
    return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
  }
  return undefined
}

/** SQL of a value that turns into a wider type by itself. */
export function coerceSql(value: string, from: Type, to: Type): string {
  if (sameType(from, to)) return value
  const literal = /^CAST\((-?\d+) AS (?:INTEGER|BIGINT)\)$/.exec(value)
  if (literal && (isInteger(to) || to.kind === 'double')) return `CAST(${literal[1]} AS ${duckdbType(to)})`
  if (isNumeric(from) && isNumeric(to)) return `CAST(${value} AS ${duckdbType(to)})`
  return castSql(value, from, to) ?? value
}

/** The type of `a op b` for decimals and integers mixed, as Trino's decimal operators. */
export function decimalResult(operator: string, a: Type, b: Type): Type & { kind: 'decimal' } {
  const { precision: p1, scale: s1 } = asDecimal(a)!
  const { precision: p2, scale: s2 } = asDecimal(b)!
  const type = (precision: number, scale: number): Type & { kind: 'decimal' } => ({
    kind: 'decimal',
    precision: Math.min(38, precision),
    scale,
  })
  switch (operator) {
    case '*':
      return type(p1 + p2, s1 + s2)
    case '/':
      return type(p1 + s2 + Math.max(s2 - s1, 0), Math.max(s1, s2))
    case '%':
      return type(Math.min(p2 - s2, p1 - s1) + Math.max(s1, s2), Math.max(s1, s2))
    default:
      return type(Math.max(p1 - s1, p2 - s2) + Math.max(s1, s2) + 1, Math.max(s1, s2))
  }
}

/** The word for a type in the messages of failed casts. */
export const castWord = (type: Type) => SHORT[type.kind] ?? typeName(type).toUpperCase()
