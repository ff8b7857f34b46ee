import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { credentials, startTestServer, type TestServer } from '../s3/testServer.ts'
import { send } from './rawRequest.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await server.storage.createBucket('older')
  await server.storage.put('older', 'a b', Buffer.from('body'))
})
afterAll(() => server.close())

/** As boto3 presigns by default where an endpoint is given. */
function url(
  method: string,
  resource: string,
  { expires = Math.floor(Date.now() / 1000) + 60, secret = credentials.secretAccessKey, path = resource } = {},
): string {
  const signature = createHmac('sha1', secret).update([method, '', '', expires, resource].join('\n')).digest('base64')
  const query = `AWSAccessKeyId=${credentials.accessKeyId}&Signature=${encodeURIComponent(signature)}&Expires=${expires}`
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}

test('a URL presigned with Signature V2 is verified too', async () => {
  expect(await send(server.port, { path: url('GET', '/older/a%20b') })).toMatchObject({ status: 200, text: 'body' })
  expect(
    await send(server.port, {
      path: url('GET', '/older/a%20b?response-content-type=a/b', { path: '/older/a%20b?response-content-type=a%2Fb' }),
    }),
  ).toMatchObject({ status: 200 })
  expect(await send(server.port, { method: 'PUT', path: url('PUT', '/older/new'), body: 'x' })).toMatchObject({ status: 200 })
  const host = `older.localhost:${server.port}`
  expect(await send(server.port, { path: url('GET', '/older/a%20b', { path: '/a%20b' }), headers: { host } })).toMatchObject({
    status: 200,
    text: 'body',
  })
})

test('and refused when it is wrong, late, or used for something else', async () => {
  const refused = async (path: string, method = 'GET') => (await send(server.port, { path, method })).code
  expect(await refused(url('GET', '/older/a%20b', { secret: 'wrong' }))).toBe('SignatureDoesNotMatch')
  expect(await refused(url('GET', '/older/a%20b', { expires: 1000 }))).toBe('AccessDenied')
  expect(await refused(url('GET', '/older/a%20b'), 'DELETE')).toBe('SignatureDoesNotMatch')
  expect(await refused(`${url('GET', '/older/a%20b')}&versionId=null`)).toBe('SignatureDoesNotMatch')
  expect(await refused(url('GET', '/older/a%20b').replace('AKIDTEST', 'AKIDOTHER'))).toBe('InvalidAccessKeyId')
  expect(await refused(url('GET', '/older/a%20b').replace(/Expires=\d+/, 'Expires=soon'))).toBe('AccessDenied')
})
