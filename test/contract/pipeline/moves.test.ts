import { beforeAll, expect, it } from 'vitest'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { moveOffsets } from './moves.ts'

let open: OpenLab
beforeAll(async () => {
  ;({ open } = await homeForTests())
})

it('has every record once after offsets were moved to and fro while sinks ended anywhere', { timeout: 180_000 }, async () => {
  expect.hasAssertions()
  await moveOffsets(open(), { steps: 6, seed: 5 })
})
