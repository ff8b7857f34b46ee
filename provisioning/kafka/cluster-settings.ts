import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Ports } from './ports.ts'
import { brokerProperties, type Properties, zookeeperClient } from './properties.ts'

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

/** Where a broker keeps its topics. */
export const dataDir = ({ dir }: ClusterSpec, id: number): string => join(dir, 'data', `broker-${id}`)

/** The whole configuration of one broker of a cluster. */
export function brokerSettings(spec: ClusterSpec, ports: Ports, id: number): Properties {
  const client = `PLAINTEXT://127.0.0.1:${ports.brokers[id]}`
  const common = { 'advertised.listeners': client, ...brokerProperties({ dataDir: dataDir(spec, id), brokers: spec.brokers }) }
  if (!spec.kraft) {
    const zookeeper = zookeeperClient(ports.zookeeper, spec.sessionMs)
    return { 'broker.id': id, listeners: client, ...zookeeper, ...common, ...spec.overrides }
  }
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': ports.controllers.map((port, voter) => `${voter}@127.0.0.1:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `${client},CONTROLLER://127.0.0.1:${ports.controllers[id]}`,
    ...common,
    ...spec.overrides,
  }
}

/** What Java is given before the class: heap, logging, class path. */
export function javaOptions({ dir, home }: ClusterSpec, heap: string[]): string[] {
  const logging = [`-Dkafka.logs.dir=${dir}`, `-Dlog4j.configuration=${pathToFileURL(join(dir, 'log4j.properties'))}`]
  return [...heap, '-XX:+UseSerialGC', '-server', '-Djava.awt.headless=true', ...logging, '-cp', join(home, 'libs', '*')]
}
