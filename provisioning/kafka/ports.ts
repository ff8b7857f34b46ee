import { connect, createServer } from 'node:net'

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

function canListen(port: number): Promise<boolean> {
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
