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

/** Horizontal lines, values at the left, the unit above them. */
export function valueAxis(plot: Plot, unit: string | undefined, marginLeft: number, ticks: number = 6): Markish[] {
  return [
    plot.gridY({ stroke: grid, strokeOpacity: 1, ticks }),
    plot.axisY({ tickSize: 0, color: faint, label: null, tickFormat: compactly, ticks }),
    ...(unit ? [plot.text([unit], { frameAnchor: 'top-left', dx: 14 - marginLeft, dy: -18, fill: faint })] : []),
  ]
}

/** Few ticks along the bottom: whole days, months or years for dates; numbers say in `label` what they count. */
export function bottomAxis(plot: Plot, label: string | null): Markish {
  return plot.axisX({ color: faint, tickSize: 4, label, ticks: 7, ...(label === null ? {} : { tickFormat: compactly }) })
}

/** A row's value in this column. Throws `LabError` NO_COLUMN with the columns that there are. */
export function cell(row: object, column: string): unknown {
  const value = (row as Record<string, unknown>)[column]
  if (value !== undefined) return value
  throw new LabError('NO_COLUMN', `Chart column "${column}" is not in the rows, they have: ${Object.keys(row).join(', ')}.`)
}

/** A date of any spelling as UTC (`2020-03-12`, `2020-03-12 09:30:00.000`, ISO), or a number. */
export function moment(value: unknown): Date | number {
  if (value instanceof Date || typeof value === 'number') return value
  const text = String(value).replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
  const time = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text)
  return Number.isNaN(time) ? Number(value) : new Date(time)
}

/** The values' range with some air. */
export function around(values: readonly number[], log: boolean = false): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value))
  const high = values.reduce((most, value) => Math.max(most, value))
  if (log) return [low / 1.05, high * 1.05]
  const air = (high - low || Math.abs(high) || 1) * 0.05
  return [low >= 0 && low < air ? 0 : low - air, high + air]
}

/** Room for the longest of these names, in pixels. */
export const widest = (names: readonly string[]): number => 20 + 7 * Math.max(...names.map(name => name.length))

/** 12500 as `12.5K`. */
export const compactly = (value: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 }).format(value)
