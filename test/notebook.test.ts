import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { lineChart } from '../lib/chart.ts'
import { check, progress, show, table } from '../lib/notebook.ts'

// Outside a notebook texts are printed; what a notebook gets is tested with a real kernel in provisioning/run-notebook.test.ts.
let printed: string[]
beforeEach(() => {
  printed = []
  vi.spyOn(console, 'log').mockImplementation(text => void printed.push(String(text)))
})
afterEach(() => vi.restoreAllMocks())

it('prints rows as a table: numbers to the right, texts to the left', () => {
  table([
    { symbol: 'NYA', close: 16500.25, volume: 5_109_821_361n, day: new Date('2021-05-28') },
    { symbol: 'J203.JO', close: 7, volume: 0n, day: null },
  ])
  expect(printed[0].split('\n')).toEqual([
    'symbol       close         volume  day',
    '-------  ---------  -------------  ----------',
    'NYA      16,500.25  5,109,821,361  2021-05-28',
    'J203.JO          7              0',
  ])
})

it('shows the columns asked for, and says how many rows are left out', () => {
  table(
    [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
      { a: 5, b: 6 },
    ],
    { columns: ['b'], limit: 2 },
  )
  expect(printed[0]).toBe('b\n-\n2\n4\n1 more row')
})

it('says so when there are no rows', () => {
  table([])
  expect(printed[0]).toBe('no rows')
})

it('writes a year as a year and small fractions in full', () => {
  table([{ year: 2021, share: 0.000123, big: 1234567 }])
  expect(printed[0].split('\n')[2].split(/ +/)).toEqual(['2021', '0.000123', '1,234,567'])
})

it('checks an exercise without ever throwing', async () => {
  await check('right', () => true)
  await check('wrong', () => 'wanted 3, got 2')
  await check('false', () => false)
  await check('throws', () => {
    throw new Error('no such topic')
  })
  await check('later', async () => Promise.reject(new Error('refused')))
  expect(printed).toEqual([
    'ok   right',
    'TODO wrong: wanted 3, got 2',
    'TODO false: not yet',
    'TODO throws: no such topic',
    'TODO later: refused',
  ])
})

it('names a picture where none can be shown, and draws no progress', async () => {
  await show(lineChart([{ x: 1, y: 1 }], { x: 'x', y: 'y', title: 'One point' }))
  progress().bar(1, 2)
  expect(printed).toEqual(['[chart] One point'])
})
