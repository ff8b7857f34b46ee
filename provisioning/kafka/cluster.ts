import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from '../../lib/errors.ts'
import { describeBrokers, waitForTopics } from './client.ts'
import { writeWhole } from './files.ts'
import { brokerSettings, type ClusterSpec, dataDir, javaOptions } from './cluster-settings.ts'
import { canListen, type Ports, readPorts, replacePorts, zookeeperServes } from './ports.ts'
import { lastWords, runJavaTool, runningPid, type Service, startService, stopService, vitals } from './process.ts'
import { encodeProperties, log4j, type Properties, zookeeperProperties } from './properties.ts'

/** A service as `status` shows it; without pid it does not run, and only a broker that names the cluster serves. */
export interface ServiceState {
  name: string
  address: string
  pid: number | undefined
  serves: boolean
  memoryMiB: number
  /** How long it runs, as ps tells it: `[[days-]hours:]minutes:seconds`. */
  age: string
}

/** A cluster on this machine. Starting what runs and stopping what does not are no errors. */
export class LocalCluster {
  readonly spec: ClusterSpec
  readonly ports: Ports

  constructor(spec: ClusterSpec, ports: Ports) {
    this.spec = spec
    this.ports = ports
  }

  /** Opens the cluster of a folder: its ports stay the same for the life of its data. */
  static async open(spec: ClusterSpec): Promise<LocalCluster> {
    mkdirSync(spec.dir, { recursive: true })
    return new LocalCluster(spec, await readPorts(join(spec.dir, 'ports.json'), spec.brokers))
  }

  get bootstrap(): string[] {
    return this.ports.brokers.map(port => `127.0.0.1:${port}`)
  }

  get ids(): number[] {
    return this.ports.brokers.map((_, id) => id)
  }

  /** Starts what does not run and waits until every broker is named by the cluster. Answers the names of what was started. */
  async start(say: (line: string) => void = () => {}): Promise<string[]> {
    const started: string[] = []
    await this.#settlePorts(say)
    writeFileSync(join(this.spec.dir, 'log4j.properties'), log4j)
    if (this.spec.kraft) await this.#formatDisks()
    else if (await this.#startZooKeeper()) started.push('zookeeper')
    for (const id of this.ids) if (await this.#launch(id)) started.push(`broker-${id}`)
    await Promise.all(this.ids.map(id => this.#serves(id)))
    if (started.length) await this.#topicsServe()
    return started
  }

  /** Starts one broker again, as often as it takes: its dead session must end first (NodeExistsException, KAFKA-14845). */
  async startBroker(id: number): Promise<void> {
    const end = Date.now() + this.#deadlineMs
    for (;;) {
      await this.#launch(id)
      while ((await runningPid(this.#broker(id))) !== undefined) {
        if ((await namedBrokers(this.bootstrap[id] as string)) > 0) return
        if (Date.now() > end) throw this.#late(this.#broker(id))
        await sleep(100)
      }
      const words = lastWords(this.#broker(id))
      if (!words.includes('NodeExists') || Date.now() > end)
        throw new LabError('ENDED', `broker-${id} ended; its last words:\n${words}`)
      await sleep(500)
    }
  }

  /** Kills a broker the hard way (`kill -9`). */
  async killBroker(id: number): Promise<void> {
    await stopService(this.#broker(id), { signal: 'SIGKILL' })
  }

  /** Deletes a dead broker's data: what a lost disk means. */
  wipeDisk(id: number): void {
    rmSync(this.#data(id), { recursive: true, force: true })
  }

  /** Stops the brokers first, then ZooKeeper: without ZooKeeper a broker does not end. Answers the names of what was stopped. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<string[]> {
    const brokers = this.ids.map(id => this.#broker(id))
    const ended = await Promise.all(brokers.map(broker => stopService(broker, { signal })))
    const stopped = brokers.filter((_, index) => ended[index]).map(broker => broker.name)
    if (await stopService(this.#zookeeper, { signal })) stopped.push('zookeeper')
    return stopped
  }

  /** Kills everything and starts nothing any more, whatever is under way. */
  async abort(): Promise<void> {
    this.#aborted = true
    await this.stop('SIGKILL')
  }
  #aborted = false

  /** Every service: whether it runs and serves, its memory and age. */
  async status(): Promise<ServiceState[]> {
    return Promise.all(
      this.#all.map(async ({ service, port, serves }) => {
        const pid = await runningPid(service)
        const seen = pid === undefined ? { memoryMiB: 0, age: '' } : await vitals(pid)
        return { name: service.name, address: `127.0.0.1:${port}`, pid, serves: pid !== undefined && (await serves()), ...seen }
      }),
    )
  }

  get #all(): { service: Service; port: number; serves: () => Promise<boolean> }[] {
    const zookeeper = this.ports.zookeeper
    return [
      ...(this.spec.kraft ? [] : [{ service: this.#zookeeper, port: zookeeper, serves: () => zookeeperServes(zookeeper) }]),
      ...this.ids.map(id => ({
        service: this.#broker(id),
        port: this.ports.brokers[id] as number,
        serves: async () => (await namedBrokers(this.bootstrap[id] as string)) > 0,
      })),
    ]
  }

  /**
   * Another program may have taken a port while the cluster was down. When nothing of it runs, its services get others; a part that
   * runs would look for the rest in vain.
   */
  async #settlePorts(say: (line: string) => void): Promise<void> {
    const runs = await Promise.all(this.#all.map(async ({ service }) => (await runningPid(service)) !== undefined))
    const down = this.#all.filter((_, index) => !runs[index])
    const wanted = [...down.map(({ port }) => port), ...(this.spec.kraft && !runs.includes(true) ? this.ports.controllers : [])]
    const taken = (await Promise.all(wanted.map(async port => ((await canListen(port)) ? [] : [port])))).flat()
    if (!taken.length) return
    if (runs.includes(true)) {
      throw new LabError(
        'PORT',
        `Kafka: another program listens on port ${taken.join(', ')}. Stop it; or stop the rest too and start anew, then other ports are taken: npx tickerlake kafka down`,
      )
    }
    await replacePorts(this.ports, taken)
    writeWhole(join(this.spec.dir, 'ports.json'), JSON.stringify(this.ports))
    say(`another program listens on port ${taken.join(', ')}: others are taken; source kafka.env again`)
  }

  /** Deletes everything of this cluster; it must be stopped. */
  wipe(): void {
    rmSync(this.spec.dir, { recursive: true, force: true })
  }

  get #deadlineMs(): number {
    return this.spec.deadlineMs ?? 90_000
  }

  readonly #services = new Map<string, Service>()
  #service(name: string): Service {
    const service = this.#services.get(name) ?? { name, dir: this.spec.dir }
    this.#services.set(name, service)
    return service
  }
  get #zookeeper(): Service {
    return this.#service('zookeeper')
  }
  #broker(id: number): Service {
    return this.#service(`broker-${id}`)
  }
  #data(id: number): string {
    return dataDir(this.spec, id)
  }

  async #startZooKeeper(): Promise<boolean> {
    if ((await runningPid(this.#zookeeper)) !== undefined) return false
    const dataDir = join(this.spec.dir, 'data', 'zookeeper')
    mkdirSync(dataDir, { recursive: true })
    const tickTimeMs = Math.min(1000, Math.floor((this.spec.sessionMs ?? Infinity) / 2))
    const config = this.#write('zookeeper', zookeeperProperties({ dataDir, port: this.ports.zookeeper, tickTimeMs }))
    this.#run(this.#zookeeper, ['-Xmx128M', '-Xms64M'], ['org.apache.zookeeper.server.quorum.QuorumPeerMain', config])
    await this.#until(this.#zookeeper, () => zookeeperServes(this.ports.zookeeper))
    return true
  }

  async #launch(id: number): Promise<boolean> {
    if (this.#aborted) throw new LabError('ABORTED', 'Kafka: interrupted.')
    if ((await runningPid(this.#broker(id))) !== undefined) return false
    mkdirSync(this.#data(id), { recursive: true })
    this.#run(
      this.#broker(id),
      ['-Xmx256M', '-Xms128M'],
      ['kafka.Kafka', this.#write(`broker-${id}`, brokerSettings(this.spec, this.ports, id))],
    )
    return true
  }

  /** KRaft wants each disk formatted with the cluster's id before the first start. */
  async #formatDisks(): Promise<void> {
    const idFile = join(this.spec.dir, 'cluster.id')
    if (!existsSync(idFile)) writeWhole(idFile, newClusterId())
    const clusterId = readFileSync(idFile, 'utf8')
    for (const id of this.ids) {
      if (existsSync(join(this.#data(id), 'meta.properties'))) continue
      mkdirSync(this.#data(id), { recursive: true })
      const config = this.#write(`broker-${id}`, brokerSettings(this.spec, this.ports, id))
      const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config]
      runJavaTool(
        this.spec.java,
        [...javaOptions(this.spec, ['-Xmx128M', '-XX:TieredStopAtLevel=1']), ...tool],
        'formatting the disk',
      )
    }
  }

  #write(name: string, properties: Properties): string {
    const file = join(this.spec.dir, `${name}.properties`)
    writeFileSync(file, encodeProperties(properties))
    return file
  }

  #run(service: Service, heap: string[], main: string[]): void {
    startService(service, this.spec.java, { options: javaOptions(this.spec, heap), main })
  }

  async #serves(id: number): Promise<void> {
    await this.#until(this.#broker(id), async () => (await namedBrokers(this.bootstrap[id] as string)) === this.spec.brokers)
  }

  async #topicsServe(): Promise<void> {
    await waitForTopics({ brokers: this.bootstrap }, () => this.ids.flatMap(id => readdirSync(this.#data(id))))
  }

  async #until(service: Service, serves: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + this.#deadlineMs
    while (!(await serves())) {
      if ((await runningPid(service)) === undefined) {
        if (service !== this.#zookeeper) return this.startBroker(Number(service.name.slice(7)))
        throw new LabError('ENDED', `zookeeper ended; its last words:\n${lastWords(service)}`)
      }
      if (Date.now() > end) throw this.#late(service)
      await sleep(100)
    }
  }

  #late(service: Service): Error {
    const seconds = this.#deadlineMs / 1000
    return new LabError('LATE', `${service.name} does not serve after ${seconds} s; its last words:\n${lastWords(service)}`)
  }
}

const namedBrokers = (address: string): Promise<number> =>
  describeBrokers({ brokers: [address] }).then(
    brokers => brokers.length,
    () => 0,
  )

/** A random cluster id as Kafka writes one: 16 bytes in base64url, not starting with a dash (it would look like an option). */
export function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
