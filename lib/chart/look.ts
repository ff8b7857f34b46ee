import type { Markish, PlotOptions } from '@observablehq/plot'
import { LabError } from '../errors.ts'

/** Observable Plot, loaded by `chart.ts` when the first picture is drawn. */
export type Plot = typeof import('@observablehq/plot')
/** One plotted area; a picture has one or two, one above the other. */
export type Panel = Omit<PlotOptions, 'document' | 'title' | 'subtitle' | 'caption'>

export const fontName = 'DejaVu Sans'
export const ink = '#1f2430'
export const faint = '#667085'
export const grid = '#e4e7ec'
export const grey = '#98a1b0'
/** Told apart by colour-blind readers too (after Okabe and Ito), in the order they are given out. */
export const palette: readonly string[] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5b4b8a', '#8c6d31']
export const rise: string = palette[0]
export const fall: string = palette[1]

export interface ValueAxis {
  unit?: string
  domain: readonly [number, number]
  marginLeft: number
  log?: boolean
  /** About so many; default 6. */
  count?: number
}

/** Horizontal lines, values at the left, the unit above them. */
export function valueAxis(plot: Plot, { unit, domain, marginLeft, log = false, count = 6 }: ValueAxis): Markish[] {
  const ticks = (log && decades(domain)) || count
  return [
    plot.gridY({ stroke: grid, strokeOpacity: 1, ticks }),
    plot.axisY({ tickSize: 0, color: faint, label: null, tickFormat: compactly(domain), ticks }),
    ...(unit ? [plot.text([unit], { frameAnchor: 'top-left', dx: 14 - marginLeft, dy: -18, fill: faint })] : []),
  ]
}

/** The powers of ten of a domain that has three or more of them. */
function decades([low, high]: readonly [number, number]): number[] | undefined {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))]
  const every = Math.ceil((last - first + 1) / 8)
  const powers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i))
  return powers.length > 2 ? powers.filter((_, i) => i % every === 0) : undefined
}

/** Few ticks along the bottom: whole days, months or years for dates; numbers say in `label` what they count. */
export function bottomAxis(plot: Plot, label: string | null, moments: readonly (Date | number)[]): Markish {
  const ticks = wholeDays(moments) ?? 7
  return plot.axisX({ color: faint, tickSize: 4, label, ticks, ...(label === null ? {} : { tickFormat: compactly() }) })
}

/** The days themselves when they are few: ticks between them would tell hours that nobody means. */
function wholeDays(moments: readonly (Date | number)[]): Date[] | undefined {
  const days = new Set<number>()
  for (const moment of moments) {
    if (!(moment instanceof Date) || Number(moment) % dayMs !== 0) return undefined
    days.add(Number(moment))
    if (days.size > 7) return undefined
  }
  return [...days].map(day => new Date(day))
}

export const dayMs = 86_400_000

/** A row's value in this column. Throws `LabError` NO_COLUMN with the columns that there are. */
export function cell(row: object, column: string): unknown {
  const value = (row as Record<string, unknown>)[column]
  if (value !== undefined) return value
  throw new LabError('NO_COLUMN', `Chart column "${column}" is not in the rows, they have: ${Object.keys(row).join(', ')}.`)
}

/** A row's value as a number; whatever is none, or endless, is NaN: a gap. */
export function finite(value: unknown): number {
  const number = value === null || value === '' ? NaN : Number(value)
  return Number.isFinite(number) ? number : NaN
}

/** A date of any spelling as UTC (`2020-03-12`, `2020-03-12 09:30:00.000`, ISO), or a number. Throws `LabError` NO_DATE for anything else. */
export function moment(value: unknown): Date | number {
  const text = String(value).replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
  const time = value instanceof Date ? Number(value) : Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text)
  const number = finite(typeof value === 'object' ? null : value)
  if (typeof value !== 'number' && !Number.isNaN(time)) return new Date(time)
  if (!Number.isNaN(number)) return number
  throw new LabError(
    'NO_DATE',
    `Chart value ${JSON.stringify(value)} is neither a date nor a number. Choose another column for x.`,
  )
}

/** No more than `most` characters, and a sign that there were more. */
export const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** A chart of these rows cannot be drawn. */
export const noNumbers = (title: string, column: string): LabError =>
  new LabError('NO_DATA', `Chart "${title}" has no number in column ${column}: look at the query or the filter before it.`)

/** The values' range with some air. */
export function around(values: readonly number[], log: boolean = false): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value))
  const high = values.reduce((most, value) => Math.max(most, value))
  if (log) return [low / 1.05, high * 1.05]
  const air = (high - low || Math.abs(high) || 1) * 0.05
  return [low >= 0 && low < air ? 0 : low - air, high + air]
}

/** Room for the longest of these names, in pixels. */
export const widest = (names: readonly string[]): number => 20 + 7 * names.reduce((most, name) => Math.max(most, name.length), 0)

/** Numbers of an axis: 12500 as `12.5K`, with as many digits as tell apart what lies in the domain; powers of ten where zeros would fill the margin. */
export function compactly([low, high]: readonly [number, number] = [0, 1]): (value: number) => string {
  const largest = Math.max(Math.abs(low), Math.abs(high))
  const digits = axisDigits([low, high])
  const notation = largest >= 1e15 || largest < 1e-3 ? 'scientific' : 'compact'
  const format = new Intl.NumberFormat('en-US', { notation, maximumSignificantDigits: digits })
  return value => (value === 0 ? '0' : format.format(value))
}

function axisDigits([low, high]: readonly [number, number]): number {
  const largest = Math.max(Math.abs(low), Math.abs(high))
  return Math.min(15, Math.max(4, Math.ceil(Math.log10(largest / ((high - low) / 6))) + 1 || 4))
}

/** Room at the left for the axis' numbers, in pixels. */
export const axisMargin = (domain: readonly [number, number]): number =>
  Math.max(58, axisDigits(domain) > 5 ? 30 + 7 * axisDigits(domain) : 58)
