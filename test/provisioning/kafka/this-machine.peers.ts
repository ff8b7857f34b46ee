import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { consume, createTopic, openLab, produce } from '../../../lib/index.ts'
import { waitFor } from '../../../lib/wait.ts'
import { replication } from '../../../provisioning/kafka/replication.ts'
import { down, status, up } from '../../../provisioning/kafka/this-machine.ts'
import { kafkaDistProblem, localReleases } from '../../helpers/kafka-dist.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { recordsOf } from '../host/drill.ts'
import { walk } from '../walk.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = kafkaDistProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

describe.skipIf(skip)('real Kafka on this machine', () => {
  // a path with a blank, an accent and a quote: all three reach Java as data
  const labDir = join(mkdtempSync(join(tmpdir(), 'tickerlake-')), `lab's dir é #1 100%20 $(id) "q" \\n`)
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
    said.length = 0
    const began = performance.now()
    // two at once: the second waits, and finds all of it running
    const [cluster] = await Promise.all([
      up({ ...shape, releases: releases.file }, say),
      up({ ...shape, releases: releases.file }, say),
    ])
    expect(said).toContain('already running, 0 changed')
    const memory = said.find(line => line.startsWith('memory:'))
    console.log(`${JSON.stringify(shape)}: ${((performance.now() - began) / 1000).toFixed(1)} s; ${memory}`)
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
    expect((await up({ ...shape, releases: releases.file }, say)).bootstrap).toEqual(cluster.bootstrap)
    expect(await recordsOf(lab, 'lesson-here')).toBe(2000)
    const services = await cluster.status()
    for (const { name, pid } of services.filter(({ name }) => /zookeeper|broker-0/.test(name))) {
      process.kill(pid as number, 'SIGKILL')
      await waitFor(`end of ${name}`, async () => !(await status(say)))
      said.length = 0
      await up({ ...shape, releases: releases.file }, say)
      expect(said[0]).toMatch(new RegExp(`^started ${name} in`))
      expect(await status(say)).toBe(true)
    }
    expect(await recordsOf(lab, 'lesson-here')).toBe(2000)
    await lab.close()
  })

  it('takes other ports when another program has its own', async () => {
    const before = (await up({ brokers: 1, kraft: false, releases: releases.file }, say)).bootstrap
    await down({}, say)
    const port = Number(before[0]?.split(':')[1])
    const server = createServer()
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    said.length = 0
    const after = (await up({ brokers: 1, kraft: false, releases: releases.file }, say)).bootstrap
    await new Promise(resolve => server.close(resolve))
    expect(said[0]).toContain(`another program listens on port ${port}`)
    expect(after).not.toEqual(before)
    const lab = openLab({ kafka: { kind: 'cluster', brokers: after, tls: false } })
    expect(await recordsOf(lab, 'lesson-here')).toBe(2000)
    await lab.close()
  })

  it('says which Java it would need', async () => {
    const home = process.env.JAVA_HOME
    process.env.JAVA_HOME = labDir
    await expect(up({ brokers: 1, kraft: false, releases: releases.file }, say)).rejects.toThrow(
      /JAVA_HOME is .*not found.*Get one:/,
    )
    if (home === undefined) delete process.env.JAVA_HOME
    else process.env.JAVA_HOME = home
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
