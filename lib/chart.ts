import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { barPanels } from './chart/bars.ts'
import { candlePanels } from './chart/candles.ts'
import { faint, fontName, ink, shortened } from './chart/look.ts'
import { lineHeight, linePanels } from './chart/lines.ts'
import { errorMessage, LabError } from './errors.ts'
import { makeFolder } from './folder.ts'

/** Text around a picture. Every chart has a title that says what it shows. */
export interface ChartText {
  title: string
  subtitle?: string
  /** What the values are: `index points`, `USD`, `%`. Stands above the axis. */
  unit?: string
  /** Where the data come from; the line at the bottom. */
  source?: string
}

/** A picture still to be drawn: plain data, so that a cell can look into it. */
export interface Figure extends ChartText {
  kind: 'line' | 'candle' | 'bar'
  /** Pixels; default 860. */
  width: number
  /** Pixels of the plotted area, without title and source. */
  height: number
  rows: readonly object[]
  /** Names of the columns that are drawn. */
  columns: { x: string; y: string; series?: string }
  log?: boolean
}

export interface LineOptions<Row> extends ChartText {
  /** Column with dates (`YYYY-MM-DD`, ISO or `Date`) or numbers. */
  x: keyof Row & string
  y: keyof Row & string
  /** Column that splits the rows into lines; without it there is one. */
  series?: keyof Row & string
  /** Logarithmic values; default false. */
  log?: boolean
  width?: number
  height?: number
}

/** One or more lines, each labelled at its end. More than eight: the rest is grey; more than sixty: the rest has no names. What is no number is a gap. */
export function lineChart<Row extends object>(rows: readonly Row[], options: LineOptions<Row>): Figure {
  const { x, y, series, log = false, width = 860, ...text } = options
  const { height = lineHeight(series ? new Set(rows.map(row => row[series])).size : 1) } = options
  return { kind: 'line', ...text, width, height, log, rows, columns: { x, y, series } }
}

/** What a candle is made of; `trade_date` is a `YYYY-MM-DD` text or a `Date`. */
export interface Bar {
  trade_date: string | Date
  open: number
  high: number
  low: number
  close: number
  volume?: number | bigint
}

export interface CandleOptions extends ChartText {
  width?: number
  height?: number
}

/** Candles (blue rises, orange falls) over the volume, where there is one. */
export function candleChart(bars: readonly Bar[], options: CandleOptions): Figure {
  const { width = 860, height = 320, ...text } = options
  return { kind: 'candle', ...text, width, height, rows: bars, columns: { x: 'trade_date', y: 'close' } }
}

export interface BarOptions<Row> extends ChartText {
  /** Column with the names at the left. */
  label: keyof Row & string
  value: keyof Row & string
  width?: number
  /** Default: 24 pixels for each bar. */
  height?: number
}

/** Horizontal bars in the order of the rows, each with its value; negative ones point left. */
export function barChart<Row extends object>(rows: readonly Row[], options: BarOptions<Row>): Figure {
  const { label, value, width = 860, height = rows.length * 24 + 8, ...text } = options
  return { kind: 'bar', ...text, width, height, rows, columns: { x: value, y: label } }
}

/** The picture as PNG, `scale` times its size in pixels (default 1.5: sharp on good screens, small in a notebook). */
export async function chartPng(figure: Figure, { scale = 1.5 }: { scale?: number } = {}): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js')
  // Bundled fonts only: without any, every label would vanish silently, and with the system's pictures differ from machine to machine.
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf')
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map(file => join(fonts, file))
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: fontName }
  return new Resvg(await chartSvg(figure), { fitTo: { mode: 'zoom', value: scale }, font }).render().asPng()
}

/** Writes the picture, makes the folders it needs, answers its path and size. Throws `LabError` CHART_FILE. */
export async function writeChart(file: string, figure: Figure): Promise<{ file: string; sizeBytes: number }> {
  const png = await chartPng(figure)
  try {
    makeFolder(dirname(file))
    await writeFile(file, png)
  } catch (error) {
    throw new LabError('CHART_FILE', `${file}: the picture cannot be written: ${errorMessage(error)}. Choose another place.`, {
      cause: error,
    })
  }
  return { file, sizeBytes: png.length }
}

/** The picture as SVG text; the same figure gives the same text. */
export async function chartSvg(figure: Figure): Promise<string> {
  if (figure.rows.length === 0)
    throw new LabError('NO_DATA', `Chart "${figure.title}" has no rows: look at the query or the filter before it.`)
  const plot = await import('@observablehq/plot')
  const { parseHTML } = await import('linkedom')
  const { document } = parseHTML('<html><body></body></html>')
  const panels = { line: linePanels, candle: candlePanels, bar: barPanels }[figure.kind](plot, figure)
  let y = figure.subtitle ? 58 : 38
  const text = (y: number, size: number, fill: string, words: string, bold = false) =>
    label(14, y, fitted(words, size, figure.width - 28), fill, bold)
  let body = text(25, 17, ink, figure.title, true) + (figure.subtitle ? text(45, 12, faint, figure.subtitle) : '')
  for (const panel of panels) {
    const style = { fontFamily: fontName, fontSize: '11px', background: 'none', color: faint } as never
    const drawn = plot.plot({ document: document as never, width: figure.width, style, ...panel })
    drawn.setAttribute('y', String(y))
    drawn.setAttribute('xmlns:xlink', 'http://www.w3.org/1999/xlink')
    body += drawn.outerHTML
    y += panel.height ?? 0
  }
  if (figure.source) body += text((y += 14), 10, faint, `Source: ${figure.source}`)
  y += 12
  const size = `width="${figure.width}" height="${y}" viewBox="0 0 ${figure.width} ${y}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${fontName}"><rect width="100%" height="100%" fill="white"/>${legible(body)}</svg>`
}

/** Without what XML cannot hold. */
const legible = (text: string): string =>
  text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')

/** Words in a size at which they fit, down to 10 pixels, and shortened when even that is too much. A letter is about 0.64 of its size wide. */
function fitted(words: string, size: number, width: number): { words: string; size: number } {
  const smaller = Math.max(10, Math.min(size, Math.floor(width / (0.64 * words.length))))
  return { words: shortened(words, Math.floor(width / (0.64 * smaller))), size: smaller }
}

function label(x: number, y: number, { words: text, size }: { words: string; size: number }, fill: string, bold = false): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}"${bold ? ' font-weight="bold"' : ''}>${escaped}</text>`
}
