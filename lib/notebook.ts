import { createRequire } from 'node:module'
import type { Figure } from './chart.ts'

type Content = Record<string, unknown>
type Write = (message: { data: Content; metadata: Content; transient: Content }, update: boolean) => void

/** Shows a picture below the cell (PNG, for readers everywhere), or names it where there is no notebook. */
export async function show(figure: Figure): Promise<void> {
  display(await picture(figure))
}

export interface TableOptions<Row> {
  /** Columns to show, in this order; default all. */
  columns?: readonly (keyof Row & string)[]
  /** Rows to show; default 20. What is left out is counted. */
  limit?: number
}

/** Shows rows as a table below the cell, or prints them where there is no notebook. */
export function table<Row extends object>(rows: readonly Row[], options: TableOptions<Row> = {}): void {
  const { limit = 20 } = options
  const columns = options.columns ?? [...new Set(rows.flatMap(row => Object.keys(row)))]
  if (rows.length === 0) return display({ data: { 'text/plain': 'no rows' }, metadata: {} })
  const shown = rows.slice(0, limit).map(row => columns.map(column => cellText((row as Content)[column])))
  const rest = rows.length > limit ? `${rows.length - limit} more row${rows.length === limit + 1 ? '' : 's'}` : ''
  display({ data: { 'text/html': tableHtml(columns, shown, rest), 'text/plain': tableText(columns, shown, rest) }, metadata: {} })
}

/** One output that is drawn again in place, from later cells too. */
export interface Live {
  /** A bar with its number; `total` may be unknown. */
  bar(done: number, total?: number, what?: string): void
  show(figure: Figure): Promise<void>
  text(line: string): void
}

let lives = 0

/** Opens an output below this cell that changes in place: progress of a long call, a chart that grows. */
export function progress(): Live {
  const id = `lab-${process.pid}-${++lives}`
  let isDrawn = false
  const put = ({ data, metadata }: Output): void => {
    writer()?.({ data, metadata, transient: { display_id: id } }, isDrawn)
    isDrawn = true
  }
  const text = (line: string) => put({ data: { 'text/plain': line }, metadata: {} })
  return {
    bar(done, total, what = '') {
      const line =
        `${done.toLocaleString('en-US')}${total === undefined ? '' : ` of ${total.toLocaleString('en-US')}`} ${what}`.trimEnd()
      const html = `<progress${total === undefined ? '' : ` value="${done}" max="${total}"`} style="width: 300px"></progress> ${escape(line)}`
      put({ data: { 'text/html': html, 'text/plain': line }, metadata: {} })
    },
    show: async figure => put(await picture(figure)),
    text,
  }
}

/** An exercise's check: prints `ok`, or `TODO` with what is still wrong. Never throws, so that the notebook goes on. `test` answers true, or false, or
 *  a text that says what it wanted and got, or throws. */
export async function check(name: string, test: () => unknown): Promise<void> {
  let problem: string
  try {
    const answer = await test()
    if (answer === true) {
      console.log(`ok   ${name}`)
      return
    }
    problem = typeof answer === 'string' ? answer : 'not yet'
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  console.log(`TODO ${name}: ${problem}`)
}

interface Output {
  data: Content
  metadata: Content
}

function display({ data, metadata }: Output): void {
  const write = writer()
  if (write) write({ data, metadata, transient: {} }, false)
  else console.log(data['text/plain'])
}

/** tslab's way to the cell that is running; undefined when this process is no tslab kernel. */
function writer(): Write | undefined {
  if (!process.argv[1]?.includes('tslab')) return undefined
  const jupyter = createRequire(import.meta.url)('tslab/dist/jupyter.js') as { lastWriteDisplayData: Write | null }
  return jupyter.lastWriteDisplayData ?? undefined
}

/** PNG, because SVG vanishes in notebooks that are opened and not yet run; with its natural size, or JupyterLab shows it 1.5 times too large. */
async function picture(figure: Figure): Promise<Output> {
  const { chartPng } = await import('./chart.ts')
  const scale = 1.5
  const png = await chartPng(figure, { scale })
  const size = { width: Math.round(png.readUInt32BE(16) / scale), height: Math.round(png.readUInt32BE(20) / scale) }
  return {
    data: { 'image/png': png.toString('base64'), 'text/plain': `[chart] ${figure.title}` },
    metadata: { 'image/png': size },
  }
}

interface CellText {
  text: string
  isNumber: boolean
}

/** Values as a reader wants them: 1,234.5 and 2021-05-28; a year stays 2021. */
function cellText(value: unknown): CellText {
  if (typeof value === 'bigint') return { text: value.toLocaleString('en-US'), isNumber: true }
  if (typeof value === 'number') {
    const plain = Number.isInteger(value) && Math.abs(value) < 10_000
    return {
      text: plain ? String(value) : value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 1 ? 6 : 3 }),
      isNumber: true,
    }
  }
  if (value instanceof Date) return { text: value.toISOString().replace('T00:00:00.000Z', ''), isNumber: false }
  if (value === null || value === undefined) return { text: '', isNumber: false }
  if (typeof value === 'object' && !Buffer.isBuffer(value)) return { text: JSON.stringify(value), isNumber: false }
  return { text: String(value), isNumber: false }
}

function tableHtml(columns: readonly string[], rows: CellText[][], rest: string): string {
  const right = (isNumber: boolean) => (isNumber ? ' style="text-align: right"' : ' style="text-align: left"')
  const head = columns.map((column, i) => `<th${right(rows[0]?.[i].isNumber ?? false)}>${escape(column)}</th>`).join('')
  const body = rows.map(
    row => `<tr>${row.map(({ text, isNumber }) => `<td${right(isNumber)}>${escape(text)}</td>`).join('')}</tr>`,
  )
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table>${rest ? `<p>${rest}</p>` : ''}`
}

function tableText(columns: readonly string[], rows: CellText[][], rest: string): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map(row => row[i].text.length)))
  const line = (cells: string[], row?: CellText[]) =>
    cells
      .map((text, i) => ((row ?? rows[0])?.[i].isNumber ? text.padStart(widths[i]) : text.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  const lines = [line([...columns]), line(widths.map(width => '-'.repeat(width)))]
  for (const row of rows)
    lines.push(
      line(
        row.map(cell => cell.text),
        row,
      ),
    )
  return [...lines, ...(rest ? [rest] : [])].join('\n')
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
