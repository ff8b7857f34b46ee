import { expect, it } from 'vitest'
import { labBroker } from './lab-broker.ts'
import { rebalanceDrill } from './rebalance-drill.ts'

it('three consumers, one killed, one leaves: nothing lost, nothing read again behind a commit, no storm of rebalances', async () => {
  const broker = await labBroker({ properties: { 'group.min.session.timeout.ms': '1000' } })
  const report = await rebalanceDrill(broker.port, 1)
  expect(report).toMatchObject({ lost: 0, readAgain: 0 })
  expect(report.produced).toBeGreaterThan(50)
  expect(report.joins).toBeLessThan(20)
})
