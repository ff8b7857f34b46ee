import { integerType } from './json.ts'
import { scalar, unseen, widen, type FoundColumn, type Type } from './types.ts'

/** How a CSV text is to be read; what a custom classifier may fix. */
export interface CsvRules {
  delimiter?: string
  /** `"` when not given. */
  quote?: string
  containsHeader?: 'UNKNOWN' | 'PRESENT' | 'ABSENT'
  header?: string[]
  keepBlanks?: boolean
  allowSingleColumn?: boolean
}

/** What a CSV text holds. */
export interface CsvSample {
  columns: FoundColumn[]
  delimiter: string
  /** Whether the first line names the columns. */
  hasHeader: boolean
  /** Data rows. */
  records: number
  /** Characters of all rows read. */
  used: number
}

/** In the order they are tried (Glue developer guide, "Built-in CSV classifier"). */
const delimiters = [',', '|', '\t', ';', '\u0001']
const mostRows = 1000
/** Share of rows that must have as many cells as the first. */
const mostlyAlike = 0.7
const bigint = scalar('bigint')
const double = scalar('double')
const string = scalar('string')

/** Reads the first 1,000 rows of `text`; `whole` tells that nothing follows. Answers `undefined` for what is no CSV: fewer than two columns or rows. */
export function sampleCsv(text: string, whole: boolean, rules: CsvRules = {}): CsvSample | undefined {
  if (text.includes('\0')) return undefined
  let best: (Rows & { delimiter: string }) | undefined
  for (const delimiter of rules.delimiter ? [rules.delimiter] : delimiters) {
    const found = splitRows(text, { delimiter, quote: rules.quote ?? '"', whole })
    if (found && fits(found, rules) && found.width > (best?.width ?? 0)) best = { ...found, delimiter }
  }
  if (!best) return undefined
  const rows = rules.keepBlanks ? best.rows : best.rows.map(row => row.map(cell => cell.trim()))
  const types = typesOf(rows.slice(1), best.width)
  const hasHeader = decideHeader(rows[0]!, types, rules)
  const names = rules.header ?? (hasHeader ? rows[0]! : [])
  const widened = hasHeader ? types : types.map((type, at) => widen(cellType(rows[0]![at] ?? ''), type))
  const columns = widened.map((type, at) => ({ name: names[at] || `col${at}`, type: type.kind === 'null' ? string : type }))
  return { columns, delimiter: best.delimiter, hasHeader, records: rows.length - (hasHeader ? 1 : 0), used: best.used }
}

interface Rows {
  rows: string[][]
  /** Cells of the first row. */
  width: number
  used: number
}

function fits({ rows, width }: Rows, { allowSingleColumn, header }: CsvRules): boolean {
  if (width < 2 && !allowSingleColumn) return false
  if (rows.length < (header ? 1 : 2)) return false
  const alike = rows.filter(row => row.length === width).length
  return alike / rows.length >= mostlyAlike
}

/** A header's cells are all strings (the last may be empty), under 150 characters, and some data below is not a string. */
function decideHeader(first: string[], below: Type[], { containsHeader = 'UNKNOWN', header }: CsvRules): boolean {
  if (containsHeader !== 'UNKNOWN') return containsHeader === 'PRESENT'
  if (header) return first.every((cell, at) => cell === header[at])
  const named = first.every((cell, at) => (at === first.length - 1 || (cell !== '' && cell.length < 150)) && isText(cell))
  return named && below.some(type => type.kind === 'scalar' && type.name !== 'string')
}

const isText = (cell: string): boolean => cell === '' || cellType(cell) === string

function typesOf(rows: string[][], width: number): Type[] {
  const types: Type[] = Array.from({ length: width }, () => unseen)
  for (const row of rows) for (let at = 0; at < width; at += 1) types[at] = widen(types[at]!, cellType(row[at] ?? ''))
  return types
}

/** Integers are bigint, decimals double, all else, dates and booleans too, string; an empty cell says nothing. */
function cellType(cell: string): Type {
  const text = cell.trim()
  if (text === '') return unseen
  if (/^[-+]?\d+$/.test(text)) return integerType(text.replace('+', ''), bigint)
  return /^[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$/.test(text) ? double : string
}

/** Splits into rows and cells; quotes are taken away, doubled ones and line ends inside quotes kept. A last row that may be cut is left out. */
function splitRows(
  text: string,
  { delimiter, quote, whole }: { delimiter: string; quote: string; whole: boolean },
): Rows | undefined {
  const rows: string[][] = []
  let row: string[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let used = at
  while (at < text.length && rows.length < mostRows) {
    const cell = text[at] === quote ? quotedCell(text, at, quote) : plainCell(text, at, delimiter)
    if (!cell) return undefined
    row.push(cell.value)
    at = cell.end
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length
      if (at < text.length) continue
      row.push('')
    }
    if (at >= text.length && !whole) break
    if (at < text.length && text[at] !== '\n' && !text.startsWith('\r\n', at)) return undefined
    at += text[at] === '\r' ? 2 : 1
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    used = Math.min(at, text.length)
  }
  const width = rows[0]?.length ?? 0
  return width > 0 ? { rows, width, used } : undefined
}

function plainCell(text: string, start: number, delimiter: string): { value: string; end: number } {
  const first = delimiter.charCodeAt(0)
  let end = start
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (code === 0x0a || (code === first && text.startsWith(delimiter, end))) break
  }
  if (text[end] === '\n' && end > start && text[end - 1] === '\r') end -= 1
  return { value: text.slice(start, end), end }
}

function quotedCell(text: string, start: number, quote: string): { value: string; end: number } | undefined {
  let value = ''
  let at = start + 1
  for (;;) {
    const end = text.indexOf(quote, at)
    if (end === -1) return { value: value + text.slice(at), end: text.length }
    value += text.slice(at, end)
    if (text[end + 1] !== quote) return { value, end: end + 1 }
    value += quote
    at = end + 2
  }
}
