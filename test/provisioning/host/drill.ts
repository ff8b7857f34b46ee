import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { consume, createTopic, describeTopic, type Lab, openLab, produce } from '../../../lib/index.ts'
import { waitFor } from '../../../lib/wait.ts'
import { labKafka } from '../../../provisioning/host/context.ts'
import { type HostOptions, openContext } from '../../../provisioning/host/open-context.ts'
import { setUpHost, showHost } from '../../../provisioning/host/set-up.ts'
import { kafkaArchive, kafkaDistProblem, writeReleases } from '../../helpers/kafka-dist.ts'
import { someQuotes } from '../../helpers/quotes.ts'
import { startTestHost, type TestHost, testHostProblem } from '../../helpers/test-host.ts'

/** Why no host can be drilled here, or undefined. */
export const drillProblem = (): string | undefined => testHostProblem() ?? kafkaDistProblem()

/** Seconds, and more of them where the processors have more to do than they can; what was measured is printed. */
export const within = (seconds: number): number => seconds * Math.max(1, (loadavg()[0] as number) / availableParallelism())

/** A host that becomes the lab's Kafka in one of its modes. */
export class Drill {
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
    const facts = '-p MainPID -p NRestarts -p ExecMainStartTimestampMonotonic -p InvocationID'
    return this.host.ssh(`systemctl show ${facts} lab-kafka; systemctl show ${facts} lab-zookeeper lab-public-address`)
  }

  /** Every file of the host with size, time and mode; not what lives in memory, nor logs, which our logging in fills. */
  files(): string {
    const apart = ['proc', 'sys', 'run', 'dev', 'tmp', 'var/log'].map(folder => `-path /${folder}`).join(' -o ')
    return this.host.ssh(`find / -xdev \\( ${apart} \\) -prune -o -printf '%p %s %T@ %m\n' | sort`)
  }

  /** The sentence in which `host status` fails with other options. */
  async refusal(change: Partial<HostOptions>): Promise<string> {
    const error: unknown = await showHost({ ...this.options, ...change }, () => {}).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Error)
    return (error as Error).message
  }
}

export async function roundTrip(lab: Lab, topic: string, count: number): Promise<string> {
  await createTopic(lab, topic)
  const { seconds } = await produce(lab, someQuotes(count), { topic })
  const began = performance.now()
  const { records } = await consume(lab, topic, { group: `lesson-${topic}` }, () => {})
  expect(records).toBe(count)
  return `${count} quotes produced in ${seconds.toFixed(1)} s, consumed in ${((performance.now() - began) / 1000).toFixed(1)} s`
}

/** Records of a topic, as soon as a broker that just came back serves it. */
export const recordsOf = (lab: Lab, topic: string): Promise<number> =>
  waitFor(`topic ${topic}`, () =>
    describeTopic(lab, topic).then(
      ({ records }) => records || undefined,
      () => undefined,
    ),
  )
