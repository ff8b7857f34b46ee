import { expect, it } from 'vitest'
import { openEngine } from './engine.ts'
import { fuzz } from './fuzz.ts'

it('answers 10,000 damaged queries with rows or one clean error each', async () => {
  const engine = await openEngine()
  try {
    expect(await fuzz(engine, 10_000, 1)).toEqual([])
  } finally {
    engine.close()
  }
}, 1_200_000)
