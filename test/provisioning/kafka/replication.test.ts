import { expect, it } from 'vitest'
import { type Outcome, scenarios } from '../../../provisioning/kafka/replication-drill.ts'
import { table } from '../../../provisioning/kafka/replication.ts'

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
