import { beforeAll, expect, it } from 'vitest'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { killSinks } from './kills.ts'

let open: OpenLab
beforeAll(async () => {
  ;({ open } = await homeForTests({ properties: { 'group.min.session.timeout.ms': '500' } }))
})

it.each([1, 2, 3])(
  'has every record in SQL exactly once after 20 kills of two sinks, seed %i',
  { timeout: 900_000 },
  async seed => {
    const { rows, distinct, last } = await killSinks(open(), { kills: 20, records: 20_000, seed })
    expect({ rows, distinct }).toEqual({ rows: 20_000, distinct: 20_000 })
    expect(last.records).toBeLessThan(20_000 / 2) // most were stored between the kills
  },
)
