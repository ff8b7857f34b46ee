import { QueryError } from '../error.ts'
import {
  BIGINT,
  DATE,
  DAY_TO_SECOND,
  DOUBLE,
  INTEGER,
  VARBINARY,
  VARCHAR,
  YEAR_TO_MONTH,
  quoteText,
  timestamp,
  timestampWithZone,
  varchar,
  type Type,
} from '../types/types.ts'
import { resolveType } from '../types/resolve.ts'
import type { Expression, TypeNode } from '../parse/ast.ts'

/** A literal's SQL and type. */
export interface Literal {
  sql: string
  type: Type
  literal?: string
}

export function numberLiteral(kind: 'integer' | 'decimal' | 'double', text: string): Literal {
  if (kind !== 'integer') {
    // Athena reads 1.5 as a double, unlike open-source Trino.
    const value = Number(text)
    return {
      sql: `CAST(${quoteText(Number.isFinite(value) ? String(value) : 'Infinity')} AS DOUBLE)`,
      type: DOUBLE,
      literal: text,
    }
  }
  const value = BigInt(text)
  const absolute = value < 0n ? -value : value
  if (absolute > 9223372036854775807n + (value < 0n ? 1n : 0n))
    throw new QueryError('SYNTAX_ERROR', `Invalid numeric literal: ${text}`)
  const small = absolute <= 2147483647n || value === -2147483648n
  return { sql: `CAST(${value} AS ${small ? 'INTEGER' : 'BIGINT'})`, type: small ? INTEGER : BIGINT, literal: String(value) }
}

export function textLiteral(text: string): Literal {
  return { sql: quoteText(text), type: varchar([...text].length), literal: text }
}

export function binaryLiteral(text: string): Literal | undefined {
  const digits = text.replace(/\s/g, '')
  if (digits.length % 2 || /[^0-9a-fA-F]/.test(digits)) return undefined
  return { sql: `unhex('${digits}')`, type: VARBINARY }
}

const DAY_MS: Record<string, number> = { DAY: 86_400_000, HOUR: 3_600_000, MINUTE: 60_000, SECOND: 1000 }

/** `INTERVAL '1' DAY`, `INTERVAL '2-3' YEAR TO MONTH`: whole milliseconds or months. Undefined: not valid. */
export function intervalLiteral(node: Expression & { kind: 'interval' }): Literal | undefined {
  const { from, to } = node
  const sign = (/^\s*-/.test(node.text) ? -1 : 1) * (node.negative ? -1 : 1)
  const text = node.text.trim().replace(/^[+-]\s*/, '')
  if (from === 'YEAR' || from === 'MONTH') {
    const match = to ? /^(\d+)-(\d+)$/.exec(text) : /^(\d+)$/.exec(text)
    if (!match) return undefined
    const months = from === 'MONTH' ? Number(match[1]) : Number(match[1]) * 12 + Number(match[2] ?? 0)
    return { sql: `CAST(${sign * months} AS INTEGER)`, type: YEAR_TO_MONTH }
  }
  const units = ['DAY', 'HOUR', 'MINUTE', 'SECOND']
  const used = units.slice(units.indexOf(from), units.indexOf(to ?? from) + 1)
  const shape = used.map(unit => (unit === 'SECOND' ? '(\\d+(?:\\.\\d{1,3})?)' : '(\\d+)'))
  const separators = used.map((unit, i) => (i === 0 ? '' : used[i - 1] === 'DAY' ? '\\s+' : ':'))
  const match = new RegExp(`^${shape.map((part, i) => separators[i] + part).join('')}$`).exec(text)
  if (!match || !used.length) return undefined
  const ms = used.reduce((sum, unit, i) => sum + Math.round(Number(match[i + 1]) * DAY_MS[unit]!), 0)
  return { sql: `CAST(${sign * ms} AS BIGINT)`, type: DAY_TO_SECOND }
}

const DATE_TEXT = /^\s*([+-]?\d{1,6})-(\d{1,2})-(\d{1,2})\s*$/
const TIMESTAMP_TEXT = /^\s*(\d{1,6}-\d{1,2}-\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,12}))?)?)?\s*(\S.*?)?\s*$/
const two = (text: string | undefined) => (text ?? '0').padStart(2, '0')

function validDate(text: string): string | undefined {
  const match = DATE_TEXT.exec(text)
  if (!match) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const date = new Date(Date.UTC(2000, month - 1, day))
  date.setUTCFullYear(year, month - 1, day)
  if (month < 1 || month > 12 || day < 1 || date.getUTCMonth() !== month - 1) return undefined
  return `${String(year).padStart(4, '0')}-${two(match[2])}-${two(match[3])}`
}

/** Whether a zone is one that Trino knows; answers its name as Trino prints it. */
export function zoneName(text: string): string | undefined {
  const offset = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text)
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0)
    return minutes === 0 ? 'UTC' : minutes <= 14 * 60 ? `${offset[1]}${two(offset[2])}:${offset[3] ?? '00'}` : undefined
  }
  if (/^(UTC|Z|GMT|UCT|Zulu|Greenwich|Etc\/(UTC|GMT|UCT|Zulu|Greenwich))$/i.test(text)) return 'UTC'
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) && text
  } catch {
    return undefined
  }
}

/** `DATE '…'`, `TIMESTAMP '…'`, `DECIMAL '…'` and others with the type's name before; undefined: not a valid literal of that type. */
export function typedLiteral(typeNode: TypeNode, text: string): Literal | { type: Type; cast: true } | undefined {
  if (typeNode.name === 'date') {
    const date = validDate(text)
    return date === undefined ? undefined : { sql: `DATE '${date}'`, type: DATE }
  }
  if (typeNode.name === 'timestamp') return timestampLiteral(text)
  if (typeNode.name === 'time') {
    const match = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,12}))?)?\s*([+-]\d{2}:\d{2})?$/.exec(text.trim())
    if (!match || Number(match[1]) > 23 || Number(match[2]) > 59 || Number(match[3] ?? 0) > 59) return undefined
    const fraction = match[4] ? `.${match[4].slice(0, 6)}` : ''
    const precision = match[4]?.length ?? 0
    const sql = `TIME '${two(match[1])}:${two(match[2])}:${two(match[3])}${fraction}'`
    if (match[5]) return { sql: `{'t': ${sql}, 'z': '${match[5]}'}`, type: { kind: 'time with time zone', precision } }
    return { sql, type: { kind: 'time', precision } }
  }
  if (typeNode.name === 'decimal') return decimalLiteral(text)
  const type = resolveType(typeNode)
  if (!type) return undefined
  if (type.kind === 'json') return { sql: `t_json_parse(${quoteText(text)})`, type }
  if (type.kind === 'char') return { sql: quoteText(text.replace(/ +$/, '')), type: { kind: 'char', length: [...text].length } }
  if (type.kind === 'varchar') return { sql: quoteText(text), type: VARCHAR, literal: text }
  return { type, cast: true }
}

function timestampLiteral(text: string): Literal | undefined {
  const match = TIMESTAMP_TEXT.exec(text)
  const date = match && validDate(match[1]!)
  if (!match || !date || Number(match[2] ?? 0) > 23 || Number(match[3] ?? 0) > 59 || Number(match[4] ?? 0) > 59) return undefined
  const precision = match[5]?.length ?? 0
  const fraction = match[5] ? `.${match[5].slice(0, 6)}` : ''
  const sql = `TIMESTAMP '${date} ${two(match[2])}:${two(match[3])}:${two(match[4])}${fraction}'`
  if (!match[6]) return { sql, type: timestamp(precision) }
  const zone = zoneName(match[6])
  const clock = `${two(match[2])}:${two(match[3])}`
  return zone === undefined || !clockShows(date, clock, zone)
    ? undefined
    : { sql: `t_zoned(t_instant(${sql}, ${quoteText(zone)}), ${quoteText(zone)})`, type: timestampWithZone(precision) }
}

/** Whether the clocks of a zone ever show that time: an hour is missing when summer time begins. */
function clockShows(date: string, clock: string, zone: string): boolean {
  if (zone === 'UTC' || /^[+-]/.test(zone)) return true
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const wanted = `${date} ${clock}`
  const guess = Date.parse(`${date}T${clock}Z`)
  const shown = (instant: number) => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`)
  if (Number.isNaN(guess)) return true
  return [-26, -1, 0, 1, 26].some(hours => {
    const near = guess + hours * 3_600_000
    return format.format(guess - (shown(near) - near)) === wanted
  })
}

function decimalLiteral(text: string): Literal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim())
  if (!match || !(match[2] || match[3])) return undefined
  const whole = match[2]!.replace(/^0+(?=\d)/, '')
  const scale = match[3]?.length ?? 0
  const precision = Math.max(1, (whole === '0' && scale ? 0 : whole.length) + scale)
  if (precision > 38) return undefined
  const type: Type = { kind: 'decimal', precision, scale }
  return { sql: `CAST(${quoteText(text.trim())} AS DECIMAL(${precision},${scale}))`, type }
}

/** The sentence for a literal that is not valid. */
export const invalidLiteral = (text: string, type: TypeNode) => `'${text}' is not a valid ${type.name.toUpperCase()} literal`
