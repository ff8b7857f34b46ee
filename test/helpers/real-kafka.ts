import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aptInstall, peersDir, run } from './peers.ts'

const version = '3.9.2'

/** The Java command line classes, by the names of the scripts that Kafka ships. */
const toolClasses = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-producer': 'kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-broker-api-versions': 'kafka.admin.BrokerApiVersionsCommand',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-dump-log': 'kafka.tools.DumpLogSegments',
} as const

export type KafkaTool = keyof typeof toolClasses

/** A real Apache Kafka with its ZooKeeper, on free ports of the loopback. */
export interface RealKafka {
  host: string
  port: number
  /** The folder with the partitions. */
  dir: string
  /** Of the broker's process. */
  pid: number
  close(): Promise<void>
}

/** True when there is Java and the jars could be had; installs what is missing. */
export function haveRealKafka(): boolean {
  return aptInstall(['openjdk-17-jre-headless', 'maven'], ['java', 'mvn']) && existsSync(jars())
}

/** The folder of the jars of Kafka 3.9.2, fetched once by Maven. */
export function jars(): string {
  const dir = join(peersDir, `kafka-${version}`)
  const stamp = join(dir, '.complete')
  if (existsSync(stamp)) return dir
  const dependency = (group: string, artifact: string, of: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  writeFileSync(
    join(dir, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>real-kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', version)}${dependency('org.apache.kafka', 'kafka-tools', version)}
${dependency('org.slf4j', 'slf4j-reload4j', '1.7.36')}</dependencies></project>`,
  )
  run('mvn', ['-B', '-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${dir}`], { cwd: dir })
  writeFileSync(join(dir, 'log4j.properties'), log4j)
  writeFileSync(stamp, version)
  return dir
}

const log4j = `log4j.rootLogger=WARN, err
log4j.appender.err=org.apache.log4j.ConsoleAppender
log4j.appender.err.Target=System.err
log4j.appender.err.layout=org.apache.log4j.PatternLayout
log4j.appender.err.layout.ConversionPattern=[%d] %p %m (%c)%n
`

/** What `java` is given to run one of the tools. */
export function toolCommand(tool: KafkaTool, args: string[]): string[] {
  const dir = jars()
  const flags = [
    '-Xmx256M',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dfile.encoding=UTF-8',
    '-Dsun.stdout.encoding=UTF-8',
  ]
  return [
    ...flags,
    `-Dlog4j.configuration=file:${join(dir, 'log4j.properties')}`,
    '-cp',
    join(dir, '*'),
    toolClasses[tool],
    ...args,
  ]
}

/** Runs one of Kafka's Java tools to its end (60 s at most) and answers what it printed; throws when it fails. */
export const kafkaTool = (tool: KafkaTool, args: string[], { input }: { input?: string } = {}): string =>
  run('timeout', ['-k', '5', '120', 'java', ...toolCommand(tool, args)], {
    env: { LC_ALL: 'C.UTF-8' },
    ...(input === undefined ? {} : { input }),
  })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts ZooKeeper and one broker with the lab's settings; `properties` go over them. */
export async function startRealKafka({ properties = {} }: { properties?: Record<string, string> } = {}): Promise<RealKafka> {
  const dir = mkdtempSync(join(tmpdir(), 'real-kafka-'))
  const [zooKeeperPort, port] = [await freePort(), await freePort()]
  const children: ChildProcess[] = []
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) await end(child)
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    writeFileSync(
      join(dir, 'zookeeper.properties'),
      lines({
        dataDir: join(dir, 'zookeeper'),
        clientPort: String(zooKeeperPort),
        clientPortAddress: '127.0.0.1',
        'admin.enableServer': 'false',
      }),
    )
    writeFileSync(join(dir, 'broker.properties'), lines({ ...brokerProperties(dir, zooKeeperPort, port), ...properties }))
    children.push(java(dir, '-Xmx128M', 'org.apache.zookeeper.server.quorum.QuorumPeerMain', 'zookeeper.properties'))
    await answers(children[0]!, zooKeeperPort, async () => true)
    children.push(java(dir, '-Xmx512M', 'kafka.Kafka', 'broker.properties'))
    await answers(children[1]!, port, () => hasController(port))
    return { host: '127.0.0.1', port, dir: join(dir, 'data'), pid: children[1]!.pid!, close }
  } catch (error) {
    await close()
    throw error
  }
}

const lines = (properties: Record<string, string>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

const brokerProperties = (dir: string, zooKeeperPort: number, port: number): Record<string, string> => ({
  'broker.id': '0',
  listeners: `PLAINTEXT://127.0.0.1:${port}`,
  'zookeeper.connect': `127.0.0.1:${zooKeeperPort}`,
  'log.dirs': join(dir, 'data'),
  'num.partitions': '3',
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.state.log.min.isr': '1',
  'log.cleaner.dedupe.buffer.size': '16777216',
})

function java(dir: string, heap: string, main: string, file: string): ChildProcess {
  const library = jars()
  const args = [
    heap,
    '-XX:+UseSerialGC',
    `-Dlog4j.configuration=file:${join(library, 'log4j.properties')}`,
    '-cp',
    join(library, '*'),
    main,
  ]
  return spawn('java', [...args, join(dir, file)], { cwd: dir, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
}

async function answers(child: ChildProcess, port: number, check: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; ; await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`a process of the real Kafka ended with ${child.exitCode}`)
    if ((await connects(port)) && (await check())) return
    if (Date.now() > deadline) throw new Error(`the real Kafka did not answer on port ${port} in 90 s`)
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Asks Metadata v1 for no topics: the broker is ready when it names itself and a controller. */
function hasController(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const done = (ready: boolean): void => {
      socket.destroy()
      resolve(ready)
    }
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('0000000e0003000100000001ffff00000000', 'hex')))
    socket.setTimeout(2000, () => done(false))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
    socket.on('data', answer =>
      done(answer.length > 20 && answer.readInt32BE(8) === 1 && answer.readInt32BE(answer.length - 8) === 0),
    )
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await exited
  clearTimeout(timer)
}
