import { afterAll, beforeAll, expect, test } from 'vitest'
import { credentials, region, startTestServer, type TestServer } from '../s3/testServer.ts'
import { send, sha256, signed, type SignOptions } from './rawRequest.ts'

let server: TestServer
const empty = sha256('')

beforeAll(async () => {
  server = await startTestServer()
  await call({ method: 'PUT', path: '/signatures' })
})
afterAll(() => server.close())

/** Signs with good credentials unless told otherwise; `change` spoils the signed headers. */
async function call(options: Partial<SignOptions> & { body?: string; change?: (headers: Record<string, string>) => void } = {}) {
  const { method = 'GET', path = '/', body, change } = options
  const headers = { host: `127.0.0.1:${server.port}`, ...options.headers }
  const all = signed({ ...credentials, region, method, path, payload: sha256(body ?? ''), ...options, headers })
  change?.(all)
  return send(server.port, { method, path, headers: all, body })
}

test('a right signature is let in, and every answer has request ids', async () => {
  const answer = await call()
  expect(answer.status).toBe(200)
  expect(answer.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/)
  expect(answer.headers['x-amz-id-2']).toBeTruthy()
})

test('no signature', async () => {
  const answer = await send(server.port, { path: '/signatures/key' })
  expect([answer.status, answer.code]).toEqual([403, 'AccessDenied'])
  expect(answer.text).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code>.*<RequestId>.*<HostId>.*<\/Error>$/s,
  )
})

test.each<[string, number, string, Parameters<typeof call>[0]]>([
  ['wrong secret', 403, 'SignatureDoesNotMatch', { secretAccessKey: 'wrong' }],
  ['unknown key id', 403, 'InvalidAccessKeyId', { accessKeyId: 'AKIDOTHER' }],
  ['date 20 minutes ago', 403, 'RequestTimeTooSkewed', { date: new Date(Date.now() - 20 * 60_000) }],
  ['date in 20 minutes', 403, 'RequestTimeTooSkewed', { date: new Date(Date.now() + 20 * 60_000) }],
  ['other region', 400, 'AuthorizationHeaderMalformed', { region: 'eu-west-1' }],
  ['other service', 400, 'AuthorizationHeaderMalformed', { service: 'glue', headers: { 'x-amz-content-sha256': empty } }],
  ['changed header', 403, 'SignatureDoesNotMatch', { headers: { 'x-amz-meta-a': '1' }, change: h => (h['x-amz-meta-a'] = '2') }],
  ['header added unsigned', 403, 'AccessDenied', { change: h => (h['x-amz-meta-late'] = '1') }],
  ['no hash of the body', 400, 'InvalidRequest', { change: h => delete h['x-amz-content-sha256'] }],
  ['hash that is none', 400, 'InvalidArgument', { payload: 'abc' }],
  ['no date', 403, 'AccessDenied', { change: h => delete h['x-amz-date'] }],
  ['version 2', 400, 'InvalidRequest', { change: h => (h.authorization = 'AWS AKID:c2ln') }],
  ['another scheme', 400, 'InvalidArgument', { change: h => (h.authorization = 'Bearer abc') }],
  [
    'half a header',
    400,
    'AuthorizationHeaderMalformed',
    { change: h => (h.authorization = 'AWS4-HMAC-SHA256 Credential=a/b/c') },
  ],
  [
    'short scope',
    400,
    'AuthorizationHeaderMalformed',
    { change: h => (h.authorization = (h.authorization ?? '').replace(/\/aws4_request/, '')) },
  ],
  [
    'signature cut short',
    403,
    'SignatureDoesNotMatch',
    { change: h => (h.authorization = (h.authorization ?? '').slice(0, -1)) },
  ],
])('%s: %i %s', async (_name, status, code, options) => {
  const answer = await call(options)
  expect([answer.status, answer.code]).toEqual([status, code])
})

test('a changed body is refused and not stored', async () => {
  const path = '/signatures/changed'
  const headers = signed({
    ...credentials,
    method: 'PUT',
    path,
    payload: sha256('right'),
    headers: { host: `127.0.0.1:${server.port}` },
  })
  const answer = await send(server.port, { method: 'PUT', path, headers, body: 'wrong' })
  expect([answer.status, answer.code]).toEqual([400, 'XAmzContentSHA256Mismatch'])
  expect(await server.storage.head('signatures', 'changed')).toBeUndefined()
})

test('a wrong signature tells what was signed, as S3 does', async () => {
  const answer = await call({ secretAccessKey: 'wrong', path: '/signatures', headers: { 'x-amz-meta-x': '  a   b ' } })
  expect(answer.text).toContain('<StringToSign>AWS4-HMAC-SHA256\n')
  expect(answer.text).toContain('<CanonicalRequest>GET\n/signatures\n')
})

test('parameters are sorted and values tidied before they are signed', async () => {
  const answer = await call({
    path: '/signatures?delimiter=%2F&list-type=2&prefix=a%20b',
    headers: { 'x-amz-meta-x': 'a b' },
    change: h => (h['x-amz-meta-x'] = ' a   b  '),
  })
  expect(answer.status).toBe(200)
  const swapped = signed({
    ...credentials,
    path: '/signatures?delimiter=%2F&list-type=2',
    payload: empty,
    headers: { host: `127.0.0.1:${server.port}` },
  })
  expect((await send(server.port, { path: '/signatures?list-type=2&delimiter=/', headers: swapped })).status).toBe(200)
})

test('a path with fewer characters escaped than were signed is still the same path', async () => {
  const headers = signed({
    ...credentials,
    method: 'PUT',
    path: '/signatures/a%28b%29%2Bc',
    payload: sha256('x'),
    headers: { host: `127.0.0.1:${server.port}` },
  })
  const answer = await send(server.port, { method: 'PUT', path: '/signatures/a(b)+c', headers, body: 'x' })
  expect(answer.status).toBe(200)
  expect(await server.storage.head('signatures', 'a(b)+c')).toBeDefined()
})
