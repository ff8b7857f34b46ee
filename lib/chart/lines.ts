import type { Markish } from '@observablehq/plot'
import type { Figure } from '../chart.ts'
import { LabError } from '../errors.ts'
import {
  around,
  axisMargin,
  bottomAxis,
  cell,
  faint,
  finite,
  grey,
  moment,
  noNumbers,
  palette,
  shortened,
  valueAxis,
  widest,
  type Panel,
  type Plot,
} from './look.ts'

interface Point {
  x: Date | number
  /** NaN where there is a gap. */
  y: number
  name: string
}

/** One series with its points in the order of x. */
interface Line {
  name: string
  color: string
  points: Point[]
  /** The last point that is no gap. */
  end: Point
}

const marginTop = 24
const marginBottom = 34
/** Between two names. */
const namePixels = 13
const longestName = 28

/** Pixels that so many lines with names want. More than sixty are a crowd, of which only the coloured ones are named. */
export function lineHeight(names: number): number {
  return names > 60 ? 340 : Math.max(340, marginTop + marginBottom + namePixels * names)
}

/** Lines over time or numbers, each with its name in a column at the right. */
export function linePanels(plot: Plot, figure: Figure): Panel[] {
  const lines = linesOf(figure)
  const points = lines.flatMap(line => line.points)
  const domain = around(
    points.map(each => each.y).filter(y => !Number.isNaN(y)),
    figure.log,
  )
  const { first, edge } = edgesOf(points)
  const moments = points.map(each => each.x)
  const named = figure.columns.series ? nameable(lines, figure.height) : []
  const marginLeft = axisMargin(domain)
  return [
    {
      height: figure.height,
      marginTop,
      marginBottom,
      marginLeft,
      marginRight: named.length > 0 ? widest(named.map(({ name }) => shortened(name, longestName))) : 22,
      x: { domain: [first, edge], label: null },
      y: { domain, type: figure.log ? 'log' : 'linear', label: null },
      marks: [
        ...valueAxis(plot, { unit: figure.unit, domain, marginLeft, log: figure.log }),
        bottomAxis(plot, edge instanceof Date ? null : figure.columns.x, moments),
        ...strokes(plot, lines),
        ...names(plot, named, edge, domain, figure),
      ],
    },
  ]
}

function linesOf({ rows, columns: { x, y, series }, title, log }: Figure): Line[] {
  const points = rows.map(row => ({
    x: moment(cell(row, x)),
    y: finite(cell(row, y)),
    name: series ? String(cell(row, series)) : '',
  }))
  const groups = [...Map.groupBy(points, each => each.name)].filter(([, group]) => group.some(({ y }) => !Number.isNaN(y)))
  if (groups.length === 0) throw noNumbers(title, y)
  if (log && points.some(each => each.y <= 0))
    throw new LabError(
      'NO_LOG',
      `Chart "${title}" has values of 0 or below in column ${y}, which have no logarithm. Draw it without log.`,
    )
  return groups.map(([name, group], at) => {
    const sorted = group.toSorted((a, b) => Number(a.x) - Number(b.x))
    return { name, color: palette[at] ?? grey, points: sorted, end: sorted.findLast(({ y }) => !Number.isNaN(y))! }
  })
}

/** The ends of the axis: the right one a little past the last point, so that the names' leader lines have room. */
function edgesOf(points: Point[]): { first: Date | number; edge: Date | number } {
  const times = points.map(each => Number(each.x))
  const first = times.reduce((least, time) => Math.min(least, time))
  const last = times.reduce((most, time) => Math.max(most, time))
  const edge = last + 0.02 * (last - first)
  return points[0].x instanceof Date ? { first: new Date(first), edge: new Date(edge) } : { first, edge }
}

/** Grey ones first, in one mark, so that the coloured ones lie on top. A point that stands alone, between gaps, is no line: a dot. */
function strokes(plot: Plot, lines: Line[]): Markish[] {
  const [coloured, rest] = [lines.filter(({ color }) => color !== grey), lines.filter(({ color }) => color === grey)]
  const alone = lines.flatMap(({ points, color }) =>
    points
      .filter(({ y }, i) => !Number.isNaN(y) && Number.isNaN(points[i - 1]?.y ?? NaN) && Number.isNaN(points[i + 1]?.y ?? NaN))
      .map(point => ({ ...point, color })),
  )
  return [
    plot.line(
      rest.flatMap(({ points }) => points),
      { x: 'x', y: 'y', z: 'name', stroke: grey, strokeWidth: 1 },
    ),
    ...coloured.toReversed().map(({ points, color }) => plot.line(points, { x: 'x', y: 'y', stroke: color, strokeWidth: 1.8 })),
    plot.dot(alone, { x: 'x', y: 'y', r: 2.5, fill: 'color' }),
  ]
}

/** The lines whose names have room one below the other: all, or else the coloured ones. */
function nameable(lines: Line[], height: number): Line[] {
  const room = Math.floor((height - marginTop - marginBottom) / namePixels) + 1
  return lines.length <= room ? lines : lines.slice(0, Math.min(palette.length, room))
}

function names(plot: Plot, lines: Line[], edge: Date | number, domain: [number, number], figure: Figure): Markish[] {
  const leaders = spread(lines, domain, figure.height - marginTop - marginBottom, figure.log).map(({ line, at }) => ({
    ...line.end,
    name: shortened(line.name, longestName),
    color: line.color,
    edge,
    at,
  }))
  return [
    plot.link(leaders, {
      x1: 'x',
      y1: 'y',
      x2: 'edge',
      y2: 'at',
      stroke: each => each.color,
      strokeOpacity: 0.45,
      strokeWidth: 0.8,
    }),
    plot.text(leaders, {
      x: 'edge',
      y: 'at',
      text: 'name',
      textAnchor: 'start',
      dx: 4,
      fill: each => (each.color === grey ? faint : each.color),
    }),
  ]
}

/** Moves names that would overlap apart, as little as that takes. */
function spread(
  lines: Line[],
  [low, high]: [number, number],
  height: number,
  log: boolean = false,
): { line: Line; at: number }[] {
  const pixel = (value: number) => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)) * height
  const value = (at: number) => (log ? low * (high / low) ** (at / height) : low + (at / height) * (high - low))
  const sorted = lines.toSorted((a, b) => a.end.y - b.end.y).map(line => ({ line, at: pixel(line.end.y) }))
  for (let i = 1; i < sorted.length; i++) sorted[i].at = Math.max(sorted[i].at, sorted[i - 1].at + namePixels)
  let roof = height
  for (const each of sorted.toReversed()) roof = (each.at = Math.min(each.at, roof)) - namePixels
  return sorted.map(({ line, at }) => ({ line, at: value(at) }))
}
