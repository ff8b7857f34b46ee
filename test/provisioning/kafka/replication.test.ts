import { expect, it } from 'vitest'
import { type Outcome, scenarios } from '../../../provisioning/kafka/replication-drill.ts'
import { conclusion, table } from '../../../provisioning/kafka/replication.ts'

const outcomes = (lost: number): Outcome[] =>
  scenarios.crash.map(setting => ({
    scenario: 'crash',
    ...setting,
    acknowledged: 1000,
    lost,
    duplicates: 0,
    outageMs: null,
    errors: [],
  }))

it('compares replication factor, min.insync.replicas and acks in every combination', () => {
  const named = scenarios.crash.map(
    ({ replicationFactor, minInsyncReplicas, acks }) => `${replicationFactor} ${minInsyncReplicas} ${acks}`,
  )
  expect(named).toEqual(['1 1 0', '1 1 1', '1 1 -1', '3 1 0', '3 1 1', '3 1 -1', '3 2 0', '3 2 1', '3 2 -1'])
  expect(scenarios.double.filter(({ unclean }) => unclean)).toHaveLength(4)
})

it('shows the runs of a setting side by side, and a total loss as "all"', () => {
  const lines = table('crash', [outcomes(0), outcomes(1000)])
  expect(lines).toHaveLength(1 + scenarios.crash.length)
  expect(lines.at(-1)).toMatch(/^3\s+2\s+no\s+all\s+1000 1000\s+0 all\s+- -\s+-$/)
})

it('concludes from what was counted, and claims nothing when the safest setting lost something', () => {
  const safest = (lost: number): Outcome[] =>
    outcomes(0).map((outcome, index, all) => ({ ...outcome, lost: index === all.length - 1 ? lost : 0 }))
  const lines = conclusion(
    [...safest(0), ...outcomes(1000).map(outcome => ({ ...outcome, scenario: 'disk' as const }))].slice(0, 12),
  )
  expect(lines).toContain('  rf 3, min.insync.replicas 2, acks all: none of 1000')
  expect(lines).toContain('  rf 1, the disk is lost: all of 3000')
  expect(lines.join('\n')).toContain('Replication is not redundant')
  expect(conclusion(safest(100)).join('\n')).toMatch(/acks all: 100 of 1000$/m)
  expect(conclusion(safest(100)).join('\n')).not.toContain('Replication is not redundant')
})

it('says how often a write was refused instead of lost', () => {
  const refused = outcomes(0).map(outcome => ({ ...outcome, errors: ['NOT_ENOUGH_REPLICAS'] }))
  expect(conclusion(refused)[1]).toMatch(/none of 1000 \(refused with NOT_ENOUGH_REPLICAS .*: 1 times\)/)
})
