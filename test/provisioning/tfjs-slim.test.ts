import { createRequire } from 'node:module'
import { expect, it, vi } from 'vitest'

/** danfojs-node is CommonJS; its types are for cells. */
const load = () => createRequire(import.meta.url)('danfojs-node') as typeof import('danfojs-node')

it('lets danfojs load without a word, and do what the notebooks do', () => {
  const printed = vi.spyOn(console, 'log')
  const { DataFrame } = load()
  const frame = new DataFrame([
    { symbol: 'NYA', year: 2020, percent: 4.4 },
    { symbol: 'HSI', year: 2020, percent: -3.4 },
    { symbol: 'NYA', year: 2021, percent: 7.1 },
  ])
  expect(printed).not.toHaveBeenCalled()
  expect(frame.query(frame['year'].eq(2020)).sortValues('percent')['symbol'].values).toEqual(['HSI', 'NYA'])
  expect(frame['percent'].mean()).toBeCloseTo(2.7)
  expect((frame.groupby(['symbol']).col(['percent']).sum() as { shape: number[] }).shape).toEqual([2, 2])
  expect(frame['percent'].add(1).values).toEqual([5.4, -2.4, 8.1])
  expect(frame.describe().shape).toEqual([7, 2])
})

it('samples any row, not the first ones, and the same for a seed', async () => {
  const { Series } = load()
  const series = new Series(Array.from({ length: 1000 }, (_, i) => i))
  const one = async (seed: number) => (await series.sample(1, { seed })).values[0] as number
  const many = await Promise.all(Array.from({ length: 50 }, (_, seed) => one(seed)))
  expect(new Set(many).size).toBeGreaterThan(30)
  expect(Math.max(...many)).toBeGreaterThan(500)
  expect(await one(7)).toBe(await one(7))
})
