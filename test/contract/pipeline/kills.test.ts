import { beforeAll, expect, it } from 'vitest'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { killSinks } from './kills.ts'

let open: OpenLab
beforeAll(async () => {
  ;({ open } = await homeForTests({ properties: { 'group.min.session.timeout.ms': '500' } }))
})

it('has every record in SQL exactly once after 5 kills of two sinks', { timeout: 180_000 }, async () => {
  const { rows, distinct, last } = await killSinks(open(), { kills: 5, records: 5000, seed: 11 })
  expect({ rows, distinct }).toEqual({ rows: 5000, distinct: 5000 })
  expect(last.records).toBeLessThan(5000 / 2) // most were stored between the kills
})
