import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KafkaConfig } from '../../../lib/config.ts'
import { consume, createTopic, describeTopic, type Lab, openLab, produce, produceRaw } from '../../../lib/index.ts'
import { waitFor } from '../../../lib/wait.ts'
import { labKafka } from '../../../provisioning/host/context.ts'
import { type HostOptions, openContext } from '../../../provisioning/host/open-context.ts'
import { setUpHost, showHost } from '../../../provisioning/host/set-up.ts'
import { kafkaArchive, kafkaDistProblem, writeReleases } from '../../helpers/kafka-dist.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { walk } from '../walk.ts'
import { startTestHost, type TestHost, testHostProblem } from '../../helpers/test-host.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = testHostProblem() ?? kafkaDistProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

/** Seconds, and more of them where the processors have more to do than they can; what was measured is printed. */
const within = (seconds: number): number => seconds * Math.max(1, (loadavg()[0] as number) / availableParallelism())

/** A host that becomes the lab's Kafka in one of its modes. */
class Drill {
  readonly dir = mkdtempSync(join(tmpdir(), 'tickerlake-'))
  readonly #mode: Pick<HostOptions, 'secure' | 'kraft'>
  readonly #number: number
  host!: TestHost
  #releases!: string

  constructor(number: number, mode: Pick<HostOptions, 'secure' | 'kraft'>) {
    this.#number = number
    this.#mode = mode
  }

  async start(): Promise<void> {
    const archive = kafkaArchive()
    const urls = ['missing', 'wrong', 'kafka.tgz'].map(path => `http://downloads.test:8080/${path}`)
    this.#releases = writeReleases(this.dir, urls, archive.sha512)
    this.host = await startTestHost({
      number: this.#number,
      downloads: { 'kafka.tgz': archive.file, wrong: import.meta.filename },
    })
  }

  remove(): void {
    this.host?.remove()
    rmSync(this.dir, { recursive: true, force: true })
  }

  get options(): HostOptions {
    return {
      host: this.host.address,
      key: this.host.key,
      ...this.#mode,
      firewalled: false,
      releases: this.#releases,
      dir: this.dir,
    }
  }

  async setUp(): Promise<{ changed: number; said: string[]; seconds: number }> {
    const said: string[] = []
    const began = performance.now()
    const { changed } = await setUpHost({ ...this.options, dryRun: false }, (line: string) => said.push(line))
    return { changed, said, seconds: (performance.now() - began) / 1000 }
  }

  async openLab(): Promise<Lab> {
    const context = await openContext(this.options)
    await context.host.close()
    return openLab({ kafka: labKafka(context, this.host.address) })
  }

  async status(): Promise<{ healthy: boolean; text: string }> {
    const said: string[] = []
    const healthy = await showHost(this.options, (line: string) => said.push(line)).catch(() => false)
    return { healthy, text: said.join('\n') }
  }

  /** Seconds until Kafka serves under the address of now. */
  async back(what: string, began: number): Promise<number> {
    await waitFor(what, async () => (await this.status()).healthy, { timeoutMs: 120_000, intervalMs: 100, maxIntervalMs: 200 })
    const seconds = (performance.now() - began) / 1000
    console.log(`${what}: Kafka is back after ${seconds.toFixed(1)} s`)
    return seconds
  }

  /** What would change if a service had been restarted. */
  serviceStarts(): string {
    return this.host.ssh('systemctl show -p MainPID -p NRestarts lab-kafka; systemctl show -p MainPID lab-zookeeper')
  }
}

async function roundTrip(lab: Lab, topic: string, count: number): Promise<string> {
  await createTopic(lab, topic)
  const { seconds } = await produce(lab, someQuotes(count), { topic })
  const began = performance.now()
  const { records } = await consume(lab, topic, { group: `lesson-${topic}` }, () => {})
  expect(records).toBe(count)
  return `${count} quotes produced in ${seconds.toFixed(1)} s, consumed in ${((performance.now() - began) / 1000).toFixed(1)} s`
}

describe.skipIf(skip)('a bare host with 800 MiB, plain', () => {
  const drill = new Drill(11, { secure: false, kraft: false })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  it('serves the lab in under three minutes', async () => {
    const began = performance.now()
    const { changed, said } = await drill.setUp()
    expect(changed).toBeGreaterThan(5)
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-first', 10_000))
    await lab.close()
    const seconds = (performance.now() - began) / 1000
    console.log(`bare to produced and consumed: ${seconds.toFixed(1)} s\n${said.join('\n')}`)
    expect(seconds).toBeLessThan(within(180))
  })

  it('changes and restarts nothing the second time', async () => {
    const before = drill.serviceStarts()
    const { changed, seconds } = await drill.setUp()
    console.log(`second run: ${seconds.toFixed(1)} s`)
    expect(changed).toBe(0)
    expect(drill.serviceStarts()).toBe(before)
  })

  // after the second run: npm start deletes the dead-letter topic, which the steps would make again
  it('takes npm start and the five notebooks', () => walk({ LAB_KAFKA: `${drill.host.address}:9092` }))

  it('keeps ZooKeeper on loopback and data out of /tmp', () => {
    expect(drill.host.ssh("ss -ltnH | awk '{ print $4 }' | sort")).not.toMatch(/(\*|0\.0\.0\.0|\[::\]):2181/)
    expect(drill.host.ssh('ls -d /tmp/kafka-logs /tmp/zookeeper 2>/dev/null || true')).toBe('')
  })

  it('comes back by itself after kill -9 of the broker', async () => {
    drill.host.ssh('systemctl kill -s KILL --kill-whom=main lab-kafka')
    expect(await drill.back('kill -9 of the broker', performance.now())).toBeLessThan(within(30))
  })

  it('loses nothing and says nothing to a producer when ZooKeeper is killed', async () => {
    const lab = await drill.openLab()
    await createTopic(lab, 'lesson-zookeeper')
    let killed = false
    const report = await produce(lab, someQuotes(150_000), {
      topic: 'lesson-zookeeper',
      onProgress: sent => {
        if (killed || sent < 50_000) return
        killed = true
        drill.host.ssh('systemctl kill -s KILL --kill-whom=main lab-zookeeper')
      },
    })
    expect(killed).toBe(true)
    expect(report.sent).toBe(150_000)
    expect(await recordsOf(lab, 'lesson-zookeeper')).toBe(150_000)
    await lab.close()
    await drill.back('kill -9 of ZooKeeper', performance.now())
  })

  it('holds a million quotes at full speed in less than 350 MiB', async () => {
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-million', 1_000_000))
    await lab.close()
    const used = drill.host.usedMiB()
    console.log(`${(await drill.status()).text}\nthe whole host uses ${used} MiB without page cache`)
    if (used !== undefined) expect(used).toBeLessThan(350)
  })

  it('comes back by itself after a reboot, and after stop and start under the new address', async () => {
    let began = performance.now()
    await drill.host.reboot()
    expect(await drill.back('reboot', began)).toBeLessThan(within(30))
    const before = drill.host.address
    await drill.host.stopAndStart()
    began = performance.now()
    expect(drill.host.address).not.toBe(before)
    expect(await drill.back('stop and start', began)).toBeLessThan(within(30))
    expect(readFileSync(join(drill.dir, 'kafka.env'), 'utf8')).toContain(`${drill.host.address}:9092`)
    const lab = await drill.openLab()
    expect(await recordsOf(lab, 'lesson-million')).toBe(1_000_000)
    await lab.close()
  })

  it('says that the disk is full, and comes back when there is room', async () => {
    drill.host.ssh(`free=$(df --output=avail -m / | tail -1); fallocate -l "$((free - 300))M" /fill`)
    const lab = await drill.openLab()
    await createTopic(lab, 'lesson-full')
    await expect(
      Promise.race([produceRaw(lab, bulk(), { topic: 'lesson-full', batchSize: 50 }), expire(200_000)]),
    ).rejects.toThrow()
    const { healthy, text } = await drill.status()
    console.log(text)
    expect(healthy).toBe(false)
    expect(text).toContain('the disk is full')
    const began = performance.now()
    drill.host.ssh('rm /fill')
    await drill.back('room on the disk', began)
    await lab.close()
  })
})

describe.skipIf(skip)('a bare host, --secure', () => {
  const drill = new Drill(12, { secure: true, kraft: false })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  it('serves the lab with TLS, a password and rights', async () => {
    const { said, seconds } = await drill.setUp()
    console.log(`--secure: ${seconds.toFixed(1)} s\n${said.join('\n')}`)
    const secrets = JSON.parse(readFileSync(join(drill.dir, 'secrets.json'), 'utf8')) as Record<string, string>
    for (const secret of Object.values(secrets)) expect(said.join('\n')).not.toContain(secret)
    const lab = await drill.openLab()
    console.log(await roundTrip(lab, 'lesson-secure', 100_000))
    await lab.close()
    expect((await drill.setUp()).changed).toBe(0)
  })

  it('ends each refusal in one sentence that names the cause', async () => {
    const good = (await drill.openLab()).config.kafka
    if (good.kind !== 'cluster') throw new Error('not a cluster')
    const attempt = async (change: Partial<typeof good>, topic = 'stock-quotes'): Promise<string> => {
      const lab = openLab({ kafka: { ...good, ...change } })
      const error: unknown = await produce(lab, someQuotes(1), { topic }).catch((error: unknown) => error)
      await lab.close()
      expect(error).toBeInstanceOf(Error)
      return (error as Error).message
    }
    const sentences = {
      'wrong password': await attempt({ password: 'wrong' }),
      'no TLS': await attempt({ tls: false, caFile: undefined, servername: undefined }),
      'no right on the topic': await attempt({}, 'somebody-elses'),
      'no right on the group': await refusedGroup(good),
    }
    console.log(sentences)
    expect(sentences['wrong password']).toMatch(/login|password|credentials/i)
    expect(sentences['no TLS']).toMatch(/TLS/)
    expect(sentences['no right on the topic']).toMatch(/no right on this topic/)
    expect(sentences['no right on the group']).toMatch(/no right on (this consumer|the) group/)
  })

  it('keeps its certificate under a new address', async () => {
    const before = drill.host.ssh('sha256sum /etc/lab/tls/server.crt')
    await drill.host.stopAndStart()
    await drill.back('stop and start, --secure', performance.now())
    expect(drill.host.ssh('sha256sum /etc/lab/tls/server.crt')).toBe(before)
    expect(existsSync(join(drill.dir, 'ca.pem'))).toBe(true)
  })
})

describe.skipIf(skip)('a bare host, --kraft', () => {
  const drill = new Drill(13, { secure: false, kraft: true })
  beforeAll(() => drill.start())
  afterAll(() => drill.remove())

  it('serves the lab without ZooKeeper and comes back from kill -9', async () => {
    const { seconds } = await drill.setUp()
    const lab = await drill.openLab()
    console.log(`--kraft: ${seconds.toFixed(1)} s; ${await roundTrip(lab, 'lesson-kraft', 100_000)}`)
    await lab.close()
    expect((await drill.setUp()).changed).toBe(0)
    drill.host.ssh('systemctl kill -s KILL --kill-whom=main lab-kafka')
    expect(await drill.back('kill -9 of the broker, --kraft', performance.now())).toBeLessThan(within(30))
  })
})

/** Records of a topic, as soon as a broker that just came back serves it. */
const recordsOf = (lab: Lab, topic: string): Promise<number> =>
  waitFor(`topic ${topic}`, () =>
    describeTopic(lab, topic).then(
      ({ records }) => records || undefined,
      () => undefined,
    ),
  )

async function refusedGroup(kafka: KafkaConfig): Promise<string> {
  const lab = openLab({ kafka })
  const error: unknown = await consume(lab, 'stock-quotes', { group: 'somebody-elses' }, () => {}).catch(
    (error: unknown) => error,
  )
  await lab.close()
  return (error as Error).message
}

/** 600 MB that do not compress. */
function* bulk(): Generator<{ value: Buffer }> {
  for (let count = 0; count < 60_000; count++) yield { value: randomBytes(10_000) }
}

const expire = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`still going after ${ms} ms`)), ms).unref())
