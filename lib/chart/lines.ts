import type { Figure } from '../chart.ts'
import { around, bottomAxis, cell, faint, grey, moment, palette, valueAxis, widest, type Panel, type Plot } from './look.ts'

interface Point {
  x: Date | number
  y: number
  name: string
}

/** Lines over time or numbers, each with its name in a column at the right. */
export function linePanels(plot: Plot, figure: Figure): Panel[] {
  const { x, y, series } = figure.columns
  const points = figure.rows.flatMap(row => point(row, x, y, series))
  const lines = [...Map.groupBy(points, each => each.name)]
  const names = lines.map(([name]) => name)
  const color = (name: string) => palette[names.indexOf(name)] ?? grey
  const margins = { marginTop: 24, marginBottom: 34, marginLeft: 58, marginRight: series ? widest(names) : 22 }
  const domain = around(
    points.map(each => each.y),
    figure.log,
  )
  const edge = edgeOf(points)
  const ends = lines.map(([, line]) => line[line.length - 1])
  const labels = spread(ends, domain, figure.height - margins.marginTop - margins.marginBottom, figure.log)
  const leaders = labels.map(({ end, at }) => ({ ...end, edge, at }))
  return [
    {
      height: figure.height,
      ...margins,
      x: { domain: [points.reduce((least, each) => (each.x < least ? each.x : least), edge), edge], label: null },
      y: { domain, type: figure.log ? 'log' : 'linear', label: null },
      marks: [
        ...valueAxis(plot, figure.unit, margins.marginLeft),
        bottomAxis(plot, edge instanceof Date ? null : x),
        // Grey lines first, so that the coloured ones lie on top.
        ...lines
          .toReversed()
          .map(([name, line]) =>
            plot.line(line, { x: 'x', y: 'y', stroke: color(name), strokeWidth: color(name) === grey ? 1 : 1.8 }),
          ),
        ...(series
          ? [
              plot.link(leaders, {
                x1: 'x',
                y1: 'y',
                x2: 'edge',
                y2: 'at',
                stroke: each => color(each.name),
                strokeOpacity: 0.45,
                strokeWidth: 0.8,
              }),
              plot.text(leaders, {
                x: 'edge',
                y: 'at',
                text: 'name',
                textAnchor: 'start',
                dx: 4,
                fill: each => (color(each.name) === grey ? faint : color(each.name)),
              }),
            ]
          : []),
      ],
    },
  ]
}

function point(row: object, x: string, y: string, series?: string): Point[] {
  const value = cell(row, y)
  if (value === null) return []
  return [{ x: moment(cell(row, x)), y: Number(value), name: series ? String(cell(row, series)) : '' }]
}

/** The right end of the axis: a little past the last point, so that the names' leader lines have room. */
function edgeOf(points: Point[]): Date | number {
  const times = points.map(each => Number(each.x))
  const first = times.reduce((least, time) => Math.min(least, time))
  const last = times.reduce((most, time) => Math.max(most, time))
  const edge = last + 0.02 * (last - first)
  return points[0].x instanceof Date ? new Date(edge) : edge
}

/** Moves names that would overlap apart, at least 13 pixels, as little as that takes. */
function spread(
  ends: Point[],
  [low, high]: [number, number],
  height: number,
  log: boolean = false,
): { end: Point; at: number }[] {
  const pixel = (value: number) => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)) * height
  const value = (at: number) => (log ? low * (high / low) ** (at / height) : low + (at / height) * (high - low))
  const sorted = ends.toSorted((a, b) => a.y - b.y).map(end => ({ end, at: pixel(end.y) }))
  for (let i = 1; i < sorted.length; i++) sorted[i].at = Math.max(sorted[i].at, sorted[i - 1].at + 13)
  let roof = height
  for (const each of sorted.toReversed()) roof = (each.at = Math.min(each.at, roof)) - 13
  return sorted.map(({ end, at }) => ({ end, at: value(at) }))
}
