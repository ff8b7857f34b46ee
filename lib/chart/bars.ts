import type { Figure } from '../chart.ts'
import { cell, faint, fall, finite, grey, ink, noNumbers, rise, shortened, widest, type Panel, type Plot } from './look.ts'

interface NamedValue {
  /** Place from the top: two bars may have the same name. */
  at: number
  name: string
  value: number
  text: string
}

const marginRight = 22

/** Horizontal bars, names at the left, values at their ends. A value that is no number has a dash. */
export function barPanels(plot: Plot, figure: Figure): Panel[] {
  const percent = figure.unit === '%' ? ' %' : ''
  const bars = figure.rows.map((row, at): NamedValue => {
    const value = finite(cell(row, figure.columns.x))
    const name = shortened(String(cell(row, figure.columns.y)), 40)
    return { at, name, value: value || 0, text: Number.isNaN(value) ? '–' : exactly(value) + percent }
  })
  if (bars.every(bar => bar.text === '–')) throw noNumbers(figure.title, figure.columns.x)
  const unit = percent ? undefined : figure.unit
  const marginTop = unit ? 24 : 4
  const marginLeft = widest(bars.map(bar => bar.name))
  const end = { x: 'value', y: 'at', text: 'text', fill: ink }
  return [
    {
      height: figure.height + marginTop,
      marginTop,
      marginBottom: 4,
      marginLeft,
      marginRight,
      x: { domain: domainOf(bars, figure.width - marginLeft - marginRight), axis: null },
      y: { domain: bars.map(bar => bar.at), label: null, padding: 0.25 },
      marks: [
        plot.axisY({ tickSize: 0, color: ink, label: null, tickFormat: (at: number) => bars[at].name }),
        plot.barX(bars, { x: 'value', y: 'at', fill: bar => (bar.value < 0 ? fall : rise) }),
        plot.ruleX([0], { stroke: grey }),
        plot.text(bars, { ...end, filter: bar => bar.value >= 0, textAnchor: 'start', dx: 5 }),
        plot.text(bars, { ...end, filter: bar => bar.value < 0, textAnchor: 'end', dx: -5 }),
        ...(unit ? [plot.text([unit], { frameAnchor: 'top-left', dy: -18, fill: faint })] : []),
      ],
    },
  ]
}

/** Zero and all values, with room for the texts at the ends, of which a letter takes seven pixels. */
function domainOf(bars: NamedValue[], pixels: number): [number, number] {
  const low = bars.reduce((least, bar) => Math.min(least, bar.value), 0)
  const high = bars.reduce((most, bar) => Math.max(most, bar.value), 0)
  const letters = bars.reduce((most, bar) => Math.max(most, bar.text.length), 0)
  const share = Math.min(0.4, (8 + 7 * letters) / pixels)
  const sides = (low < 0 ? 1 : 0) + (high > 0 || low === 0 ? 1 : 0)
  const room = ((high - low || 1) * share) / (1 - sides * share)
  return [low && low - room, high > 0 || low === 0 ? high + room : 0]
}

function exactly(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e15) return new Intl.NumberFormat('en-US', { notation: 'scientific', maximumSignificantDigits: 4 }).format(value)
  if (size < 1) return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 }).format(value)
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: size < 100 ? 2 : 0 }).format(value)
}
