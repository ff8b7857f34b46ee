import type { Bar, Figure } from '../chart.ts'
import {
  around,
  axisMargin,
  bottomAxis,
  dayMs,
  fall,
  finite,
  grey,
  moment,
  noNumbers,
  rise,
  valueAxis,
  type Panel,
  type Plot,
} from './look.ts'

interface Candle extends Omit<Bar, 'volume'> {
  x: Date
  /** The body's sides. */
  from: Date
  until: Date
  volume: number
}

/** Candles; below them the volume, when any bar has one. */
export function candlePanels(plot: Plot, figure: Figure): Panel[] {
  const { candles, domain } = candlesOf(figure)
  const prices = around(candles.flatMap(candle => [candle.low, candle.high]))
  const margins = { marginLeft: axisMargin(prices), marginRight: 22 }
  const fill = (candle: Candle) => (candle.close >= candle.open ? rise : fall)
  const flat = candles.filter(({ open, close }) => open === close)
  const days = candles.map(candle => candle.x)
  const upper: Panel = {
    height: figure.height,
    ...margins,
    marginTop: 24,
    marginBottom: 34,
    x: { domain, inset: 6, label: null },
    y: { domain: prices, label: null },
    marks: [
      ...valueAxis(plot, { unit: figure.unit, domain: prices, marginLeft: margins.marginLeft }),
      bottomAxis(plot, null, days),
      plot.ruleX(candles, { x: 'x', y1: 'low', y2: 'high', stroke: fill, strokeWidth: 1 }),
      plot.rect(candles, { x1: 'from', x2: 'until', y1: 'open', y2: 'close', fill, stroke: fill, strokeWidth: 1 }),
      // A body without height is drawn by no renderer.
      plot.ruleY(flat, { x1: 'from', x2: 'until', y: 'close', stroke: fill, strokeWidth: 1.5 }),
    ],
  }
  if (!candles.some(candle => candle.volume > 0)) return [upper]
  const volumes: [number, number] = [0, candles.reduce((most, candle) => Math.max(most, candle.volume), 0)]
  const lower: Panel = {
    height: 104,
    ...margins,
    marginTop: 24,
    marginBottom: 8,
    x: { domain, inset: 6, axis: null },
    y: { domain: volumes, label: null },
    marks: [
      ...valueAxis(plot, { unit: 'volume', domain: volumes, marginLeft: margins.marginLeft, count: 3 }),
      plot.rect(candles, { x1: 'from', x2: 'until', y1: 0, y2: 'volume', fill, fillOpacity: 0.55 }),
      plot.ruleY([0], { stroke: grey }),
    ],
  }
  return [upper, lower]
}

/** Bars in the order of their days with the sides of their bodies: 70 % of the shortest distance between two of them, at most 14 pixels. Bars without
 *  all four prices are gaps. */
function candlesOf({ rows, width, title, columns }: Figure): { candles: Candle[]; domain: [Date, Date] } {
  const bars = (rows as readonly Bar[])
    .map(bar => ({ ...bar, day: Number(moment(bar.trade_date)) }))
    .filter(({ open, high, low, close }) => [open, high, low, close].every(price => !Number.isNaN(finite(price))))
    .sort((a, b) => a.day - b.day)
  if (bars.length === 0) throw noNumbers(title, columns.y)
  const distances = bars.slice(1).map(({ day }, i) => day - bars[i].day)
  const step = distances.reduce((least, distance) => (distance > 0 ? Math.min(least, distance) : least), Infinity)
  const room = step === Infinity ? dayMs : step
  const [first, last] = [bars[0].day, bars[bars.length - 1].day]
  const msPerPixel = (last - first + room) / (width - 92)
  const half = Math.min(0.35 * room, 7 * msPerPixel)
  const candles = bars.map(({ day, ...bar }) => ({
    ...bar,
    x: new Date(day),
    from: new Date(day - half),
    until: new Date(day + half),
    volume: finite(bar.volume ?? 0) || 0,
  }))
  // A few candles stand in the middle of their days, not at the picture's edges.
  const side = Math.max(half, Math.min(room / 2, 60 * msPerPixel))
  return { candles, domain: [new Date(first - side), new Date(last + side)] }
}
