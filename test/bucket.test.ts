import { expect, it } from 'vitest'
import { objectKey, parseObjectKey, recordKey } from '../lib/bucket.ts'

it('names an object by the day of its first record, topic, partition and first offset', () => {
  const start = { topic: 'stock-quotes', partition: 2, offset: 1234 }
  const key = objectKey('quotes/', start, Date.UTC(2026, 10, 21, 23, 59, 59, 999))
  expect(key).toBe('quotes/dt=2026-11-21/stock-quotes+2+00000000000000001234.json.gz')
  expect(parseObjectKey(key)).toEqual(start)
})

it('sorts as the offsets do', () => {
  const keys = [9, 10, 99, 100, 2 ** 40].map(offset => objectKey('', { topic: 't', partition: 0, offset }, 0))
  expect(keys.toSorted()).toEqual(keys)
})

it.each([
  'quotes/stock_market_3.json',
  'quotes/dt=2026-11-21/other.json.gz',
  'quotes/t+0+1.json.gz',
  '',
  'dt=x/t+0+0000000000000000000x.json.gz',
])('does not take %j for its own', key => {
  expect(parseObjectKey(key)).toBeUndefined()
})

it("knows the tutorial's names", () => {
  expect(recordKey('quotes/', 7)).toBe('quotes/stock_market_7.json')
})
