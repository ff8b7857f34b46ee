import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { markets, type Market } from './markets.ts'

const header = 'Index,Date,Open,High,Low,Close,Adj Close,Volume,CloseUSD'
const dayMs = 86_400_000

/** Days on which every market falls, and by how much (a fraction). Sixty nervous days follow each. */
const crashes = new Map([
  ['1987-10-19', -0.19],
  ['2008-10-10', -0.08],
  ['2020-03-12', -0.11],
  ['2021-02-26', -0.045],
])

/**
 * The synthetic file as text: `rows` data rows, block after block by index, each block ascending by date.
 * The same rows and seed give the same bytes on every machine: only + - * / and rounding are used, never a sine or a logarithm.
 */
export function generate({ rows = 5000, seed = 1965 }: { rows?: number; seed?: number } = {}): string {
  const blocks = sharesOf(rows).map((count, i) => block(markets[i], count, seed))
  return [header, ...blocks.flat()].join('\n') + '\n'
}

/** Splits `rows` over the indexes as the original does; the largest remainders get what rounding left. */
function sharesOf(rows: number): number[] {
  const full = markets.reduce((sum, market) => sum + market.rows, 0)
  const exact = markets.map(market => (rows * market.rows) / full)
  const shares = exact.map(Math.floor)
  const byRemainder = exact.map((_, i) => i).sort((a, b) => (exact[b] % 1) - (exact[a] % 1) || a - b)
  const left = rows - shares.reduce((sum, share) => sum + share, 0)
  for (const i of byRemainder.slice(0, left)) shares[i]++
  return shares
}

/** The last `count` sessions of one index. Closes are walked backwards from today's level, so its size does not change its end. */
function block(market: Market, count: number, seed: number): string[] {
  const days = sessions(market, count, seed)
  const returns = days.map(day => dailyReturn(market, day, seed))
  const closes = new Array<number>(count)
  for (let i = count - 1, close = market.level; i >= 0; i--) {
    closes[i] = close
    close /= 1 + returns[i]
  }
  return days.map((day, i) => {
    const draw = random(`${seed} bar ${market.symbol} ${day}`)
    const [flat, silent] = [i < count * market.flatShare || draw() < 0.003, i < count * market.silentShare || draw() < 0.004]
    return row(market, day, closes[i], closes[i - 1] ?? closes[i], { draw, flat, silent })
  })
}

interface Bar {
  draw: () => number
  flat: boolean
  silent: boolean
}

function row(market: Market, day: string, close: number, before: number, { draw, flat, silent }: Bar): string {
  const open = flat ? close : before * (1 + 0.004 * normal(draw))
  const spread = flat ? 0 : close * (0.001 + 0.006 * draw())
  const prices = [open, Math.max(open, close) + spread * draw(), Math.min(open, close) - spread * draw(), close]
  const adjusted = market.adjusted ? close * (1 - 2e-7 * (1 + draw())) : close
  const busy = 0.5 + draw() + 12 * Math.abs(close / before - 1)
  const volume = silent ? 0 : Math.max(1, Math.round(market.volume * busy))
  const usd = Number(price(close)) * market.usd
  return [market.symbol, day, ...prices.map(price), price(adjusted), decimal(volume), decimal(usd)].join(',')
}

/** Hundredths that went through a 32-bit float, as in the original: 528.69 is written 528.690002. */
function price(value: number): string {
  return decimal(Number(Math.fround(Math.round(value * 100) / 100).toFixed(6)))
}

/** A number as Python writes it: always with a decimal point. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** World, region and the index's own news, in that order; now and then a wild day. */
function dailyReturn(market: Market, day: string, seed: number): number {
  const news = (name: string) => normal(random(`${seed} news ${name} ${day}`))
  const wild = random(`${seed} wild ${market.symbol} ${day}`)() < 0.03 ? 2.5 : 1
  const nervous = nervousness(day)
  const move = 0.0055 * news('world') + 0.005 * news(market.region) + 0.005 * wild * news(market.symbol)
  const crash = crashes.get(day)
  if (crash) return crash * (0.8 + 0.4 * random(`${seed} crash ${market.symbol} ${day}`)())
  return 0.0003 + 0.0022 * nervous + move * (1 + 1.5 * nervous)
}

/** 1 on the day after a crash, falling to 0 within sixty days: larger moves, and a recovery. */
function nervousness(day: string): number {
  let most = 0
  for (const crash of crashes.keys()) {
    const days = (Date.parse(day) - Date.parse(crash)) / dayMs
    if (days > 0 && days <= 60) most = Math.max(most, 1 - days / 60)
  }
  return most
}

/** The last `count` days on which the market was open, oldest first. */
function sessions(market: Market, count: number, seed: number): string[] {
  const days: string[] = []
  for (let time = Date.parse(market.lastDay); days.length < count; time -= dayMs) {
    const day = new Date(time).toISOString().slice(0, 10)
    if (isOpen(market, day, seed)) days.push(day)
  }
  return days.reverse()
}

function isOpen(market: Market, day: string, seed: number): boolean {
  if (crashes.has(day) || day === market.lastDay) return true
  const weekday = new Date(day).getUTCDay()
  if (weekday === 0 || weekday === 6 || day.endsWith('-12-25') || day.endsWith('-01-01')) return false
  if (market.region === 'China' && isLunarHoliday(market, day, weekday)) return false
  return random(`${seed} holiday ${market.symbol} ${day}`)() > 0.025
}

/** One week from the Monday before 9 February on; every other year two weeks in Shanghai and Shenzhen. */
function isLunarHoliday(market: Market, day: string, weekday: number): boolean {
  const monday = new Date(Date.parse(day) - (weekday - 1) * dayMs).toISOString().slice(5, 10)
  const weeks = /SS|SZ/.test(market.symbol) && Number(day.slice(0, 4)) % 2 === 1 ? 2 : 1
  return monday > '02-02' && monday <= (weeks === 2 ? '02-16' : '02-09')
}

/** Numbers in [0, 1) that depend on the text alone (FNV-1a, then mulberry32). */
function random(text: string): () => number {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** About a standard normal: twelve uniform numbers less six. */
function normal(draw: () => number): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += draw()
  return sum
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new Error(`--${option} wants a whole number, got ${JSON.stringify(text)}`)
  return Number(text)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1965' },
      out: { type: 'string', default: join(import.meta.dirname, 'quotes.csv') },
    },
  })
  const text = generate({ rows: wholeNumber('rows', values.rows), seed: wholeNumber('seed', values.seed) })
  if (values.out === '-') process.stdout.write(text)
  else writeFileSync(values.out, text)
}
