import { expect, it } from 'vitest'
import { homeForTests } from '../../helpers/lab.ts'
import { moveOffsets } from './moves.ts'

it('has every record once after offsets were moved to and fro, 20 times', { timeout: 3_600_000 }, async () => {
  expect.hasAssertions()
  const { open } = await homeForTests()
  for (let seed = 100; seed < 120; seed++) await moveOffsets(open(), { steps: 12, seed })
})
