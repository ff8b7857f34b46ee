import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generate } from '../../data/generate.ts'
import { markets } from '../../data/markets.ts'

type Row = [
  symbol: string,
  date: string,
  open: number,
  high: number,
  low: number,
  close: number,
  adjusted: number,
  volume: number,
  usd: number,
]
const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => line.split(',').map((cell, i) => (i < 2 ? cell : Number(cell))) as Row)

describe('data/quotes.csv', () => {
  const text = readFileSync(new URL('../../data/quotes.csv', import.meta.url), 'utf8')
  const rows = rowsOf(text)
  const blocks = Map.groupBy(rows, row => row[0])

  it('is what the generator makes', () => {
    expect(generate()).toBe(text)
  })

  it('has the header, the indexes and the size it promises', () => {
    expect(text.slice(0, text.indexOf('\n'))).toBe('Index,Date,Open,High,Low,Close,Adj Close,Volume,CloseUSD')
    expect(rows).toHaveLength(5000)
    expect([...blocks.keys()]).toEqual(markets.map(market => market.symbol))
  })

  it('is ordered by date within a block, on weekdays, but not across blocks', () => {
    const days = rows.map(row => row[1])
    expect(days).not.toEqual(days.toSorted())
    for (const block of blocks.values()) {
      const own = block.map(row => row[1])
      expect(own).toEqual([...new Set(own)].sort())
      expect(own.every(day => [1, 2, 3, 4, 5].includes(new Date(day).getUTCDay()))).toBe(true)
    }
  })

  it('has sound bars, and numbers that always carry a decimal point', () => {
    for (const [, , open, high, low, close] of rows)
      expect(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close)).toBe(true)
    const numbers = text
      .trimEnd()
      .split('\n')
      .slice(1)
      .flatMap(line => line.split(',').slice(2))
    expect(numbers.every(number => /^\d+\.\d+$/.test(number))).toBe(true)
    expect(rows.every(row => Number.isInteger(row[7]))).toBe(true)
  })

  it('starts close-only and silent, and J203.JO stays silent', () => {
    const nya = blocks.get('NYA')!
    expect(
      nya.slice(0, 400).every(([, , open, high, low, close, , volume]) => open === high && low === close && volume === 0),
    ).toBe(true)
    expect(nya.slice(-200).filter(row => row[7] > 0).length).toBeGreaterThan(190)
    expect(blocks.get('J203.JO')!.every(row => row[7] === 0)).toBe(true)
  })

  it('has one dollar factor per index, a crash and a long holiday', () => {
    for (const { symbol, usd } of markets) for (const row of blocks.get(symbol)!) expect(row[8] / row[5]).toBeCloseTo(usd, 6)
    const before = (day: string) => blocks.get('IXIC')!.findIndex(row => row[1] === day)
    const crash = before('2020-03-12')
    expect(blocks.get('IXIC')![crash][5] / blocks.get('IXIC')![crash - 1][5] - 1).toBeLessThan(-0.08)
    const shanghai = blocks.get('000001.SS')!.map(row => Date.parse(row[1]) / 86_400_000)
    expect(Math.max(...shanghai.slice(1).map((day, i) => day - shanghai[i]))).toBeGreaterThan(10)
  })
})

describe('generate', () => {
  it('makes any size, exactly', () => {
    for (const rows of [0, 13, 1001]) expect(rowsOf(generate({ rows }))).toHaveLength(rows)
  })

  it('depends on the seed', () => {
    expect(generate({ rows: 100, seed: 7 })).toBe(generate({ rows: 100, seed: 7 }))
    expect(generate({ rows: 100, seed: 7 })).not.toBe(generate({ rows: 100, seed: 8 }))
  })

  it('ends as the smaller file does: size changes the beginning only', () => {
    const closes = (rows: number) =>
      rowsOf(generate({ rows }))
        .filter(row => row[0] === 'NYA')
        .slice(-20)
        .map(row => row[5])
    expect(closes(20_000)).toEqual(closes(5000))
  })
})
