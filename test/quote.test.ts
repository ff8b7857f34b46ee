import { describe, expect, it } from 'vitest'
import { csvHeader, decodeQuote, encodeQuote, parseQuote, type Quote } from '../lib/quote.ts'

const time = '2026-01-02T03:04:05.678Z'
const cells = ['NYA', '1965-12-31', '528.69', '528.69', '528.69', '528.69', '528.69', '0.0', '528.69']
const quote: Quote = {
  symbol: 'NYA',
  trade_date: '1965-12-31',
  open: 1,
  high: 2.5,
  low: 0,
  close: 1e21,
  adj_close: -3,
  volume: 4.2e9,
  close_usd: 1e-7,
  event_time: time,
}

describe('parseQuote', () => {
  it('names the columns of the CSV', () => {
    expect(parseQuote(cells, time)).toEqual({
      symbol: 'NYA',
      trade_date: '1965-12-31',
      open: 528.69,
      high: 528.69,
      low: 528.69,
      close: 528.69,
      adj_close: 528.69,
      volume: 0,
      close_usd: 528.69,
      event_time: time,
    })
  })

  const wrong: [string, number, string, RegExp][] = [
    ['text for a number', 2, 'abc', /Open is not a number: "abc"/],
    ['an empty number', 5, '', /Close is not a number: ""/],
    ['a hexadecimal number', 5, '0x10', /Close is not a number: "0x10"/],
    ['a number too large for a double', 5, '1e400', /Close is not a number/],
    ['an infinite number', 7, 'Infinity', /Volume is not a number/],
    ['another date format', 1, '31/12/1965', /Date is not a day written YYYY-MM-DD/],
    ['a day that does not exist', 1, '1965-02-30', /Date is not a day/],
    ['no symbol', 0, ' ', /Index is empty/],
  ]
  it.each(wrong)('refuses %s', (_, at, value, message) => {
    expect(() => parseQuote(cells.with(at, value), time)).toThrow(message)
  })

  it('refuses a row with too few or too many fields', () => {
    expect(() => parseQuote(cells.slice(1), time)).toThrow(`expected ${csvHeader.length} fields, got 8`)
    expect(() => parseQuote([...cells, 'x'], time)).toThrow('got 10')
  })
})

describe('encodeQuote', () => {
  it('writes every double with its point, and nothing else changes', () => {
    const text = encodeQuote(quote)
    expect(text).toContain(
      '"open":1.0,"high":2.5,"low":0.0,"close":1e+21,"adj_close":-3.0,"volume":4200000000.0,"close_usd":1e-7',
    )
    expect(JSON.parse(text)).toEqual(quote)
    expect(decodeQuote(text)).toEqual(quote)
  })

  it('escapes what JSON must escape', () => {
    const odd = { ...quote, symbol: 'a"\\\n€' }
    expect(decodeQuote(Buffer.from(encodeQuote(odd)))).toEqual(odd)
  })
})

describe('decodeQuote', () => {
  const event = JSON.parse(encodeQuote(quote)) as Record<string, unknown>
  const wrong: [string, unknown, RegExp][] = [
    ['no JSON', undefined, /not JSON: "nonsense"/],
    ['an array', [event], /not a JSON object/],
    ['null', null, /not a JSON object/],
    ['a number as text', { ...event, close: '1.5' }, /close is not a number: "1.5"/],
    ['a missing field', { ...event, volume: undefined }, /volume is not a number: "missing"|volume is not a number: missing/],
    ['a field nobody knows', { ...event, surprise: 1 }, /unknown field "surprise"/],
    ['a local event time', { ...event, event_time: '2026-01-02 03:04' }, /event_time is not ISO 8601/],
    ['a date that is none', { ...event, trade_date: '2020-13-01' }, /trade_date is not a day/],
    ['an empty symbol', { ...event, symbol: '' }, /symbol is not a text/],
  ]
  it.each(wrong)('refuses %s', (_, value, message) => {
    expect(() => decodeQuote(value === undefined ? 'nonsense' : JSON.stringify(value))).toThrow(message)
  })

  it('refuses a null value', () => {
    expect(() => decodeQuote(null)).toThrow('the value is null')
  })
})
