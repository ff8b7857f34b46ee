import { sameType, timestamp, timestampWithZone, type Type } from './types.ts'

/** Digits that an integer type needs as a decimal. */
const INTEGER_DIGITS: Record<string, number> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 }
const NUMERIC_ORDER = ['tinyint', 'smallint', 'integer', 'bigint', 'decimal', 'real', 'double']

export const isInteger = (type: Type) => type.kind in INTEGER_DIGITS
export const isNumeric = (type: Type) => NUMERIC_ORDER.includes(type.kind)
export const isText = (type: Type) => type.kind === 'varchar' || type.kind === 'char'

/** The decimal type that holds every value of an integer or decimal type. */
export function asDecimal(type: Type): { precision: number; scale: number } | undefined {
  if (type.kind === 'decimal') return type
  const digits = INTEGER_DIGITS[type.kind]
  return digits ? { precision: digits, scale: 0 } : undefined
}

/** The type both sides turn into by themselves (UNION, CASE, comparisons), as Trino's TypeCoercion; undefined: there is none. */
export function commonType(a: Type, b: Type): Type | undefined {
  if (sameType(a, b)) return a
  if (a.kind === 'unknown') return b
  if (b.kind === 'unknown') return a
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b)
  if (isText(a) && isText(b)) return commonText(a, b)
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element)
    return element && { kind: 'array', element }
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key)
    const value = commonType(a.value, b.value)
    return key && value && { kind: 'map', key, value }
  }
  if (a.kind === 'row' && b.kind === 'row') return commonRow(a, b)
  return commonTime(a, b)
}

function commonNumber(a: Type, b: Type): Type {
  const [low, high] = NUMERIC_ORDER.indexOf(a.kind) <= NUMERIC_ORDER.indexOf(b.kind) ? [a, b] : [b, a]
  if (high.kind !== 'decimal') return high
  const x = asDecimal(low)!
  const scale = Math.max(x.scale, high.scale)
  const whole = Math.max(x.precision - x.scale, high.precision - high.scale)
  return { kind: 'decimal', precision: Math.min(38, whole + scale), scale }
}

function commonText(a: Type, b: Type): Type {
  const length = (t: Type) => (t.kind === 'varchar' || t.kind === 'char' ? t.length : undefined)
  const [x, y] = [length(a), length(b)]
  const longest = x === undefined || y === undefined ? undefined : Math.max(x, y)
  if (a.kind === 'char' || b.kind === 'char') return { kind: 'char', length: longest ?? 65536 }
  return { kind: 'varchar', length: longest }
}

function commonRow(a: Type & { kind: 'row' }, b: Type & { kind: 'row' }): Type | undefined {
  if (a.fields.length !== b.fields.length) return undefined
  const fields = a.fields.map((field, i) => {
    const other = b.fields[i]!
    return { name: field.name === other.name ? field.name : undefined, type: commonType(field.type, other.type) }
  })
  if (fields.some(field => !field.type)) return undefined
  return { kind: 'row', fields: fields.map(field => ({ name: field.name, type: field.type! })) }
}

function commonTime(a: Type, b: Type): Type | undefined {
  const rank = (type: Type) => ['date', 'timestamp', 'timestamp with time zone'].indexOf(type.kind)
  const precision = Math.max('precision' in a ? a.precision : 0, 'precision' in b ? b.precision : 0)
  if (rank(a) >= 0 && rank(b) >= 0) return Math.max(rank(a), rank(b)) === 2 ? timestampWithZone(precision) : timestamp(precision)
  const time = (type: Type) => type.kind === 'time' || type.kind === 'time with time zone'
  if (!time(a) || !time(b)) return undefined
  return { kind: a.kind === 'time' && b.kind === 'time' ? 'time' : 'time with time zone', precision }
}

/** Whether a value of `from` turns into `to` by itself. */
export function coercible(from: Type, to: Type): boolean {
  const common = commonType(from, to)
  return common !== undefined && sameShape(common, to)
}

/** Same type apart from the names of row fields. */
export function sameShape(a: Type, b: Type): boolean {
  if (a.kind === 'row' && b.kind === 'row')
    return a.fields.length === b.fields.length && a.fields.every((field, i) => sameShape(field.type, b.fields[i]!.type))
  if (a.kind === 'array' && b.kind === 'array') return sameShape(a.element, b.element)
  if (a.kind === 'map' && b.kind === 'map') return sameShape(a.key, b.key) && sameShape(a.value, b.value)
  return sameType(a, b)
}

/** The common type of several; undefined: there is none. */
export function commonOf(types: Type[]): Type | undefined {
  let common: Type | undefined = types[0]
  for (const type of types.slice(1)) common = common && commonType(common, type)
  return common
}

/** Whether values have an order: maps and json have none. */
export function isOrderable(type: Type): boolean {
  if (type.kind === 'array') return isOrderable(type.element)
  if (type.kind === 'row') return type.fields.every(field => isOrderable(field.type))
  return type.kind !== 'map' && type.kind !== 'json'
}
