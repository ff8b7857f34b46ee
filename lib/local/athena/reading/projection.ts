import { QueryError } from '../sql/error.ts'
import type { ReadColumn } from './source.ts'

/** A table's partitions computed from its properties (`projection.enabled`), without the catalog. More than this would be a mistake in the ranges. */
const MOST = 1_000_000

/** Every combination of the projected values, in the order of the keys.
 *  @throws QueryError INVALID_TABLE_PROPERTY for a missing or unreadable property */
export function projectedPartitions(keys: ReadColumn[], properties: Record<string, string>, now: Date): string[][] {
  let partitions: string[][] = [[]]
  for (const key of keys) {
    const values = projectedValues(key.name, properties, now)
    if (partitions.length * values.length > MOST) throw invalid(key.name, 'range', 'too many partitions')
    partitions = partitions.flatMap(before => values.map(value => [...before, value]))
  }
  return partitions
}

/** The location of a projected partition: `storage.location.template`, else Hive's `key=value/` below the table. */
export function projectedLocation(
  location: string,
  keys: ReadColumn[],
  values: string[],
  properties: Record<string, string>,
): string {
  const template = properties['storage.location.template']
  if (template) return keys.reduce((text, key, i) => text.replaceAll(`\${${key.name}}`, values[i]!), template)
  return `${location.replace(/\/?$/, '/')}${keys.map((key, i) => `${key.name}=${values[i]}/`).join('')}`
}

function projectedValues(key: string, properties: Record<string, string>, now: Date): string[] {
  const property = (name: string) => properties[`projection.${key}.${name}`]
  const needed = (name: string) => property(name) ?? fail(key, name)
  switch (needed('type').toLowerCase()) {
    case 'enum':
      return needed('values').split(',')
    case 'integer':
      return integers(key, needed('range'), Number(property('interval') ?? 1), Number(property('digits') ?? 0))
    case 'date':
      return dates(key, needed('range'), needed('format'), Number(property('interval') ?? 1), property('interval.unit'), now)
    default:
      throw invalid(key, 'type', properties[`projection.${key}.type`]!)
  }
}

function integers(key: string, range: string, interval: number, digits: number): string[] {
  const [first, last] = range.split(',').map(bound => Number(bound.trim()))
  if (!Number.isInteger(first) || !Number.isInteger(last) || !(interval >= 1)) throw invalid(key, 'range', range)
  if ((last! - first!) / interval > MOST) throw invalid(key, 'range', range)
  const values: string[] = []
  for (let value = first!; value <= last!; value += interval) values.push(String(value).padStart(digits, '0'))
  return values
}

const UNITS: Record<string, string> = { YEARS: 'y', MONTHS: 'm', WEEKS: 'w', DAYS: 'd', HOURS: 'H', MINUTES: 'M', SECONDS: 'S' }

function dates(key: string, range: string, format: string, interval: number, unit: string | undefined, now: Date): string[] {
  const bounds = range.split(',').map(bound => boundary(bound.trim(), format, now))
  if (bounds.length !== 2 || bounds.some(bound => bound === undefined)) throw invalid(key, 'range', range)
  const step = UNITS[unit?.toUpperCase() ?? finest(format)]
  if (!step || !(interval >= 1)) throw invalid(key, 'interval.unit', unit ?? '')
  const values = new Set<string>()
  for (let at = bounds[0]!; at <= bounds[1]!; at = plus(at, interval, step)) {
    values.add(formatDate(at, format))
    if (values.size > MOST) throw invalid(key, 'range', range)
  }
  return [...values]
}

/** Without an interval unit: one day or one month, by the format's precision. */
function finest(format: string): string {
  if (format.includes('s')) return 'SECONDS'
  if (format.includes('m')) return 'MINUTES'
  if (format.includes('H')) return 'HOURS'
  if (format.includes('d')) return 'DAYS'
  return format.includes('M') ? 'MONTHS' : 'YEARS'
}

/** `2020-01-01` in the column's format, or `NOW`, `NOW-3YEARS`, `NOW+1MONTH`. */
function boundary(text: string, format: string, now: Date): Date | undefined {
  const relative = /^NOW(?:\s*([+-])\s*(\d+)\s*([A-Z]+?)S?)?$/i.exec(text)
  if (!relative) return parseDate(text, format)
  if (!relative[3]) return now
  const unit = UNITS[`${relative[3].toUpperCase()}S`]
  return unit ? plus(now, Number(relative[2]) * (relative[1] === '-' ? -1 : 1), unit) : undefined
}

function plus(date: Date, count: number, unit: string): Date {
  const moved = new Date(date)
  if (unit === 'y') moved.setUTCFullYear(moved.getUTCFullYear() + count)
  else if (unit === 'm') moved.setUTCMonth(moved.getUTCMonth() + count)
  else {
    const seconds: Record<string, number> = { w: 604_800, d: 86_400, H: 3600, M: 60, S: 1 }
    moved.setTime(moved.getTime() + count * seconds[unit]! * 1000)
  }
  return moved
}

const FIELDS: Record<string, (date: Date) => number> = {
  y: date => date.getUTCFullYear(),
  M: date => date.getUTCMonth() + 1,
  d: date => date.getUTCDate(),
  H: date => date.getUTCHours(),
  m: date => date.getUTCMinutes(),
  s: date => date.getUTCSeconds(),
}
const PIECES = /'([^']*)'|y+|M+|d+|H+|m+|s+/g

/** Java's date patterns, numbers only: `yyyy-MM-dd`, `yyyy/MM/dd/HH`, `yyyyMM`. */
export const formatDate = (date: Date, format: string) =>
  format.replace(PIECES, (piece, literal?: string) => literal ?? String(FIELDS[piece[0]!]!(date)).padStart(piece.length, '0'))

function parseDate(text: string, format: string): Date | undefined {
  const order: string[] = []
  const source = format
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(PIECES, (piece, literal?: string) => literal ?? (order.push(piece[0]!), `(\\d{1,${Math.max(piece.length, 2)}})`))
  const match = new RegExp(`^${source}$`).exec(text)
  if (!match) return undefined
  const of = (field: string, otherwise: number) => (order.includes(field) ? Number(match[order.indexOf(field) + 1]) : otherwise)
  return new Date(Date.UTC(of('y', 1970), of('M', 1) - 1, of('d', 1), of('H', 0), of('m', 0), of('s', 0)))
}

const invalid = (key: string, name: string, value: string) =>
  new QueryError('INVALID_TABLE_PROPERTY', `The configured value for property projection.${key}.${name} is invalid: ${value}`)

function fail(key: string, name: string): never {
  throw new QueryError('INVALID_TABLE_PROPERTY', `Table properties do not contain projection.${key}.${name}`)
}
