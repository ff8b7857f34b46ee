import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServiceError } from '../../../lib/local/aws/errors.ts'
import type { JsonService } from '../../../lib/local/aws/json.ts'
import { startAwsServer } from '../../../lib/local/aws/server.ts'
import { credentials, region, startTestServer, type TestServer } from '../s3/testServer.ts'
import { send, sha256, signed, type SignOptions } from './rawRequest.ts'

let server: TestServer
const glue: JsonService = {
  target: 'AWSGlue',
  operations: {
    Echo: (input: { Name?: string }) => ({ Name: input.Name, When: 1.5 }),
    Refuse: () => {
      throw new ServiceError('EntityNotFoundException', 'Database x not found.', { fields: { Kind: 'database' } })
    },
    Break: () => {
      throw new Error('a secret of the inside')
    },
  },
  close: async () => {},
}

beforeAll(async () => {
  server = await startTestServer({ json: [glue] })
})
afterAll(() => server.close())

async function call(operation: string, body: string, options: Partial<SignOptions> & { sent?: string; target?: string } = {}) {
  const headers = {
    host: `127.0.0.1:${server.port}`,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `${options.target ?? 'AWSGlue'}.${operation}`,
  }
  const all = signed({ ...credentials, region, service: 'glue', method: 'POST', payload: sha256(body), headers, ...options })
  const answer = await send(server.port, { method: 'POST', headers: all, body: options.sent ?? body })
  return { ...answer, json: JSON.parse(answer.text) as Record<string, unknown> }
}

describe('JSON services', () => {
  test('an operation answers, with a request id', async () => {
    const { status, json, headers } = await call('Echo', '{"Name":"é"}')
    expect([status, json]).toEqual([200, { Name: 'é', When: 1.5 }])
    expect(headers['content-type']).toBe('application/x-amz-json-1.1')
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9A-F]{16}$/)
  })

  test('a refusal carries the code, the sentence and its fields', async () => {
    const { status, json } = await call('Refuse', '{}')
    expect([status, json]).toEqual([
      400,
      { __type: 'EntityNotFoundException', Message: 'Database x not found.', Kind: 'database' },
    ])
  })

  test('what breaks inside is logged, not told', async () => {
    const { status, json, text } = await call('Break', '{}')
    expect([status, json.__type]).toEqual([500, 'InternalServiceException'])
    expect(text).not.toContain('secret')
    expect(server.logged.splice(0).join()).toContain('a secret of the inside')
  })

  test.each<[string, string, string, string, Parameters<typeof call>[2]]>([
    ['an unknown operation', 'Nothing', '{}', 'UnknownOperationException', {}],
    ['a name of every object', 'constructor', '{}', 'UnknownOperationException', {}],
    ['an unknown service', 'Echo', '{}', 'UnknownOperationException', { target: 'AmazonNothing', service: 'AmazonNothing' }],
    ['no JSON', 'Echo', '{', 'SerializationException', {}],
    ['no object', 'Echo', '[]', 'SerializationException', {}],
    ['a wrong secret', 'Echo', '{}', 'InvalidSignatureException', { secretAccessKey: 'wrong' }],
    ['a changed body', 'Echo', '{}', 'InvalidSignatureException', { sent: '{ }' }],
    ['an unknown key id', 'Echo', '{}', 'UnrecognizedClientException', { accessKeyId: 'AKIDOTHER' }],
    ['an old date', 'Echo', '{}', 'InvalidSignatureException', { date: new Date(Date.now() - 3_600_000) }],
    ['another region', 'Echo', '{}', 'InvalidSignatureException', { region: 'eu-west-1' }],
    ['a signature for another service', 'Echo', '{}', 'InvalidSignatureException', { service: 'athena' }],
  ])('%s', async (_name, operation, body, type, options) => {
    const { status, json } = await call(operation, body, options)
    expect([status, json.__type]).toEqual([400, type])
  })

  test('no signature at all', async () => {
    const answer = await send(server.port, { method: 'POST', headers: { 'x-amz-target': 'AWSGlue.Echo' }, body: '{}' })
    expect([answer.status, JSON.parse(answer.text).__type]).toEqual([400, 'MissingAuthenticationTokenException'])
  })
})

describe('the server', () => {
  test('a refused body is read to its end: the connection serves the next request', async () => {
    await server.storage.createBucket('refusals')
    const { RawConnection } = await import('../s3/rawClient.ts')
    const connection = new RawConnection({ port: server.port, ...credentials })
    const big = Buffer.alloc(8_000_000, 'x')
    const refused = await connection.request('PUT', '/refusals/key', big, { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' })
    expect([refused.status, refused.body.toString()]).toEqual([400, expect.stringContaining('BadDigest')])
    expect((await connection.request('PUT', '/no-such-bucket/key', big)).status).toBe(404)
    const chunked = { 'x-amz-decoded-content-length': '8000000', 'x-amz-trailer': 'x-amz-checksum-crc32' }
    expect((await connection.request('PUT', '/refusals/key', big, chunked, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')).status).toBe(
      400,
    )
    expect(
      (await connection.request('POST', '/refusals?delete=', big, { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' })).status,
    ).toBe(400)
    expect((await connection.request('GET', '/refusals')).status).toBe(200)
    connection.close()
  })

  test('STS tells who is asking', async () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15'
    const headers = { host: `127.0.0.1:${server.port}`, 'content-type': 'application/x-www-form-urlencoded' }
    const all = signed({ ...credentials, service: 'sts', method: 'POST', payload: sha256(body), headers })
    const answer = await send(server.port, { method: 'POST', headers: all, body })
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('<Account>000000000000</Account>')])
    const wrong = await send(server.port, { method: 'POST', headers: { ...all, 'x-amz-date': '20200101T000000Z' }, body })
    expect(wrong.status).toBe(400)
  })

  test('bytes that are no HTTP are answered as S3 does', async () => {
    const { connect } = await import('node:net')
    const text = await new Promise<string>(resolve => {
      let all = ''
      const socket = connect(server.port, '127.0.0.1', () => socket.write('this is no request\r\n\r\n'))
      socket.on('data', chunk => (all += chunk))
      socket.on('close', () => resolve(all))
    })
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*<Code>BadRequest<\/Code>/s)
  })

  test.each([
    ['a whole request', '', '200 OK'],
    ['a body cut short', 'content-length: 999\r\n', '400 Bad Request\r\n.*<Code>IncompleteBody</Code>'],
    ['a head cut short', 'x-amz-', '400 Bad Request\r\n.*<Code>BadRequest</Code>'],
  ])('a client that has ended its side is answered: %s', async (_name, more, expected) => {
    await server.storage.createBucket('half-closed')
    const path = '/half-closed/key'
    const given = { host: `127.0.0.1:${server.port}`, connection: 'close' }
    const headers = signed({ ...credentials, method: 'PUT', path, payload: sha256('body'), headers: given })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const length = more === '' ? 'content-length: 4\r\n' : more
    const end = more === 'x-amz-' ? '' : '\r\nbody'
    const { connect } = await import('node:net')
    const text = await new Promise<string>(resolve => {
      let all = ''
      const socket = connect(server.port, '127.0.0.1')
      socket.on('data', chunk => (all += chunk))
      socket.on('close', () => resolve(all))
      socket.end(`PUT ${path} HTTP/1.1\r\n${lines.join('')}${length}${end}`)
    })
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${expected}`, 's'))
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(server.logged).toEqual([])
  })

  test('a taken port is EADDRINUSE', async () => {
    const s3 = async () => {}
    await expect(startAwsServer({ port: server.port, region, credentials, s3 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('listens on loopback, and closes while connections idle', async () => {
    const other = await startTestServer()
    expect(other.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const { Agent, get } = await import('node:http')
    const agent = new Agent({ keepAlive: true })
    await new Promise<void>(resolve =>
      get({ port: other.port, host: '127.0.0.1', agent }, answer => answer.resume().on('end', resolve)),
    )
    await other.close()
    agent.destroy()
  })
})
