import { expect, it } from 'vitest'
import { homeForTests } from '../../helpers/lab.ts'
import { moveOffsets } from './moves.ts'

it('has every record once after offsets were moved to and fro while sinks ended anywhere', { timeout: 180_000 }, async () => {
  expect.hasAssertions()
  await moveOffsets((await homeForTests()).open(), { steps: 6, seed: 5 })
})
