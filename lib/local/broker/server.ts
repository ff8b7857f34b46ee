import { createServer, type Server } from 'node:net'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Connection } from './connection.ts'
import { Coordinator } from './groups/coordinator.ts'
import { expireOffsets } from './groups/expiry.ts'
import { GroupStore } from './groups/store.ts'
import { lockFolder } from './lock.ts'
import { replaceFile } from './log/files.ts'
import { Maintenance } from './maintenance.ts'
import { Properties } from './properties.ts'
import type { BrokerState } from './state.ts'
import { Topics } from './topics/store.ts'
import { TransactionCoordinator } from './transactions/coordinator.ts'
import { ProducerIds } from './transactions/producer-ids.ts'

export interface BrokerOptions {
  /** Where everything is kept; made when missing, locked against a second broker. */
  dir: string
  /** 0: a free one. A port in use is Node's own EADDRINUSE. */
  port?: number
  /** To listen on, and the name clients are told. */
  host?: string
  /** Broker properties under Kafka's names; an unknown one or a bad value is an error. */
  properties?: Record<string, string>
  /** Takes what an operator should know: recovery, damage, connections closed and why. */
  log?: (line: string) => void
}

export interface Broker {
  host: string
  port: number
  /** Flushes everything and ends all connections. */
  close(): Promise<void>
}

/** Starts a Kafka broker: one node, no ZooKeeper, everything in one folder in Kafka's own layout. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { dir, port = 0, host = '127.0.0.1', properties = {}, log = () => {} } = options
  const settings = new Properties(properties)
  mkdirSync(dir, { recursive: true })
  const unlock = lockFolder(dir)
  let state: BrokerState | undefined
  try {
    state = openState(dir, settings, host, log)
    return await serve(state, port, unlock)
  } catch (error) {
    await state?.topics.close({ flushed: false })
    unlock()
    throw error
  }
}

function openState(dir: string, properties: Properties, host: string, log: (line: string) => void): BrokerState {
  const nodeId = properties.number('broker.id')
  const clusterId = openMetaProperties(dir, nodeId)
  const topics = new Topics(dir, properties, log)
  const maintenance = new Maintenance(topics, properties, log)
  const producerIds = new ProducerIds(dir)
  const groupStore = new GroupStore(topics, maintenance, log)
  const groups = new Coordinator(groupStore, properties)
  const transactions = new TransactionCoordinator({ topics, maintenance, groups: groupStore, producerIds, properties, log })
  return {
    clusterId,
    nodeId,
    host,
    port: 0,
    properties,
    topics,
    maintenance,
    groups,
    producerIds,
    transactions,
    receiving: { bytes: 0 },
    log,
  }
}

/** Kafka's `meta.properties`: the cluster's id, made at the first start, and the broker's. */
function openMetaProperties(dir: string, nodeId: number): string {
  const path = join(dir, 'meta.properties')
  if (existsSync(path)) {
    const stored = /^cluster\.id=(.+)$/m.exec(readFileSync(path, 'utf8'))?.[1]
    if (stored) return stored
  }
  const clusterId = randomBytes(16).toString('base64url')
  replaceFile(path, `version=0\nbroker.id=${nodeId}\ncluster.id=${clusterId}\n`)
  return clusterId
}

async function serve(state: BrokerState, port: number, unlock: () => void): Promise<Broker> {
  const connections = new Set<Connection>()
  const server = createServer(socket => {
    const connection = new Connection(socket, state)
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
  })
  state.port = await listen(server, state.host, port)
  state.groups.start()
  state.maintenance.start()
  const timers = startTimers(state)
  const close = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    for (const connection of connections) connection.close()
    await closed
    state.groups.close()
    const flushed = await state.maintenance.close()
    await state.topics.close({ flushed })
    unlock()
  }
  let closing: Promise<void> | undefined
  return { host: state.host, port: state.port, close: () => (closing ??= close()) }
}

function startTimers({ properties, groups, transactions, log }: BrokerState): NodeJS.Timeout[] {
  const every = (name: string, run: (now: number) => void): NodeJS.Timeout => {
    const tick = (): void => {
      try {
        run(Date.now())
      } catch (error) {
        log(`${name}: ${(error as Error).message}`)
      }
    }
    return setInterval(tick, Math.min(properties.number(name), 0x7fff_ffff)).unref()
  }
  return [
    every('transaction.abort.timed.out.transaction.cleanup.interval.ms', now => transactions.expire(now)),
    every('offsets.retention.check.interval.ms', now => expireOffsets(groups.store, properties, now)),
  ]
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as { port: number }).port)
    })
  })
}
