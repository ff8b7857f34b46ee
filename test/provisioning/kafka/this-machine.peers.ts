import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { consume, createTopic, describeTopic, openLab, produce } from '../../../lib/index.ts'
import { replication } from '../../../provisioning/kafka/replication.ts'
import { down, status, up } from '../../../provisioning/kafka/this-machine.ts'
import { kafkaDistProblem, localReleases } from '../../helpers/kafka-dist.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { walk } from '../walk.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = kafkaDistProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

describe.skipIf(skip)('real Kafka on this machine', () => {
  // a path with a blank, an accent and a quote: all three reach Java as data
  const labDir = join(mkdtempSync(join(tmpdir(), 'tickerlake-')), "lab's dir é")
  const before = process.env.LAB_DIR
  let releases: Awaited<ReturnType<typeof localReleases>>
  const said: string[] = []
  const say = (line: string): void => void said.push(line)

  beforeAll(async () => {
    process.env.LAB_DIR = labDir
    releases = await localReleases(join(labDir, '..'))
  })
  afterEach(() => down({}, say))
  afterAll(async () => {
    await down({ deleteData: true }, say)
    releases.close()
    process.env.LAB_DIR = before
    rmSync(join(labDir, '..'), { recursive: true, force: true })
  })

  it.each([
    { brokers: 1 as const, kraft: false },
    { brokers: 1 as const, kraft: true },
    { brokers: 3 as const, kraft: false },
  ])('starts, serves the lab, starts nothing twice, keeps its data, stops: %o', async shape => {
    const began = performance.now()
    const cluster = await up({ ...shape, releases: releases.file }, say)
    console.log(`${JSON.stringify(shape)}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const lab = openLab({ kafka: { kind: 'cluster', brokers: cluster.bootstrap, tls: false } })
    expect(await createTopic(lab, 'lesson-here')).toMatchObject({ replicationFactor: shape.brokers })
    await produce(lab, someQuotes(2000), { topic: 'lesson-here' })
    expect((await consume(lab, 'lesson-here', { group: 'lesson-here' }, () => {})).records).toBe(2000)

    said.length = 0
    await up({ ...shape, releases: releases.file }, say)
    expect(said[0]).toBe('already running, 0 changed')
    expect(await status(say)).toBe(true)
    await expect(up({ brokers: shape.brokers === 1 ? 3 : 1, kraft: false, releases: releases.file }, say)).rejects.toThrow(
      'First: npx tickerlake kafka down',
    )
    const settings = join(labDir, 'kafka', 'kafka.env')
    expect(readFileSync(settings, 'utf8')).toBe(`export LAB_KAFKA=${cluster.bootstrap.join(',')}\n`)
    expect(statSync(settings).mode & 0o777).toBe(0o600)

    await down({}, say)
    expect(await status(say)).toBe(false)
    await up({ ...shape, releases: releases.file }, say)
    expect((await describeTopic(lab, 'lesson-here')).records).toBe(2000)
    await cluster.killBroker(0)
    expect(await status(say)).toBe(false)
    said.length = 0
    await up({ ...shape, releases: releases.file }, say)
    expect(said[0]).toMatch(/^started broker-0 in/)
    expect((await describeTopic(lab, 'lesson-here')).records).toBe(2000)
    await lab.close()
  })

  it('takes npm start and the five notebooks, on three brokers', async () => {
    const cluster = await up({ brokers: 3, kraft: false, releases: releases.file }, say)
    await walk({ LAB_KAFKA: cluster.bootstrap.join(',') })
  })

  it('shows that rf 3 with min.insync.replicas 2 and acks all loses nothing, and rf 1 with its disk everything', async () => {
    const outcomes = await replication({ scenarios: ['disk'], runs: 1, releases: releases.file }, line => console.log(line))
    const safe = outcomes.find(
      ({ replicationFactor, minInsyncReplicas, acks }) => replicationFactor === 3 && minInsyncReplicas === 2 && acks === -1,
    )
    expect(safe?.acknowledged).toBeGreaterThan(0)
    expect(safe?.lost).toBe(0)
    for (const alone of outcomes.filter(({ replicationFactor }) => replicationFactor === 1)) {
      expect(alone.acknowledged).toBeGreaterThan(0)
      expect(alone.lost).toBe(alone.acknowledged)
    }
  })
})
