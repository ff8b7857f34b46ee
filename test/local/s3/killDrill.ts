import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RawConnection } from './rawClient.ts'
import { startServerProcess } from './serverProcess.ts'
import { random, type Random } from './random.ts'
import { credentials } from './testServer.ts'

const bucket = 'drill'
const workers = 8
const keysPerWorker = 6

/** What a key may hold: the last acknowledged body, or that of a request whose answer never came. `undefined` is no object. */
interface Expectation {
  acknowledged: Buffer | undefined
  open?: { body: Buffer | undefined }
}

type Expectations = Map<string, Expectation>

/** Kills a server `kills` times with mixed writes under way (small, large, overwritten, deleted, copied, in parts, versioned) and checks each time
 *  after the restart that every acknowledged write is whole and nothing else is visible; the index is lost in one of three rounds. Answers how many writes were acknowledged. */
export async function killDrill(dir: string, { kills, seed }: { kills: number; seed: number }): Promise<number> {
  const next = random(seed)
  const expected: Expectations = new Map()
  let acknowledged = 0
  for (let round = 0; round < kills; round++) {
    if (round % 3 === 1) loseIndex(dir)
    const server = await startServerProcess(dir)
    try {
      const setup = new RawConnection({ port: server.port, ...credentials })
      await setup.request('PUT', `/${bucket}`)
      if (round % 3 === 2) await versioning(setup, round % 2 === 0 ? 'Enabled' : 'Suspended')
      await verify(setup, dir, expected)
      setup.close()
      acknowledged += await writeUntilKilled(server, expected, next)
    } finally {
      await server.kill()
    }
  }
  const server = await startServerProcess(dir)
  try {
    const connection = new RawConnection({ port: server.port, ...credentials })
    await verify(connection, dir, expected)
    connection.close()
  } finally {
    await server.kill()
  }
  return acknowledged
}

/** The journal must have everything at every instant. */
function loseIndex(dir: string): void {
  for (const name of readdirSync(dir)) if (name.startsWith('_index.db')) rmSync(join(dir, name))
}

async function versioning(connection: RawConnection, status: string): Promise<void> {
  const document = Buffer.from(`<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`)
  const answer = await connection.request('PUT', `/${bucket}?versioning=`, document)
  if (answer.status !== 200) throw new Error(answer.body.toString())
}

async function writeUntilKilled(
  server: { port: number; kill(): Promise<void> },
  expected: Expectations,
  next: Random,
): Promise<number> {
  const target = 1 + next(150)
  let count = 0
  let killed: Promise<void> | undefined
  const worker = async (id: number): Promise<void> => {
    const connection = new RawConnection({ port: server.port, ...credentials })
    while (!killed) {
      const key = `w${id}/k${next(keysPerWorker)}`
      const expectation = expected.get(key) ?? { acknowledged: undefined }
      expected.set(key, expectation)
      try {
        await writeOnce(connection, key, expectation, next)
      } catch (error) {
        if (killed) break
        throw error
      }
      expectation.open = undefined
      if (++count >= target) killed ??= server.kill()
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: workers }, (_, id) => worker(id)))
  await killed
  return count
}

/** One random write; `expectation.open` stays set when no answer came. */
async function writeOnce(connection: RawConnection, key: string, expectation: Expectation, next: Random): Promise<void> {
  const kind = next(10)
  const size = kind < 5 ? next(20_000) : kind < 7 ? 300_000 + next(1_000_000) : next(50_000)
  const body = kind === 7 ? undefined : Buffer.alloc(size, `${key} ${next(1e9)} `)
  expectation.open = { body }
  const path = `/${bucket}/${key}`
  const check = ({ status, body: answer }: { status: number; body: Buffer }): Buffer => {
    if (status >= 300) throw new Error(`${key}: ${status} ${answer}`)
    return answer
  }
  if (body === undefined) check(await connection.request('DELETE', path))
  else if (kind === 8) await putInParts(connection, path, body, check)
  else if (kind === 9) await putByCopy(connection, path, body, check, expectation)
  else check(await connection.request('PUT', path, body))
  expectation.acknowledged = body
}

type Check = (answer: { status: number; body: Buffer }) => Buffer

async function putInParts(connection: RawConnection, path: string, body: Buffer, check: Check): Promise<void> {
  const begun = check(await connection.request('POST', `${path}?uploads=`)).toString()
  const id = encodeURIComponent(/<UploadId>(.*)<\/UploadId>/.exec(begun)?.[1] ?? '')
  check(await connection.request('PUT', `${path}?partNumber=1&uploadId=${id}`, body))
  const etag = createHash('md5').update(body).digest('hex')
  const document = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
  check(await connection.request('POST', `${path}?uploadId=${id}`, Buffer.from(document)))
}

async function putByCopy(
  connection: RawConnection,
  path: string,
  body: Buffer,
  check: Check,
  expectation: Expectation,
): Promise<void> {
  check(await connection.request('PUT', path, body))
  expectation.acknowledged = body
  const headers = { 'x-amz-copy-source': path, 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-copied': 'yes' }
  check(await connection.request('PUT', path, undefined, headers))
}

async function verify(connection: RawConnection, dir: string, expected: Expectations): Promise<void> {
  const listed = (await connection.request('GET', `/${bucket}?list-type=2`)).body.toString()
  const visible = new Set([...listed.matchAll(/<Key>(.*?)<\/Key>/g)].map(match => match[1] as string))
  for (const key of visible) if (!expected.has(key)) throw new Error(`${key} is visible and was never written`)
  for (const [key, expectation] of expected) {
    const { acknowledged, open } = expectation
    const found = await read(connection, key)
    if ((found !== undefined) !== visible.has(key))
      throw new Error(`${key} is ${found ? 'there' : 'not there'}, and listed: ${visible.has(key)}`)
    const right = [acknowledged, ...(open ? [open.body] : [])].some(body => (body && found ? body.equals(found) : body === found))
    if (!right)
      throw new Error(
        `${key} holds ${found?.length ?? 'no'} bytes, ${found?.toString('utf8', 0, 20)}; acknowledged ${acknowledged?.length}, open ${open?.body?.length}`,
      )
    expected.set(key, { acknowledged: found })
  }
  const leftover = readdirSync(join(dir, '_tmp'))
  if (leftover.length > 0) throw new Error(`temporary files were left: ${leftover.join(', ')}`)
}

async function read(connection: RawConnection, key: string): Promise<Buffer | undefined> {
  const { status, head, body } = await connection.request('GET', `/${bucket}/${key}`)
  if (status === 404) return undefined
  const etag = /\r\netag: "([0-9a-f]{32})(-\d+)?"/i.exec(head)
  const md5 = createHash('md5').update(body).digest()
  const expected = etag?.[2] ? createHash('md5').update(md5).digest('hex') : md5.toString('hex')
  if (status !== 200 || etag?.[1] !== expected)
    throw new Error(`${key}: status ${status}, ETag ${etag?.[0]} is not of its ${body.length} bytes`)
  return body
}
