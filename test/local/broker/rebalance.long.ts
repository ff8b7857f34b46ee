import { expect, it } from 'vitest'
import { labBroker } from './lab-broker.ts'
import { rebalanceDrill } from './rebalance-drill.ts'

it('20 rounds of three consumers, one killed, one leaving', async () => {
  const broker = await labBroker({ properties: { 'group.min.session.timeout.ms': '1000' } })
  const report = await rebalanceDrill(broker.port, 20)
  console.log(report)
  expect(report).toMatchObject({ lost: 0, readAgain: 0 })
  expect(report.joins).toBeLessThan(20 * 12)
})
