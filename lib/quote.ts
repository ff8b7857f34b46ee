import { LabError } from './errors.ts'

/** One event: a day of one stock index. All numbers are doubles, volume too; prices in the index's own currency but for `close_usd`. */
export interface Quote {
  /** The Kafka key, such as `NYA`. */
  symbol: string
  /** `YYYY-MM-DD`. */
  trade_date: string
  open: number
  high: number
  low: number
  close: number
  adj_close: number
  volume: number
  close_usd: number
  /** When the source sent it: ISO 8601, UTC, milliseconds. */
  event_time: string
}

/** The CSV's header, in the tutorial's order. */
export const csvHeader: readonly string[] = ['Index', 'Date', 'Open', 'High', 'Low', 'Close', 'Adj Close', 'Volume', 'CloseUSD']

const numberFields = ['open', 'high', 'low', 'close', 'adj_close', 'volume', 'close_usd'] as const
const fields = new Set<string>(['symbol', 'trade_date', 'event_time', ...numberFields])

/** Makes a quote of one CSV row (cells in the order of `csvHeader`). Throws `LabError` BAD_ROW with the column and the value;
 *  the caller adds file and line. */
export function parseQuote(cells: readonly string[], eventTime: string): Quote {
  if (cells.length !== csvHeader.length) throw bad(`expected ${csvHeader.length} fields, got ${cells.length}`)
  const number = (at: number): number => {
    const text = cells[at]
    const value = Number(text)
    // Number() also takes 0x10, 0b1 and 0o7, which no CSV means.
    if (text.trim() === '' || !Number.isFinite(value) || /^\s*0[box]/i.test(text))
      throw bad(`${csvHeader[at]} is not a number: ${show(text)}`)
    return value
  }
  const symbol = cells[0]
  if (symbol.trim() === '') throw bad('Index is empty')
  if (!isDate(cells[1])) throw bad(`Date is not a day written YYYY-MM-DD: ${show(cells[1])}`)
  return {
    symbol,
    trade_date: cells[1],
    open: number(2),
    high: number(3),
    low: number(4),
    close: number(5),
    adj_close: number(6),
    volume: number(7),
    close_usd: number(8),
    event_time: eventTime,
  }
}

/** The event as JSON text. Doubles keep their point (`0.0`): a crawler takes `0` for an int and Athena then fails on `0.5`. */
export function encodeQuote(quote: Quote): string {
  return (
    `{"symbol":${JSON.stringify(quote.symbol)},"trade_date":"${quote.trade_date}","open":${double(quote.open)},"high":${double(quote.high)}` +
    `,"low":${double(quote.low)},"close":${double(quote.close)},"adj_close":${double(quote.adj_close)},"volume":${double(quote.volume)}` +
    `,"close_usd":${double(quote.close_usd)},"event_time":"${quote.event_time}"}`
  )
}

/** Reads an event as it came from a topic. Throws `LabError` BAD_EVENT that says which field is wrong and how; the caller adds topic,
 *  partition and offset. */
export function decodeQuote(value: Uint8Array | string | null): Quote {
  if (value === null) throw badEvent('the value is null')
  const text = typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch (error) {
    throw badEvent(`not JSON: ${show(text)}`, error)
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw badEvent(`not a JSON object: ${show(text)}`)
  return checkQuote(event as Record<string, unknown>)
}

function checkQuote(event: Record<string, unknown>): Quote {
  if (typeof event.symbol !== 'string' || event.symbol === '') throw badEvent(`symbol is not a text: ${show(event.symbol)}`)
  if (!isDate(event.trade_date)) throw badEvent(`trade_date is not a day written YYYY-MM-DD: ${show(event.trade_date)}`)
  if (typeof event.event_time !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event.event_time))
    throw badEvent(`event_time is not ISO 8601 in UTC with milliseconds: ${show(event.event_time)}`)
  for (const name of numberFields) {
    if (typeof event[name] !== 'number' || !Number.isFinite(event[name]))
      throw badEvent(`${name} is not a number: ${show(event[name])}`)
  }
  for (const name in event) if (!fields.has(name)) throw badEvent(`unknown field ${show(name)}`)
  return event as unknown as Quote
}

/** A double with its point: `0.0`, `1.5`, `1e+21`. */
function double(value: number): string {
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function isDate(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false
  const [year, month, day] = value.split('-').map(Number)
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
const bad = (problem: string): LabError => new LabError('BAD_ROW', problem)
const badEvent = (problem: string, cause?: unknown): LabError => new LabError('BAD_EVENT', problem, { cause })
