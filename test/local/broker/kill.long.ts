import { expect, it } from 'vitest'
import { killDrill, seeded } from './kill-drill.ts'
import { temporaryFolder } from './lab-broker.ts'

it('100 times kill -9 under load: every acknowledged record is there once, and the committed offset', async () => {
  const report = await killDrill({ dir: temporaryFolder(), kills: 100, random: seeded(Date.now()) })
  console.log(report)
  expect(report).toMatchObject({ kills: 100, lost: 0, twice: 0 })
})
