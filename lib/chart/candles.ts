import type { Bar, Figure } from '../chart.ts'
import { around, bottomAxis, fall, grey, moment, rise, valueAxis, type Panel, type Plot } from './look.ts'

const dayMs = 86_400_000
const margins = { marginLeft: 58, marginRight: 22 }

interface Candle extends Omit<Bar, 'volume'> {
  x: Date
  /** The body's sides. */
  from: Date
  until: Date
  volume: number
}

/** Candles; below them the volume, when any bar has one. */
export function candlePanels(plot: Plot, figure: Figure): Panel[] {
  const candles = candlesOf(figure.rows as readonly Bar[], figure.width)
  const domain = [candles[0].from, candles[candles.length - 1].until]
  const fill = (candle: Candle) => (candle.close >= candle.open ? rise : fall)
  const prices: Panel = {
    height: figure.height,
    ...margins,
    marginTop: 24,
    marginBottom: 34,
    x: { domain, inset: 6, label: null },
    y: { domain: around(candles.flatMap(candle => [candle.low, candle.high])), label: null },
    marks: [
      ...valueAxis(plot, figure.unit, margins.marginLeft),
      bottomAxis(plot, null),
      plot.ruleX(candles, { x: 'x', y1: 'low', y2: 'high', stroke: fill, strokeWidth: 1 }),
      plot.rect(candles, { x1: 'from', x2: 'until', y1: 'open', y2: 'close', fill, stroke: fill, strokeWidth: 1 }),
    ],
  }
  if (!candles.some(candle => candle.volume > 0)) return [prices]
  const volumes: Panel = {
    height: 104,
    ...margins,
    marginTop: 24,
    marginBottom: 8,
    x: { domain, inset: 6, axis: null },
    y: { domain: [0, Math.max(...candles.map(candle => candle.volume))], label: null },
    marks: [
      ...valueAxis(plot, 'volume', margins.marginLeft, 3),
      plot.rect(candles, { x1: 'from', x2: 'until', y1: 0, y2: 'volume', fill, fillOpacity: 0.55 }),
      plot.ruleY([0], { stroke: grey }),
    ],
  }
  return [prices, volumes]
}

/** Bars with the sides of their bodies: 70 % of the shortest distance between two of them, at most 14 pixels. */
function candlesOf(bars: readonly Bar[], width: number): Candle[] {
  const days = bars.map(bar => Number(moment(bar.trade_date)))
  const step = days.slice(1).reduce((least, day, i) => Math.min(least, day - days[i]), days.length > 1 ? Infinity : dayMs)
  const msPerPixel = (days[days.length - 1] - days[0] + step) / (width - 92)
  const half = Math.min(0.35 * step, 7 * msPerPixel)
  return bars.map((bar, i) => ({
    ...bar,
    x: new Date(days[i]),
    from: new Date(days[i] - half),
    until: new Date(days[i] + half),
    volume: Number(bar.volume ?? 0),
  }))
}
