import { expect, it } from 'vitest'
import { fuzzRequests, fuzzSegments } from './fuzz-drill.ts'
import { seeded } from './kill-drill.ts'
import { labBroker, temporaryFolder } from './lab-broker.ts'
import { logConfig } from './log-config.ts'

it('1,000 mutated requests: the broker goes on serving, and says why it closed connections', async () => {
  const broker = await labBroker({ properties: { 'auto.create.topics.enable': 'true' } })
  const { closed } = await fuzzRequests(broker.port, 1000, seeded(42))
  expect(closed).toBeGreaterThan(0)
  expect(broker.lines.filter(line => !/^connection .* closed: |^quotes|recovered|removed/.test(line))).toEqual([])
  await broker.restart()
})

it('200 mutated segment files: each is opened and read to its end', async () => {
  await fuzzSegments(temporaryFolder(), 200, seeded(7), logConfig)
})
