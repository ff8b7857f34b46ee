import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { has, peersDir, pythonEnv, run } from '../helpers/peers.ts'
import { RawConnection } from '../local/s3/rawClient.ts'
import { startServerProcess } from '../local/s3/serverProcess.ts'
import { credentials, region, temporaryDir } from '../local/s3/testServer.ts'

// node test/bench/s3.ts [--peers]: objects of 10 KB, 16 in flight, medians of five rounds, requests per second.
// "at once" is a server that reads a request and answers without doing anything: what the client itself can reach.

const inFlight = 16
const rounds = 5
const body = Buffer.alloc(10_240, 'tickerlake ')
const bucket = 'bench-objects'

interface Contender {
  name: string
  port: number
  /** Gets fewer requests. */
  slow?: boolean
  stop(): Promise<void> | void
}

async function main(): Promise<void> {
  const starts = [startOurs, startAtOnce, ...(process.argv.includes('--peers') ? [startVersity, startMoto] : [])]
  const contenders: Contender[] = []
  try {
    for (const start of starts) {
      const contender = await start()
      if (contender) contenders.push(contender)
    }
    print(await measure(contenders))
  } finally {
    for (const { stop } of contenders) await stop()
  }
}

/** By contender and figure, one value a round. */
type Figures = Map<string, Record<string, number[]>>

/** Everyone in every round, so that what else the machine does strikes all alike. */
async function measure(contenders: Contender[]): Promise<Figures> {
  const figures: Figures = new Map(contenders.map(({ name }) => [name, {}]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const results = { ...(await measureRaw(contender, round)), ...(await measureSdk(contender)) }
      const all = figures.get(contender.name) ?? {}
      for (const [figure, value] of Object.entries(results)) (all[figure] ??= []).push(value)
    }
  }
  return figures
}

function print(figures: Figures): void {
  const medians = [...figures].map(([name, all]) => [
    name,
    Object.fromEntries(Object.entries(all).map(([figure, values]) => [figure, Math.round(median(values))])),
  ])
  console.table(Object.fromEntries(medians))
  const ratio = (figure: string): string => {
    const [ours = [], atOnce = []] = ['tickerlake', 'at once'].map(name => figures.get(name)?.[figure] ?? [])
    return median(ours.map((value, round) => value / (atOnce[round] as number))).toFixed(2)
  }
  console.log(
    `SDK against a server that answers at once, median of the rounds: PUT ${ratio('SDK PUT/s')}, GET ${ratio('SDK GET/s')} (wanted: 0.7)`,
  )
}

async function measureRaw({ port, slow }: Contender, round: number): Promise<Record<string, number>> {
  const requests = slow ? 200 : 4000
  const raw = { port, ...credentials }
  const setup = new RawConnection(raw)
  await setup.request('PUT', `/${bucket}`)
  setup.close()
  const path = (i: number): string => `/${bucket}/round-${round}/${i}`
  const put = await rate(
    requests,
    rawWorkers(raw, (connection, i) => connection.request('PUT', path(i), body)),
  )
  const get = await rate(
    requests,
    rawWorkers(raw, (connection, i) => connection.request('GET', path(i))),
  )
  return { 'raw PUT/s': put, 'raw GET/s': get }
}

async function measureSdk({ port, slow }: Contender): Promise<Record<string, number>> {
  const client = new S3Client({ endpoint: `http://127.0.0.1:${port}`, region, credentials, forcePathStyle: true })
  const requests = slow ? 200 : 1500
  const put = await rate(
    requests,
    () => async i => void (await client.send(new PutObjectCommand({ Bucket: bucket, Key: `sdk/${i}`, Body: body }))),
  )
  const get = await rate(requests, () => async i => {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `sdk/${i}` }))
    await answer.Body?.transformToByteArray()
  })
  client.destroy()
  return { 'SDK PUT/s': put, 'SDK GET/s': get }
}

/** Requests per second of 16 workers that share `requests` between them. */
async function rate(requests: number, startWorker: () => (index: number) => Promise<void>): Promise<number> {
  let next = 0
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const work = startWorker()
      for (let index = next++; index < requests; index = next++) await work(index)
    }),
  )
  return Math.round((requests / (performance.now() - begun)) * 1000)
}

/** Each worker keeps its connection; a server that closes it after an answer gets a new one. */
function rawWorkers(
  options: { port: number; accessKeyId: string; secretAccessKey: string },
  request: (connection: RawConnection, index: number) => Promise<{ status: number; head: string; body: Buffer }>,
) {
  return () => {
    let connection = new RawConnection(options)
    return async (index: number): Promise<void> => {
      const { status, head, body: text } = await request(connection, index)
      if (status !== 200) throw new Error(`status ${status}: ${text}`)
      if (!/\r\nconnection: close|^HTTP\/1\.0/i.test(head)) return
      connection.close()
      connection = new RawConnection(options)
    }
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

async function startOurs(): Promise<Contender> {
  const dir = temporaryDir()
  const server = await startServerProcess(dir)
  const stop = async () => {
    await server.kill()
    rmSync(dir, { recursive: true, force: true })
  }
  return { name: 'tickerlake', port: server.port, stop }
}

const atOnce = `
  require('node:http').createServer((request, response) => {
    request.resume().on('end', () => {
      const headers = { etag: '"d41d8cd98f00b204e9800998ecf8427e"', 'content-type': 'application/octet-stream' }
      const body = request.method === 'GET' ? Buffer.alloc(10240, 'x') : Buffer.alloc(0)
      response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
    })
  }).listen(Number(process.argv[1]), '127.0.0.1')
`

async function startAtOnce(): Promise<Contender> {
  return startPeer('at once', process.execPath, port => ['-e', atOnce, String(port)])
}

/** The one compiled S3 server that is built from source in a minute, on a folder of the same disk. */
async function startVersity(): Promise<Contender | undefined> {
  if (!has('go')) return void console.log('versitygw: go is not installed')
  const bin = join(peersDir, 'go', 'bin')
  if (!existsSync(join(bin, 'versitygw'))) {
    run('go', ['install', 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'], {
      env: { GOBIN: bin, GOFLAGS: '-buildvcs=false' },
    })
  }
  const dir = temporaryDir()
  mkdirSync(join(dir, 'data'))
  const { accessKeyId, secretAccessKey } = credentials
  const args = (port: number) => [
    '--port',
    `127.0.0.1:${port}`,
    '--access',
    accessKeyId,
    '--secret',
    secretAccessKey,
    '--region',
    region,
    'posix',
    join(dir, 'data'),
  ]
  const contender = await startPeer('versitygw', join(bin, 'versitygw'), args)
  return { ...contender, stop: () => (contender.stop(), rmSync(dir, { recursive: true, force: true })) }
}

async function startMoto(): Promise<Contender | undefined> {
  if (!has('python3')) return void console.log('moto: python3 is not installed')
  return startPeer('moto', join(pythonEnv('moto', ['moto[server,s3]==5.2.5']), 'moto_server'), port => [
    '-H',
    '127.0.0.1',
    '-p',
    String(port),
  ])
}

async function startPeer(name: string, command: string, args: (port: number) => string[]): Promise<Contender> {
  const port = await freePort()
  const child: ChildProcess = spawn(command, args(port), { stdio: 'ignore' })
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return { name, port, stop: () => void child.kill('SIGKILL') }
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

void main()
