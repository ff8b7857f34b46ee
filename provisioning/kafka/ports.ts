import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { writeWhole } from './files.ts'

/** Where the services of a cluster listen on loopback; controllers are KRaft's. */
export interface Ports {
  zookeeper: number
  brokers: number[]
  controllers: number[]
}

/** The ports in a cluster's file, else free ones, written there: they stay the same for the life of its data. */
export async function readPorts(file: string, brokers: number): Promise<Ports> {
  const known = existsSync(file) && parsePorts(readFileSync(file, 'utf8'), brokers)
  if (known) return known
  const taken = new Set<number>()
  const some = async (): Promise<number[]> => {
    const ports: number[] = []
    for (let id = 0; id < brokers; id++) ports.push(await freePort(taken))
    return ports
  }
  const ports = { zookeeper: await freePort(taken), brokers: await some(), controllers: await some() }
  writeWhole(file, JSON.stringify(ports))
  return ports
}

/** Ports as they were written; undefined for a file that a full disk or a person spoiled. */
function parsePorts(text: string, brokers: number): Ports | undefined {
  try {
    const ports = JSON.parse(text) as Ports
    const all = [ports.zookeeper, ...ports.brokers, ...ports.controllers]
    const sound = all.length === 1 + 2 * brokers && all.every(port => Number.isInteger(port) && port > 0 && port < 65536)
    return sound ? ports : undefined
  } catch {
    return undefined
  }
}

/** Puts free ports in the place of those that are taken. */
export async function replacePorts(ports: Ports, taken: number[]): Promise<void> {
  const used = new Set([ports.zookeeper, ...ports.brokers, ...ports.controllers])
  const sound = async (port: number): Promise<number> => (taken.includes(port) ? freePort(used) : port)
  ports.zookeeper = await sound(ports.zookeeper)
  for (const some of [ports.brokers, ports.controllers]) for (const [id, port] of some.entries()) some[id] = await sound(port)
}

/** A free loopback port below the usual ephemeral range, so that no outgoing connection takes it while its owner is down. */
export async function freePort(taken: Set<number>, random: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = 20_000 + Math.floor(random() * 10_000)
    if (!taken.has(port) && (await canListen(port))) {
      taken.add(port)
      return port
    }
  }
  throw new Error('no free port found between 20000 and 29999')
}

/** Whether a port of loopback is free. */
export function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** ZooKeeper's own answer to `srvr`: true once it serves. */
export function zookeeperServes(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 })
    let answer = ''
    const done = (): void => {
      socket.destroy()
      resolve(answer.includes('Mode: '))
    }
    socket.on('connect', () => socket.write('srvr'))
    socket.on('data', data => {
      answer += data.toString('latin1')
    })
    socket.on('error', done).on('timeout', done).on('end', done)
  })
}
