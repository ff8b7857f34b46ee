import { expect, it } from 'vitest'
import { fuzzRequests, fuzzSegments } from './fuzz-drill.ts'
import { seeded, spawnBroker } from './kill-drill.ts'
import { readFileSync } from 'node:fs'
import { temporaryFolder } from './lab-broker.ts'
import { logConfig } from './log-config.ts'

it('200,000 mutated requests: no crash, no hang, no growth of memory', async () => {
  const broker = await spawnBroker(temporaryFolder(), ['auto.create.topics.enable=true'])
  for (let round = 0; round < 10; round++) await fuzzRequests(broker.port, 20_000, seeded(round))
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${broker.child.pid}/status`, 'utf8'))![1]) / 1024
  console.log(`resident after 200,000 requests: ${rss.toFixed(0)} MiB`)
  expect(rss).toBeLessThan(500)
  await broker.kill()
})

it('20,000 mutated segment files', async () => {
  await fuzzSegments(temporaryFolder(), 20_000, seeded(Date.now()), logConfig)
})
