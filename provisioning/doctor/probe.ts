import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What a TCP connection to an address ends in. `timeout` is a firewall that drops, `refused` a host without such a server. */
export type Reach = 'open' | 'refused' | 'timeout' | 'unknown host' | 'no route'

/** Tries to connect, and nothing more. */
export function probe(host: string, port: number, timeoutMs = 4000): Promise<Reach> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const end = (reach: Reach): void => {
      socket.destroy()
      resolve(reach)
    }
    socket.on('connect', () => end('open')).on('timeout', () => end('timeout'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      end(
        code === 'ECONNREFUSED'
          ? 'refused'
          : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
            ? 'unknown host'
            : code === 'ETIMEDOUT'
              ? 'timeout'
              : 'no route',
      ),
    )
  })
}

/** What listens there: Kafka in plain text, something that speaks TLS, or neither. */
export type Speaks = 'kafka' | 'tls' | 'something else'

/** Asks with ApiVersions v0, which every Kafka answers in plain text before any login; else with a TLS handshake. */
export async function whatSpeaks(host: string, port: number, timeoutMs = 4000): Promise<Speaks> {
  if (await answersApiVersions(host, port, timeoutMs)) return 'kafka'
  return (await shakesHands(host, port, timeoutMs)) ? 'tls' : 'something else'
}

// size 10; api key 18, version 0, correlation id 7, no client id
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])

function answersApiVersions(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: timeoutMs })
    let answer = Buffer.alloc(0)
    const end = (): void => {
      socket.destroy()
      resolve(answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0)
    }
    socket.on('connect', () => socket.write(apiVersions))
    socket.on('data', data => {
      answer = Buffer.concat([answer, data])
      if (answer.length >= 10) end()
    })
    socket.on('error', end).on('timeout', end).on('close', end)
  })
}

function shakesHands(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    // only whether it speaks TLS at all; nothing is sent and no certificate trusted
    const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: timeoutMs })
    const end = (speaks: boolean): void => {
      socket.destroy()
      resolve(speaks)
    }
    socket
      .on('secureConnect', () => end(true))
      .on('timeout', () => end(false))
      .on('error', () => end(false))
      .on('close', () => end(false))
  })
}
