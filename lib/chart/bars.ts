import type { Figure } from '../chart.ts'
import { cell, faint, fall, grey, ink, rise, widest, type Panel, type Plot } from './look.ts'

interface NamedValue {
  name: string
  value: number
  text: string
}

/** Horizontal bars, names at the left, values at their ends. */
export function barPanels(plot: Plot, figure: Figure): Panel[] {
  const percent = figure.unit === '%' ? ' %' : ''
  const bars = figure.rows.map((row): NamedValue => {
    const value = Number(cell(row, figure.columns.x))
    return { name: String(cell(row, figure.columns.y)), value, text: exactly(value) + percent }
  })
  const unit = percent ? undefined : figure.unit
  const marginTop = unit ? 24 : 4
  const end = { x: 'value', y: 'name', text: 'text', fill: ink }
  return [
    {
      height: figure.height + marginTop,
      marginTop,
      marginBottom: 4,
      marginLeft: widest(bars.map(bar => bar.name)),
      marginRight: 22,
      x: { domain: domainOf(bars), axis: null },
      y: { domain: bars.map(bar => bar.name), label: null, padding: 0.25 },
      marks: [
        plot.axisY({ tickSize: 0, color: ink, label: null }),
        plot.barX(bars, { x: 'value', y: 'name', fill: bar => (bar.value < 0 ? fall : rise) }),
        plot.ruleX([0], { stroke: grey }),
        plot.text(bars, { ...end, filter: bar => bar.value >= 0, textAnchor: 'start', dx: 5 }),
        plot.text(bars, { ...end, filter: bar => bar.value < 0, textAnchor: 'end', dx: -5 }),
        ...(unit ? [plot.text([unit], { frameAnchor: 'top-left', dy: -18, fill: faint })] : []),
      ],
    },
  ]
}

/** Zero and all values, with room for the texts at the ends. */
function domainOf(bars: NamedValue[]): [number, number] {
  const low = Math.min(0, ...bars.map(bar => bar.value))
  const high = Math.max(0, ...bars.map(bar => bar.value))
  const room = 0.012 * (high - low || 1) * Math.max(...bars.map(bar => bar.text.length))
  return [low && low - room, high > 0 || low === 0 ? high + room : 0]
}

const exactly = (value: number): string =>
  new Intl.NumberFormat('en-US', { maximumFractionDigits: Math.abs(value) < 1 ? 3 : Math.abs(value) < 100 ? 2 : 0 }).format(value)
