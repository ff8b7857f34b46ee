import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHasher, type ChecksumAlgorithm } from '../../../lib/local/s3/checksum.ts'
import { basicTime, send, sha256, signed, signingKey } from '../aws/rawRequest.ts'
import { credentials, startTestServer, type TestServer } from './testServer.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await server.storage.createBucket('chunks')
})
afterAll(() => server.close())

const CRLF = '\r\n'
const crc = async (algorithm: ChecksumAlgorithm, data: string | Buffer): Promise<string> => {
  const hasher = createHasher(algorithm)
  hasher.update(Buffer.from(data))
  return hasher.digest()
}

interface Upload {
  key?: string
  chunks: (string | Buffer)[]
  payload?: string
  headers?: Record<string, string>
  /** Trailing headers, already formed. */
  trailer?: string
  spoil?: (body: Buffer) => Buffer
}

/** A body in aws-chunked form, signed chunk by chunk where the payload says so. */
async function put({
  key = 'object',
  chunks,
  payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  headers = {},
  trailer = '',
  spoil = body => body,
}: Upload) {
  const date = new Date()
  const size = chunks.reduce((sum, chunk) => sum + Buffer.from(chunk).length, 0)
  const path = `/chunks/${key}`
  const all = signed({
    ...{ ...credentials, method: 'PUT', path, payload, date },
    headers: {
      host: `127.0.0.1:${server.port}`,
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(size),
      ...headers,
    },
  })
  const scope = `${basicTime(date).slice(0, 8)}/us-east-1/s3/aws4_request`
  const chain = (kind: string, ...hashes: string[]): string => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, basicTime(date), scope, previous, ...hashes].join('\n')
    return (previous = createHmac('sha256', signingKey(credentials, date)).update(text).digest('hex'))
  }
  let previous = /Signature=(.*)$/.exec(all.authorization ?? '')?.[1] ?? ''
  const isSigned = !payload.includes('UNSIGNED')
  const parts = [...chunks, ''].flatMap(chunk => {
    const extension = isSigned ? `;chunk-signature=${chain('PAYLOAD', sha256(''), sha256(Buffer.from(chunk)))}` : ''
    const head = Buffer.from(chunk).length.toString(16) + extension + CRLF
    return chunk.length === 0 ? [Buffer.from(head)] : [Buffer.from(head), Buffer.from(chunk), Buffer.from(CRLF)]
  })
  if (trailer) parts.push(Buffer.from(trailer))
  if (trailer && isSigned)
    parts.push(Buffer.from(`x-amz-trailer-signature:${chain('TRAILER', sha256(trailer.replaceAll(CRLF, '\n')))}${CRLF}`))
  parts.push(Buffer.from(CRLF))
  return send(server.port, { method: 'PUT', path, headers: all, body: spoil(Buffer.concat(parts)) })
}

async function stored(key = 'object'): Promise<string | undefined> {
  if (!(await server.storage.head('chunks', key))) return undefined
  const chunks: Buffer[] = []
  for await (const chunk of await server.storage.read('chunks', key)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

const big = Buffer.alloc(300_000, 'abcdefg')

test.each<[string, Omit<Upload, 'key'>]>([
  ['signed chunks', { chunks: [big, 'end'] }],
  [
    'unsigned with trailer',
    { chunks: [big, 'end'], payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' } },
  ],
  [
    'signed with trailer',
    {
      chunks: [big, 'end'],
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      headers: { 'x-amz-trailer': 'x-amz-checksum-sha256' },
    },
  ],
  ['empty body', { chunks: [] }],
])('%s', async (name, upload) => {
  const key = encodeURIComponent(name)
  const data = Buffer.concat(upload.chunks.map(chunk => Buffer.from(chunk)))
  const header = upload.headers?.['x-amz-trailer']
  const algorithm = header?.endsWith('crc32') ? 'CRC32' : 'SHA256'
  const trailer = header && `${header}:${await crc(algorithm, data)}${CRLF}`
  const answer = await put({ ...upload, key, trailer })
  expect([answer.status, answer.text]).toEqual([200, ''])
  expect(await stored(name)).toBe(data.toString('latin1'))
  if (header) expect(answer.headers[header]).toBe(await crc(algorithm, data))
  expect((await server.storage.head('chunks', name))?.contentEncoding).toBeUndefined()
})

test.each<[string, string, number, Omit<Upload, 'key'>]>([
  [
    'a changed byte in a signed chunk',
    'SignatureDoesNotMatch',
    403,
    { chunks: ['hello world'], spoil: body => Buffer.from(body.toString('latin1').replace('hello', 'jello'), 'latin1') },
  ],
  [
    'a changed chunk signature',
    'SignatureDoesNotMatch',
    403,
    {
      chunks: ['hello'],
      spoil: body => Buffer.from(body.toString('latin1').replace(/signature=.{4}/, 'signature=0000'), 'latin1'),
    },
  ],
  ['a body that ends early', 'IncompleteBody', 400, { chunks: ['hello', 'world'], spoil: body => body.subarray(0, 100) }],
  [
    'a length that is no number',
    'IncompleteBody',
    400,
    { chunks: ['hello'], spoil: body => Buffer.from(body.toString('latin1').replace(/^5;/, 'zz;'), 'latin1') },
  ],
  ['fewer bytes than announced', 'IncompleteBody', 400, { chunks: ['hello'], headers: { 'x-amz-decoded-content-length': '6' } }],
  [
    'unsigned chunks where signed ones were announced',
    'SignatureDoesNotMatch',
    403,
    { chunks: ['hello'], spoil: () => Buffer.from(`5${CRLF}hello${CRLF}0${CRLF}${CRLF}`) },
  ],
  [
    'a wrong trailing checksum',
    'BadDigest',
    400,
    {
      chunks: ['hello'],
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' },
      trailer: `x-amz-checksum-crc32:AAAAAA==${CRLF}`,
    },
  ],
  [
    'a missing trailing checksum',
    'MalformedTrailerError',
    400,
    { chunks: ['hello'], payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' } },
  ],
  [
    'a changed trailer',
    'SignatureDoesNotMatch',
    403,
    {
      chunks: ['hello'],
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' },
      trailer: `x-amz-checksum-crc32:NhCmhg==${CRLF}`,
      spoil: body => Buffer.from(body.toString('latin1').replace('NhCmhg', 'NhCmhh'), 'latin1'),
    },
  ],
])('%s is refused and nothing stored', async (_name, code, status, upload) => {
  const answer = await put({ ...upload, key: 'refused' })
  expect([answer.status, answer.code]).toEqual([status, code])
  expect(await stored('refused')).toBeUndefined()
})

describe("AWS's own examples", () => {
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
  const chunk = (size: number, signature: string): string =>
    `${size.toString(16)};chunk-signature=${signature}${CRLF}${'a'.repeat(size)}${size > 0 ? CRLF : ''}`

  test.each([
    {
      name: 'signed chunks',
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      more: { 'content-length': '66824' } as Record<string, string>,
      signedHeaders:
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
      seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      chunks: [
        'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
        '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
        'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
      ],
      trailer: '',
    },
    {
      name: 'signed chunks with a trailer',
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      more: { 'x-amz-trailer': 'x-amz-checksum-crc32c' } as Record<string, string>,
      signedHeaders:
        'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
      seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      chunks: [
        'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
        '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
        '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      ],
      trailer: `x-amz-checksum-crc32c:sOO8/Q==${CRLF}x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435${CRLF}`,
    },
  ])('$name', async ({ payload, more, signedHeaders, seed, chunks, trailer }) => {
    const aws = await startTestServer({
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
      now: () => Date.UTC(2013, 4, 24),
    })
    try {
      await aws.storage.createBucket('examplebucket')
      const headers: Record<string, string> = {
        host: 's3.amazonaws.com',
        'x-amz-date': '20130524T000000Z',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signedHeaders},Signature=${seed}`,
        'x-amz-content-sha256': payload,
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        ...more,
      }
      const [one = '', two = '', end = ''] = chunks
      const body = `${chunk(65536, one)}${chunk(1024, two)}${chunk(0, end)}${trailer}${CRLF}`
      const answer = await send(aws.port, { method: 'PUT', path: '/examplebucket/chunkObject.txt', headers, body })
      expect([answer.status, answer.text]).toEqual([200, ''])
      expect((await aws.storage.head('examplebucket', 'chunkObject.txt'))?.sizeBytes).toBe(66560)
    } finally {
      await aws.close()
    }
  })
})
