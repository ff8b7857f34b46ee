import { badArgument, jodaPieces, mysqlPieces, type Field, type Piece } from './date-pattern.ts'

/** Dates as text and back, for formats that come from a column and for what DuckDB's strftime does not know. */

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')
const DAY_MS = 86_400_000
const pad = (value: number, width: number) => String(value).padStart(width, '0')

/** Monday of the first ISO week of a year, in days from 1970. */
function firstMonday(year: number): number {
  const fourth = Date.UTC(year, 0, 4) / DAY_MS
  return fourth - ((((fourth + 3) % 7) + 7) % 7)
}

function isoWeek(days: number): { year: number; week: number } {
  const thursday = new Date((days - ((((days + 3) % 7) + 7) % 7) + 3) * DAY_MS)
  const year = thursday.getUTCFullYear()
  return { year, week: Math.floor((days - firstMonday(year)) / 7) + 1 }
}

function printed(field: Field, width: number, micros: bigint, zone: string): string {
  const ms = Number(micros >= 0n || micros % 1000n === 0n ? micros / 1000n : micros / 1000n - 1n)
  const date = new Date(ms)
  const days = Math.floor(ms / DAY_MS)
  const [year, hour] = [date.getUTCFullYear(), date.getUTCHours()]
  const weekday = ((((days + 3) % 7) + 7) % 7) + 1
  switch (field) {
    case 'year':
      return pad(year, width)
    case 'year2':
      return pad(year % 100, 2)
    case 'century':
      return pad(Math.floor(year / 100), width)
    case 'era':
      return year > 0 ? 'AD' : 'BC'
    case 'weekyear':
      return pad(isoWeek(days).year, width)
    case 'weekyear2':
      return pad(isoWeek(days).year % 100, 2)
    case 'month':
      return pad(date.getUTCMonth() + 1, width)
    case 'monthShort':
      return MONTHS[date.getUTCMonth()]!.slice(0, 3)
    case 'monthLong':
      return MONTHS[date.getUTCMonth()]!
    case 'day':
      return pad(date.getUTCDate(), width)
    case 'dayOfYear':
      return pad(days - Date.UTC(year, 0, 1) / DAY_MS + 1, width)
    case 'weekday':
      return pad(weekday, width)
    case 'weekdayShort':
      return DAYS[weekday - 1]!.slice(0, 3)
    case 'weekdayLong':
      return DAYS[weekday - 1]!
    case 'week':
      return pad(isoWeek(days).week, width)
    case 'hour':
      return pad(hour, width)
    case 'clock24':
      return pad(hour || 24, width)
    case 'hour12':
      return pad(hour % 12 || 12, width)
    case 'half':
      return pad(hour % 12, width)
    case 'ampm':
      return hour < 12 ? 'AM' : 'PM'
    case 'minute':
      return pad(date.getUTCMinutes(), width)
    case 'second':
      return pad(date.getUTCSeconds(), width)
    case 'fraction':
      return pad(date.getUTCMilliseconds(), 3).padEnd(width, '0').slice(0, width)
    default:
      return zoneText(field, ms, zone)
  }
}

function zoneText(field: Field, localMs: number, zone: string): string {
  if (field === 'zone') return zone
  const offset = offsetMinutes(localMs, zone)
  const size = Math.abs(offset)
  const colon = `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`
  if (field === 'offset') return colon.replace(':', '')
  if (field === 'offsetColon') return colon
  return zoneName(localMs - offset * 60_000, zone, field === 'zoneLong' ? 'long' : 'short') ?? colon
}

/** Names that English has for a zone only in its own country's wording. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN']
const SHORT_NAMES: Record<string, string> = {
  'Asia/Tokyo': 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Shanghai': 'CST',
}

function zoneName(instant: number, zone: string, length: 'short' | 'long'): string | undefined {
  if (zone === 'UTC') return length === 'short' ? 'UTC' : 'Coordinated Universal Time'
  if (/^[+-]/.test(zone)) return undefined
  if (length === 'short' && SHORT_NAMES[zone]) return SHORT_NAMES[zone]
  for (const locale of LOCALES) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: length }).formatToParts(instant)
    const name = parts.find(part => part.type === 'timeZoneName')?.value
    if (name && !name.startsWith('GMT')) return name
    if (name === 'GMT') return name
  }
  return undefined
}

/** Minutes that the zone is ahead of UTC when its clocks show `localMs`. */
function offsetMinutes(localMs: number, zone: string): number {
  const fixed = /^([+-])(\d\d):(\d\d)$/.exec(zone)
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]))
  if (zone === 'UTC') return 0
  const at = (instant: number) => {
    const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(instant)
    return Math.round((Date.parse(`${text.replace(' ', 'T')}Z`) - instant) / 60_000)
  }
  return at(localMs - at(localMs) * 60_000)
}

const print = (pieces: Piece[], micros: bigint, zone: string) =>
  pieces.map(piece => ('text' in piece ? piece.text : printed(piece.field, piece.width, micros, zone))).join('')

/** Patterns met before: columns repeat them. */
const known = new Map<string, Piece[]>()
function pieces(kind: 'mysql' | 'joda', format: string): Piece[] {
  const key = `${kind} ${format}`
  let found = known.get(key)
  if (!found) {
    found = kind === 'mysql' ? mysqlPieces(format) : jodaPieces(format)
    if (known.size > 1000) known.clear()
    known.set(key, found)
  }
  return found
}

/** date_format of a wall clock in microseconds from 1970. */
export const mysqlDateText = (micros: bigint, format: string) => print(pieces('mysql', format), micros, 'UTC')

/** format_datetime. */
export const jodaDateText = (micros: bigint, zone: string, format: string) => print(pieces('joda', format), micros, zone)

interface Parsed {
  values: Partial<Record<Field, number>>
  zone: string | undefined
}

const DIGITS: Partial<Record<Field, number>> = { year: 9, weekyear: 9, dayOfYear: 3, fraction: 9, century: 9 }
const RANGES: Partial<Record<Field, [name: string, low: number, high: number]>> = {
  month: ['monthOfYear', 1, 12],
  day: ['dayOfMonth', 1, 31],
  dayOfYear: ['dayOfYear', 1, 366],
  week: ['weekOfWeekyear', 1, 53],
  weekday: ['dayOfWeek', 1, 7],
  hour: ['hourOfDay', 0, 23],
  clock24: ['clockhourOfDay', 1, 24],
  hour12: ['clockhourOfHalfday', 1, 12],
  half: ['hourOfHalfday', 0, 11],
  minute: ['minuteOfHour', 0, 59],
  second: ['secondOfMinute', 0, 59],
}

function parse(text: string, list: Piece[]): Parsed {
  let at = 0
  const parsed: Parsed = { values: {}, zone: undefined }
  const malformed = () =>
    badArgument(
      at === 0
        ? `Invalid format: "${text}"`
        : at >= text.length
          ? `Invalid format: "${text}" is too short`
          : `Invalid format: "${text}" is malformed at "${text.slice(at)}"`,
    )
  const numeric = (piece: Piece | undefined) =>
    piece !== undefined && 'field' in piece && !/Short|Long|zone|offset|ampm|era/.test(piece.field)
  for (const [i, piece] of list.entries()) {
    if ('text' in piece) {
      if (text.slice(at, at + piece.text.length).toLowerCase() !== piece.text.toLowerCase()) malformed()
      at += piece.text.length
      continue
    }
    const rest = text.slice(at)
    const { field, width } = piece
    if (!numeric(piece)) at += readWord(rest, field, parsed) ?? malformed()
    else {
      const most = numeric(list[i + 1]) && width > 0 ? width : Math.max(width, DIGITS[field] ?? 2)
      const match =
        new RegExp(`^${field === 'year' || field === 'weekyear' ? '[+-]?' : ''}\\d{1,${most}}`).exec(rest) ?? malformed()
      const [digits] = match
      parsed.values[field] = field === 'fraction' ? Number(digits.slice(0, 3).padEnd(3, '0')) : Number(digits)
      const range = RANGES[field]
      const value = parsed.values[field]
      if (range && (value < range[1] || value > range[2]))
        badArgument(`Cannot parse "${text}": Value ${value} for ${range[0]} must be in the range [${range[1]},${range[2]}]`)
      at += digits.length
    }
  }
  if (at < text.length) malformed()
  return parsed
}

/** Reads a name, AM or PM, or a zone; answers its length. */
function readWord(rest: string, field: Field, parsed: Parsed): number | undefined {
  const lower = rest.toLowerCase()
  const oneOf = (names: string[], target: Field): number | undefined => {
    for (const form of [names, names.map(name => name.slice(0, 3))])
      for (const [i, name] of form.entries())
        if (lower.startsWith(name.toLowerCase())) {
          parsed.values[target] = i + 1
          return name.length
        }
    return undefined
  }
  if (field === 'monthShort' || field === 'monthLong') return oneOf(MONTHS, 'month')
  if (field === 'weekdayShort' || field === 'weekdayLong') return oneOf(DAYS, 'weekday')
  if (field === 'ampm') {
    if (!/^[ap]m/.test(lower)) return undefined
    parsed.values.ampm = lower[0] === 'p' ? 1 : 0
    return 2
  }
  if (field === 'era') return /^(ad|bc|bce|ce)/.exec(lower)?.[0].length
  const match =
    field === 'zone' || field === 'zoneShort'
      ? /^(?:[+-]\d\d:?\d\d|[A-Za-z]+(?:\/[A-Za-z_]+)*)/.exec(rest)
      : /^(?:Z|[+-]\d\d(?::?\d\d)?)/.exec(rest)
  if (!match) return undefined
  const [zone] = match
  const digits = /^([+-]\d\d):?(\d\d)?$/.exec(zone)
  parsed.zone = digits ? `${digits[1]}:${digits[2] ?? '00'}` : zone === 'Z' ? 'UTC' : zone
  if (/^[+-]00:00$/.test(parsed.zone)) parsed.zone = 'UTC'
  return zone.length
}

function localMicros(text: string, { values }: Parsed): bigint {
  const { month, day, dayOfYear, week, weekday, ampm } = values
  // Joda starts from 1970, and from 2000 where a month or a day has no year.
  const short = values.year2 === undefined ? undefined : values.year2 + (values.year2 < 70 ? 2000 : 1900)
  const year = values.year ?? short ?? (month !== undefined || day !== undefined ? 2000 : 1970)
  const date = new Date(0)
  date.setUTCFullYear(year, (month ?? 1) - 1, day ?? 1)
  if (day !== undefined && date.getUTCDate() !== day) {
    const last = new Date(Date.UTC(year, month ?? 1, 0)).getUTCDate()
    badArgument(`Cannot parse "${text}": Value ${day} for dayOfMonth must be in the range [1,${last}]`)
  }
  if (dayOfYear !== undefined) date.setUTCFullYear(year, 0, dayOfYear)
  if (week !== undefined || values.weekyear !== undefined)
    date.setTime((firstMonday(values.weekyear ?? year) + ((week ?? 1) - 1) * 7 + ((weekday ?? 1) - 1)) * DAY_MS)
  const half = values.hour12 === undefined ? values.half : values.hour12 % 12
  const hour = values.hour ?? (values.clock24 === undefined ? undefined : values.clock24 % 24) ?? (half ?? 0) + (ampm ? 12 : 0)
  const ms = date.getTime() + ((hour * 60 + (values.minute ?? 0)) * 60 + (values.second ?? 0)) * 1000 + (values.fraction ?? 0)
  return BigInt(ms) * 1000n
}

/** date_parse: microseconds from 1970. */
export function mysqlParse(text: string, format: string): bigint {
  return localMicros(text, parse(text, pieces('mysql', format)))
}

/** parse_datetime: the wall clock in microseconds, and the zone's name. */
export function jodaParse(text: string, format: string): string {
  const parsed = parse(text, pieces('joda', format))
  return `${localMicros(text, parsed)} ${parsed.zone ?? 'UTC'}`
}
