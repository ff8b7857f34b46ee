import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('1,000 spoiled requests: no crash, nothing logged, no file out of place', async () => {
  const statuses = await fuzz({ cases: 1000, seed: 1 })
  expect(statuses.get(200) ?? 0).toBeGreaterThan(20)
  expect(statuses.get(400) ?? 0).toBeGreaterThan(100)
}, 240_000)
