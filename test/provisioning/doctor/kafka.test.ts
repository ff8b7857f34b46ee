import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Finding } from '../../../provisioning/doctor/finding.ts'
import { examineKafka } from '../../../provisioning/doctor/kafka.ts'
import { probe, whatSpeaks } from '../../../provisioning/doctor/probe.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function serve(onSocket: (socket: Socket) => void): Promise<number> {
  return new Promise(resolve => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      onSocket(socket)
    })
    servers.push(server)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const port = await serve(() => {})
  await new Promise(resolve => servers.pop()?.close(resolve))
  return port
}

/** A broker that answers ApiVersions and Metadata v0/v1 and names `advertised` as its only broker. */
function broker(advertised: { host: string; port: number } | undefined): Promise<number> {
  return serve(socket => {
    socket.on('data', request => {
      const correlation = request.subarray(8, 12)
      const others: Record<number, () => Buffer> = { 18: versions, 10: noCoordinator, 32: threeReplicas }
      const body = others[request.readInt16BE(4)]?.() ?? metadata(advertised)
      const size = Buffer.alloc(4)
      size.writeInt32BE(4 + body.length)
      socket.write(Buffer.concat([size, correlation, body]))
    })
  })
}

const numbers = (...values: [bits: 16 | 32, value: number][]): Buffer =>
  Buffer.concat(
    values.map(([bits, value]) => {
      const buffer = Buffer.alloc(bits / 8)
      buffer.writeIntBE(value, 0, bits / 8)
      return buffer
    }),
  )

const versions = (): Buffer =>
  numbers(
    [16, 0],
    [32, 5],
    ...[18, 3, 10, 15, 32].flatMap(
      key =>
        [
          [16, key],
          [16, 0],
          [16, key === 3 ? 1 : 0],
        ] as [16, number][],
    ),
  )

/** FindCoordinator v0: COORDINATOR_NOT_AVAILABLE. */
const noCoordinator = (): Buffer => numbers([16, 15], [32, -1], [16, 0], [32, -1])

/** DescribeConfigs v0 of broker 0. */
function threeReplicas(): Buffer {
  const text = (words: string): Buffer => Buffer.concat([numbers([16, words.length]), Buffer.from(words)])
  const entry = [text('offsets.topic.replication.factor'), text('3'), Buffer.from([1, 0, 0])]
  return Buffer.concat([numbers([32, 0], [32, 1], [16, 0], [16, 0]), Buffer.from([4]), text('0'), numbers([32, 1]), ...entry])
}

function metadata(advertised: { host: string; port: number } | undefined): Buffer {
  if (!advertised) return numbers([32, 0], [32, -1], [32, 0])
  const host = Buffer.from(advertised.host)
  return Buffer.concat([
    numbers([32, 1], [32, 0], [16, host.length]),
    host,
    numbers([32, advertised.port], [16, -1], [32, 0], [32, 0]),
  ])
}

const place = { topic: 'stock-quotes', group: 'quotes-to-s3' }
const examine = (port: number, more: object = {}): Promise<Finding[]> =>
  examineKafka({ kind: 'cluster', brokers: [`127.0.0.1:${port}`], tls: false, ...more }, place)
const last = (findings: Finding[]): Finding => findings.at(-1) as Finding

it('tells refused from unknown and open', async () => {
  expect(await probe('127.0.0.1', await closedPort())).toBe('refused')
  expect(await probe('127.0.0.1', await serve(() => {}))).toBe('open')
  expect(await probe('no-such-host.invalid', 9092)).toMatch(/unknown host|no route/)
})

it('knows Kafka by its answer', async () => {
  expect(await whatSpeaks('127.0.0.1', await broker(undefined))).toBe('kafka')
  expect(await whatSpeaks('127.0.0.1', await serve(socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toBe(
    'something else',
  )
  expect(await whatSpeaks('127.0.0.1', await serve(() => {}), 300)).toBe('something else')
})

it('says that nothing listens', async () => {
  const finding = last(await examine(await closedPort()))
  expect(finding).toMatchObject({ state: 'wrong' })
  expect(finding.cause).toContain('nothing listens')
})

it('says that TLS is set for a plain cluster', async () => {
  expect(last(await examine(await broker(undefined), { tls: true })).cause).toContain('without TLS')
})

it('finds the address that a client is sent to and cannot reach', async () => {
  const nowhere = await closedPort()
  const findings = await examine(await broker({ host: '127.0.0.1', port: nowhere }))
  const bad = findings.find(({ state }) => state === 'wrong')
  expect(bad?.symptom).toBe(`the cluster tells clients 127.0.0.1:${nowhere}: refused`)
  expect(bad?.cause).toContain('advertised.listeners')
})

it('finds an offsets topic that cannot be made on one broker', async () => {
  const server = { host: '127.0.0.1', port: 0 }
  server.port = await broker(server)
  const bad = (await examine(server.port)).find(({ state }) => state === 'wrong')
  expect(bad?.cause).toContain('offsets.topic.replication.factor is 3 and there is 1 broker')
})
