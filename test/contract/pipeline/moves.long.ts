import { beforeAll, expect, it } from 'vitest'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { moveOffsets } from './moves.ts'

let open: OpenLab
beforeAll(async () => {
  ;({ open } = await homeForTests())
})

it('has every record once after offsets were moved to and fro, 20 times', { timeout: 3_600_000 }, async () => {
  expect.hasAssertions()
  for (let seed = 100; seed < 120; seed++) await moveOffsets(open(), { steps: 12, seed })
})
