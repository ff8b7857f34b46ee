import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { presigned, send } from '../aws/rawRequest.ts'
import { credentials, startTestServer, type TestServer } from './testServer.ts'

let server: TestServer
let clock = Date.now()
beforeAll(async () => {
  server = await startTestServer({ now: () => clock })
  await server.storage.createBucket('presigned')
  await server.storage.put('presigned', 'a key/é+.txt', Buffer.from('body'))
})
afterAll(() => server.close())

function presign(
  method: string,
  path: string,
  {
    query,
    headers = {},
    host = `127.0.0.1:${server.port}`,
  }: { query?: Record<string, string>; headers?: Record<string, string>; host?: string } = {},
): string {
  return presigned({ ...credentials, method, path, query, headers: { host, ...headers }, date: new Date(clock) })
}

const key = '/presigned/a%20key/%C3%A9%2B.txt'

describe('presigned URLs', () => {
  test('read, with overrides of the answer', async () => {
    const answer = await send(server.port, { path: presign('GET', key) })
    expect([answer.status, answer.text]).toEqual([200, 'body'])
    const other = await send(server.port, {
      path: presign('GET', key, { query: { 'response-content-type': 'text/a', 'x-id': 'GetObject' } }),
    })
    expect([other.status, other.headers['content-type']]).toEqual([200, 'text/a'])
  })

  test('write; hoisted metadata count, the checksum of an empty body does not', async () => {
    const query = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-sdk-checksum-algorithm': 'CRC32', 'x-amz-meta-source': 'browser' }
    const answer = await send(server.port, {
      method: 'PUT',
      path: presign('PUT', '/presigned/new', { query }),
      body: 'written',
    })
    expect(answer.status).toBe(200)
    expect(await server.storage.head('presigned', 'new')).toMatchObject({ sizeBytes: 7, metadata: { source: 'browser' } })
  })

  test.each<[string, number, string, (path: string) => string]>([
    ['another key', 403, 'SignatureDoesNotMatch', path => path.replace('a%20key', 'b%20key')],
    ['a longer life', 403, 'SignatureDoesNotMatch', path => path.replace('Expires=60', 'Expires=600')],
    ['another signature', 403, 'SignatureDoesNotMatch', path => path.replace(/Signature=..../, 'Signature=0000')],
    ['another parameter', 403, 'SignatureDoesNotMatch', path => `${path}&versionId=null`],
    ['no signature', 400, 'AuthorizationQueryParametersError', path => path.replace(/&X-Amz-Signature=\w+/, '')],
    ['a life that is no number', 400, 'AuthorizationQueryParametersError', path => path.replace('Expires=60', 'Expires=soon')],
    ['more than a week', 400, 'AuthorizationQueryParametersError', path => path.replace('Expires=60', 'Expires=604801')],
    [
      'a day that is not the date',
      400,
      'AuthorizationQueryParametersError',
      path => path.replace(/%2F\d{8}%2F/, '%2F20200101%2F'),
    ],
  ])('%s: %i %s', async (_name, status, code, change) => {
    const answer = await send(server.port, { path: change(presign('GET', key)) })
    expect([answer.status, answer.code]).toEqual([status, code])
  })

  test('a method that was not signed', async () => {
    expect((await send(server.port, { method: 'DELETE', path: presign('GET', key) })).code).toBe('SignatureDoesNotMatch')
  })

  test('expired, and not yet valid', async () => {
    const path = presign('GET', key)
    const begin = clock
    clock = begin + 61_000
    const late = await send(server.port, { path })
    clock = begin - 16 * 60_000
    const early = await send(server.port, { path })
    clock = begin
    expect([late.status, late.code, /<Message>(.*?)</.exec(late.text)?.[1]]).toEqual([403, 'AccessDenied', 'Request has expired'])
    expect(late.text).toContain('<X-Amz-Expires>60</X-Amz-Expires>')
    expect([early.status, early.code]).toEqual([403, 'AccessDenied'])
  })
})

describe('virtual-host style', () => {
  test.each(['presigned.localhost', 'presigned.s3.localhost', 'presigned.s3.us-east-1.localhost'])('%s', async name => {
    const host = `${name}:${server.port}`
    const path = presign('GET', key.slice('/presigned'.length), { host })
    const answer = await send(server.port, { path, headers: { host } })
    expect([answer.status, answer.text]).toEqual([200, 'body'])
  })

  test('localhost alone is path style', async () => {
    const host = `localhost:${server.port}`
    const answer = await send(server.port, { path: presign('GET', key, { host }), headers: { host } })
    expect([answer.status, answer.text]).toEqual([200, 'body'])
  })

  test('the SDK without forcePathStyle', async () => {
    const { PutObjectCommand, GetObjectCommand } = await import('@aws-sdk/client-s3')
    const client = server.client({ endpoint: `http://localhost:${server.port}`, forcePathStyle: false })
    client.middlewareStack.add(
      next => args => {
        // Not every system resolves *.localhost; every browser and curl do.
        const request = args.request as { hostname: string }
        expect(request.hostname).toBe('presigned.localhost')
        request.hostname = '127.0.0.1'
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low', name: 'resolveLocalhost' },
    )
    await client.send(new PutObjectCommand({ Bucket: 'presigned', Key: 'dir/by host', Body: 'x' }))
    expect(await server.storage.head('presigned', 'dir/by host')).toBeDefined()
    expect(
      await (await client.send(new GetObjectCommand({ Bucket: 'presigned', Key: 'dir/by host' }))).Body?.transformToString(),
    ).toBe('x')
  })
})
