import { expect, it } from 'vitest'
import { openEngine } from './engine.ts'
import { fuzz } from './fuzz.ts'

it('answers 1,000 damaged queries with rows or one clean error each', async () => {
  const engine = await openEngine()
  try {
    expect(await fuzz(engine, 1000, 20261121)).toEqual([])
  } finally {
    engine.close()
  }
}, 120_000)
