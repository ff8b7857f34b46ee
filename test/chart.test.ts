import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { barChart, candleChart, chartPng, chartSvg, lineChart, writeChart, type Bar } from '../lib/chart.ts'

const bars: Bar[] = [
  { trade_date: '2021-03-01', open: 100, high: 112, low: 99, close: 110, volume: 5000 },
  { trade_date: '2021-03-02', open: 110, high: 111, low: 95, close: 96, volume: 9000 },
  { trade_date: '2021-03-03', open: 96, high: 101, low: 94, close: 100, volume: 7000 },
]
const closes = bars.flatMap(bar => [
  { day: bar.trade_date, symbol: 'NYA', close: bar.close },
  { day: bar.trade_date, symbol: 'HSI', close: bar.close + 1 },
])
const lines = () =>
  lineChart(closes, {
    x: 'day',
    y: 'close',
    series: 'symbol',
    title: 'Two & two',
    subtitle: 'three days',
    unit: 'points',
    source: 'a test',
  })
it('says when the picture cannot be written', async () => {
  const file = join(import.meta.filename, 'picture.png')
  await expect(writeChart(file, lines())).rejects.toMatchObject({ code: 'CHART_FILE', message: expect.stringContaining(file) })
})

/** Every text of the picture, in order. */
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(match => match[1])

it('draws a line for each series, labelled at its end in its own colour', async () => {
  const svg = await chartSvg(lines())
  expect(texts(svg)).toEqual(expect.arrayContaining(['Two &amp; two', 'three days', 'points', 'NYA', 'HSI', 'Source: a test']))
  for (const [name, color] of [
    ['NYA', '#0072b2'],
    ['HSI', '#d55e00'],
  ])
    expect(svg).toMatch(new RegExp(`fill="${color}"[^>]*>${name}<`))
})

it('gives the same figure the same text, and leaves the figure as it was', async () => {
  const figure = lines()
  const before = structuredClone(figure)
  expect(await chartSvg(figure)).toBe(await chartSvg(lines()))
  expect(figure).toEqual(before)
})

it('keeps labels of lines that end together apart', async () => {
  const rows = ['a', 'b', 'c', 'd'].flatMap(name => [
    { x: 1, y: 5, name },
    { x: 2, y: 7, name },
  ])
  const svg = await chartSvg(lineChart(rows, { x: 'x', y: 'y', series: 'name', title: 'Together' }))
  const heights = [...svg.matchAll(/<text[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>([abcd])</g)]
    .map(match => Number(match[2]))
    .sort((a, b) => a - b)
  expect(heights).toHaveLength(4)
  for (const [i, height] of heights.slice(1).entries()) expect(height - heights[i]).toBeGreaterThanOrEqual(12.9)
})

it('greys what is past the eighth line', async () => {
  const rows = Array.from({ length: 9 }, (_, i) => [
    { x: 1, y: i, name: `line ${i}` },
    { x: 2, y: i + 1, name: `line ${i}` },
  ]).flat()
  const svg = await chartSvg(lineChart(rows, { x: 'x', y: 'y', series: 'name', title: 'Nine' }))
  expect(svg.match(/stroke="#98a1b0"/g)?.length).toBeGreaterThan(0)
})

it('skips nulls, as a moving average has at its beginning', async () => {
  const svg = await chartSvg(
    lineChart(
      [
        { x: 1, y: null },
        { x: 2, y: 3 },
        { x: 3, y: 4 },
      ],
      { x: 'x', y: 'y', title: 'Late' },
    ),
  )
  expect(svg).not.toContain('NaN')
})

it('draws a body and a wick for each candle, blue up and orange down, and the volume below', async () => {
  const svg = await chartSvg(candleChart(bars, { title: 'Three days', unit: 'points' }))
  expect(svg.match(/<rect [^>]*fill="#0072b2"/g)).toHaveLength(4) // two bodies, two volumes
  expect(svg.match(/<rect [^>]*fill="#d55e00"/g)).toHaveLength(2)
  expect(texts(svg)).toContain('volume')
})

it('leaves the volume out where there is none, and takes bigint ones', async () => {
  const silent = bars.map(bar => ({ ...bar, volume: 0 }))
  expect(texts(await chartSvg(candleChart(silent, { title: 'Silent' })))).not.toContain('volume')
  const big = bars.map(bar => ({ ...bar, trade_date: new Date(String(bar.trade_date)), volume: 5_000_000_000n }))
  expect(texts(await chartSvg(candleChart(big, { title: 'Loud' })))).toContain('4B')
})

it('draws one single candle', async () => {
  expect(await chartSvg(candleChart(bars.slice(0, 1), { title: 'One' }))).not.toMatch(/NaN|Infinity/)
})

it('draws bars in the order of the rows, with their values, negative ones in orange', async () => {
  const rows = [
    { symbol: 'HSI', change: -12.34 },
    { symbol: 'NYA', change: 3 },
  ]
  const svg = await chartSvg(barChart(rows, { label: 'symbol', value: 'change', title: 'Change', unit: '%' }))
  expect(texts(svg)).toEqual(expect.arrayContaining(['HSI', 'NYA', '-12.34 %', '3 %']))
  expect(svg.indexOf('>HSI<')).toBeLessThan(svg.indexOf('>NYA<'))
  expect(svg).toMatch(/<rect [^>]*fill="#d55e00"/)
})

it('says which column is missing, and that there are no rows', async () => {
  await expect(
    chartSvg(lineChart(closes as object[] as Record<string, unknown>[], { x: 'day', y: 'price', title: 'x' })),
  ).rejects.toMatchObject({
    code: 'NO_COLUMN',
    message: 'Chart column "price" is not in the rows, they have: day, symbol, close.',
  })
  await expect(chartPng(lineChart([] as { a: number }[], { x: 'a', y: 'a', title: 'Nothing' }))).rejects.toMatchObject({
    code: 'NO_DATA',
  })
})

it('makes a PNG of one and a half times the size, with letters in it', async () => {
  const png = await chartPng(lines())
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect(png.readUInt32BE(16)).toBe(1290)
  const unnamed = await chartPng({ ...lines(), title: '' })
  expect(unnamed.equals(png)).toBe(false) // without fonts all texts vanish silently
})

it('writes a picture into folders that it makes', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'chart-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const { file, sizeBytes } = await writeChart(join(dir, 'a', 'b', 'x.png'), lines())
  expect((await readFile(file)).length).toBe(sizeBytes)
})
