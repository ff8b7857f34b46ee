import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'zx'
import { LabError } from '../../lib/errors.ts'
import { describeBrokers, waitForTopics } from './client.ts'
import { freePort, zookeeperServes } from './ports.ts'
import { lastWords, memoryMiB, runningPid, type Service, startService, stopService } from './process.ts'
import { brokerProperties, encodeProperties, log4j, type Properties, zookeeperClient, zookeeperProperties } from './properties.ts'

/** What makes a cluster of plain processes on this machine. */
export interface ClusterSpec {
  /** The folder of this cluster's configuration, data, logs and pids. */
  dir: string
  /** The unpacked Kafka distribution. */
  home: string
  java: string
  brokers: number
  kraft: boolean
  /** Added to every broker's settings; a later key wins. */
  overrides?: Properties
  /** Session of a broker with ZooKeeper: how long a killed one is believed alive; in ms. */
  sessionMs?: number
  /** How long one service may take to serve, in ms. */
  deadlineMs?: number
}

interface Ports {
  zookeeper: number
  brokers: number[]
  controllers: number[]
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
    refuseOddPath(spec.dir)
    refuseOddPath(spec.home)
    mkdirSync(spec.dir, { recursive: true })
    const file = join(spec.dir, 'ports.json')
    if (existsSync(file)) return new LocalCluster(spec, JSON.parse(readFileSync(file, 'utf8')) as Ports)
    const taken = new Set<number>()
    const some = async (): Promise<number[]> => {
      const ports: number[] = []
      for (let id = 0; id < spec.brokers; id++) ports.push(await freePort(taken))
      return ports
    }
    const ports = { zookeeper: await freePort(taken), brokers: await some(), controllers: await some() }
    writeFileSync(file, JSON.stringify(ports))
    return new LocalCluster(spec, ports)
  }

  get bootstrap(): string[] {
    return this.ports.brokers.map(port => `127.0.0.1:${port}`)
  }

  get ids(): number[] {
    return this.ports.brokers.map((_, id) => id)
  }

  /** Starts what does not run and waits until every broker is named by the cluster. Answers the names of what was started. */
  async start(): Promise<string[]> {
    const started: string[] = []
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
      if (!words.includes('NodeExists') || Date.now() > end) throw new Error(`broker-${id} ended; its last words:\n${words}`)
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

  /** Every service with its pid and memory; pid undefined where it does not run. */
  async status(): Promise<{ name: string; pid: number | undefined; memoryMiB: number; address: string }[]> {
    const services = [...(this.spec.kraft ? [] : [this.#zookeeper]), ...this.ids.map(id => this.#broker(id))]
    return Promise.all(
      services.map(async service => {
        const pid = await runningPid(service)
        const port = service === this.#zookeeper ? this.ports.zookeeper : this.ports.brokers[Number(service.name.slice(7))]
        return { name: service.name, pid, memoryMiB: pid === undefined ? 0 : await memoryMiB(pid), address: `127.0.0.1:${port}` }
      }),
    )
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
    return join(this.spec.dir, 'data', `broker-${id}`)
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
    if ((await runningPid(this.#broker(id))) !== undefined) return false
    mkdirSync(this.#data(id), { recursive: true })
    this.#run(this.#broker(id), ['-Xmx256M', '-Xms128M'], ['kafka.Kafka', this.#write(`broker-${id}`, this.#settings(id))])
    return true
  }

  #settings(id: number): Properties {
    const client = `PLAINTEXT://${this.bootstrap[id]}`
    const shared = { ...brokerProperties({ dataDir: this.#data(id), brokers: this.spec.brokers }) }
    if (!this.spec.kraft) {
      const zookeeper = zookeeperClient(this.ports.zookeeper, this.spec.sessionMs)
      return {
        'broker.id': id,
        listeners: client,
        'advertised.listeners': client,
        ...zookeeper,
        ...shared,
        ...this.spec.overrides,
      }
    }
    return {
      'process.roles': 'broker,controller',
      'node.id': id,
      'controller.quorum.voters': this.ports.controllers.map((port, voter) => `${voter}@127.0.0.1:${port}`).join(','),
      'controller.listener.names': 'CONTROLLER',
      listeners: `${client},CONTROLLER://127.0.0.1:${this.ports.controllers[id]}`,
      'advertised.listeners': client,
      ...shared,
      ...this.spec.overrides,
    }
  }

  /** KRaft wants each disk formatted with the cluster's id before the first start. */
  async #formatDisks(): Promise<void> {
    const idFile = join(this.spec.dir, 'cluster.id')
    if (!existsSync(idFile)) writeFileSync(idFile, newClusterId())
    const clusterId = readFileSync(idFile, 'utf8')
    for (const id of this.ids) {
      if (existsSync(join(this.#data(id), 'meta.properties'))) continue
      mkdirSync(this.#data(id), { recursive: true })
      const config = this.#write(`broker-${id}`, this.#settings(id))
      const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config]
      await $({ quiet: true })`${this.spec.java} ${[...this.#options(['-Xmx128M']), ...tool]}`
    }
  }

  #write(name: string, properties: Properties): string {
    const file = join(this.spec.dir, `${name}.properties`)
    writeFileSync(file, encodeProperties(properties))
    return file
  }

  #options(heap: string[]): string[] {
    const log4jFile = join(this.spec.dir, 'log4j.properties')
    const logging = [`-Dkafka.logs.dir=${this.spec.dir}`, `-Dlog4j.configuration=${new URL(`file://${encodeURI(log4jFile)}`)}`]
    return [
      ...heap,
      '-XX:+UseSerialGC',
      '-server',
      '-Djava.awt.headless=true',
      ...logging,
      '-cp',
      join(this.spec.home, 'libs', '*'),
    ]
  }

  #run(service: Service, heap: string[], main: string[]): void {
    startService(service, this.spec.java, { options: this.#options(heap), main })
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
        throw new Error(`zookeeper ended; its last words:\n${lastWords(service)}`)
      }
      if (Date.now() > end) throw this.#late(service)
      await sleep(100)
    }
  }

  #late(service: Service): Error {
    return new Error(`${service.name} does not serve after ${this.#deadlineMs / 1000} s; its log:\n${lastWords(service)}`)
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

/** Kafka splits `log.dirs` at commas and Java the class path at colons, without a way to escape either. */
function refuseOddPath(path: string): void {
  if (/[,:\n]/.test(path))
    throw new LabError(
      'PATH',
      `${JSON.stringify(path)}: cannot hold Kafka, there is a comma, colon or newline in the path. Choose another LAB_DIR.`,
    )
}
