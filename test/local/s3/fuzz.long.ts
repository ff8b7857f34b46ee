import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('20,000 spoiled requests', async () => {
  const statuses = await fuzz({ cases: 20_000, seed: Number(process.env.SEED ?? 2) })
  expect(statuses.get(200) ?? 0).toBeGreaterThan(400)
}, 600_000)
