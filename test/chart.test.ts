import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
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

const elements = (svg: string, selector: string) => [...parseHTML(svg).document.querySelectorAll(selector)]
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

it('names as many lines as there is room for, none outside of the picture, and of a crowd only the coloured ones', async () => {
  const crowd = (count: number) =>
    Array.from({ length: count }, (_, i) => [1, 2, 3].map(x => ({ x, y: x * i, name: `line ${i}` }))).flat()
  const draw = async (count: number) => {
    const figure = lineChart(crowd(count), { x: 'x', y: 'y', series: 'name', title: 'Crowd' })
    const svg = await chartSvg(figure)
    const named = [...svg.matchAll(/translate\([\d.]+,(-?[\d.]+)\)"[^>]*>line \d+</g)].map(match => Number(match[1]))
    expect(Math.min(...named)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...named)).toBeLessThanOrEqual(figure.height)
    return { named: named.length, height: figure.height }
  }
  expect(await draw(13)).toEqual({ named: 13, height: 340 })
  expect(await draw(30)).toMatchObject({ named: 30 })
  expect(await draw(200)).toEqual({ named: 8, height: 340 })
})

it('breaks a line where a value is missing, endless or no number, and shows a point that stands alone', async () => {
  const values = [null, 3, NaN, 4, 5, Infinity, 6, 7]
  const svg = await chartSvg(
    lineChart(
      values.map((y, x) => ({ x, y })),
      { x: 'x', y: 'y', title: 'Gaps' },
    ),
  )
  expect(svg).not.toMatch(/NaN|Infinity/)
  const [line] = elements(svg, '[aria-label=line] path').map(path => path.getAttribute('d')!)
  expect(line.match(/M/g)).toHaveLength(3)
  expect(elements(svg, '[aria-label=dot] circle')).toHaveLength(1)
})

it('draws rows without order in the order of x', async () => {
  const draw = (rows: object[]) => chartSvg(lineChart(rows as typeof closes, { x: 'day', y: 'close', title: 'Order' }))
  const nya = closes.filter(({ symbol }) => symbol === 'NYA')
  expect(await draw(nya.toReversed())).toBe(await draw(nya))
  const candles = (rows: Bar[]) => chartSvg(candleChart(rows, { title: 'Order' }))
  expect(await candles(bars.toReversed())).toBe(await candles(bars))
})

it('writes axis numbers that can be told apart and stay in the picture', async () => {
  const axis = async (values: number[]) => {
    const svg = await chartSvg(
      lineChart(
        values.map((y, x) => ({ x, y })),
        { x: 'x', y: 'y', title: '' },
      ),
    )
    const numbers = elements(svg, '[aria-label="y-axis tick label"] text')
    const names = numbers.map(number => number.textContent!)
    const right = numbers.map(number => Number(/translate\(([\d.]+)/.exec(number.getAttribute('transform')!)![1]))
    for (const [i, name] of names.entries()) expect(right[i] - 6.5 * name.length, name).toBeGreaterThan(0)
    expect(new Set(names).size).toBe(names.length)
    return names
  }
  expect(await axis([1_000_000, 1_000_000.0003])).toContain('1M')
  expect(await axis([0, 3e-9])).toContain('2E-9')
  expect(await axis([1e300, 2e300])).toContain('1.4E300')
  expect(await axis([-7e307, 7e307])).toContain('0')
  expect(await axis([16_000, 17_000])).toContain('16.2K')
})

it('says what cannot be drawn', async () => {
  const draw = (rows: object[], options = {}) =>
    chartSvg(lineChart(rows as { x: number; y: number }[], { x: 'x', y: 'y', title: 'T', ...options }))
  await expect(draw([{ x: 1, y: null }])).rejects.toMatchObject({ code: 'NO_DATA', message: expect.stringContaining('column y') })
  await expect(draw([{ x: 'abc', y: 1 }])).rejects.toMatchObject({ code: 'NO_DATE', message: expect.stringContaining('"abc"') })
  await expect(draw([{ x: 1, y: 0 }], { log: true })).rejects.toMatchObject({ code: 'NO_LOG' })
})

it('shortens long names and titles, and takes any text', async () => {
  const name = '<b>&"\u0001' + 'long '.repeat(50)
  const rows = [1, 2].map(x => ({ x, y: x, name }))
  const figure = lineChart(rows, { x: 'x', y: 'y', series: 'name', title: name.repeat(5), subtitle: name })
  for (const text of texts(await chartSvg(figure))) expect(text.length).toBeLessThan(170)
  await chartPng(figure)
  await chartPng(barChart(rows, { label: 'name', value: 'y', title: name }))
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

it('draws a stroke for a day that ends where it began, as close-only years do', async () => {
  const flat = bars.map(bar => ({ ...bar, open: 5, high: 5, low: 5, close: 5, volume: 0 }))
  const svg = await chartSvg(candleChart(flat, { title: 'Flat' }))
  const lengths = elements(svg, '[aria-label=rule] line').map(
    line => Number(line.getAttribute('x2')) - Number(line.getAttribute('x1')),
  )
  expect(lengths.filter(length => Math.abs(length) > 10)).toHaveLength(3)
})

it('leaves out days without prices', async () => {
  const gap = { trade_date: '2021-03-04', open: null, high: null, low: null, close: null } as unknown as Bar
  const svg = await chartSvg(candleChart([...bars, gap], { title: 'Gap' }))
  expect(svg).toBe(await chartSvg(candleChart(bars, { title: 'Gap' })))
  await expect(chartSvg(candleChart([gap], { title: 'Nothing' }))).rejects.toMatchObject({ code: 'NO_DATA' })
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

it('keeps bars of the same name apart, and has a dash for what is no number', async () => {
  const rows = [3, 5, NaN].map(change => ({ symbol: 'HSI', change }))
  const svg = await chartSvg(barChart(rows, { label: 'symbol', value: 'change', title: 'Twice' }))
  expect(texts(svg)).toEqual(['Twice', 'HSI', 'HSI', 'HSI', '3', '5', '–'])
  expect(svg).not.toContain('NaN')
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
