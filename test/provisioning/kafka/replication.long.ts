import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { replication } from '../../../provisioning/kafka/replication.ts'
import { kafkaDistProblem, localReleases } from '../../helpers/kafka-dist.ts'
import { skipUnless } from '../../helpers/peers.ts'

const problem = kafkaDistProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

it.skipIf(skip)(
  'loses nothing acknowledged with rf 3, min.insync.replicas 2 and acks all, in any scenario, five times',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tickerlake-'))
    process.env.LAB_DIR = join(folder, 'lab')
    const releases = await localReleases(folder)
    try {
      const outcomes = await replication({ scenarios: ['crash', 'disk', 'double'], runs: 5, releases: releases.file }, line =>
        console.log(line),
      )
      for (const { replicationFactor, minInsyncReplicas, acks, unclean, lost, scenario } of outcomes) {
        if (replicationFactor === 3 && minInsyncReplicas === 2 && acks === -1 && !unclean) expect(lost, scenario).toBe(0)
      }
      const refused = outcomes.filter(
        ({ scenario, minInsyncReplicas, acks }) => scenario === 'double' && minInsyncReplicas === 2 && acks === -1,
      )
      for (const { errors } of refused) expect(errors).toContain('NOT_ENOUGH_REPLICAS')
      for (const { acknowledged, lost } of outcomes.filter(o => o.replicationFactor === 1 && o.scenario === 'disk')) {
        expect(acknowledged).toBeGreaterThan(0)
        expect(lost).toBe(acknowledged)
      }
    } finally {
      releases.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
