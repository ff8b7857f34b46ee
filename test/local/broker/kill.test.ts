import { expect, it } from 'vitest'
import { killDrill, seeded } from './kill-drill.ts'
import { temporaryFolder } from './lab-broker.ts'

it('5 times kill -9 under load: every acknowledged record is there once, and the committed offset', async () => {
  const report = await killDrill({ dir: temporaryFolder(), kills: 5, random: seeded(1) })
  expect(report).toMatchObject({ kills: 5, lost: 0, twice: 0 })
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.committed).toBeGreaterThan(0)
})
