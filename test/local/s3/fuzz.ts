import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { basicTime, sha256, signed } from '../aws/rawRequest.ts'
import { random, type Random } from './random.ts'
import { credentials, startTestServer, type TestServer } from './testServer.ts'

const bucket = 'fuzz'
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'get', 'P\u00dcT', '']
const pieces = [
  '..',
  '.',
  '%2e%2e',
  '%2F',
  '%00',
  '%',
  '%zz',
  '%ff%fe',
  '/',
  '//',
  'a',
  'é',
  '\\',
  '?',
  '#',
  ' ',
  '%0d%0a',
  'x'.repeat(2000),
  '$(id)',
  '~',
  '_tmp',
  '_index.db',
]
const queries = [
  'list-type=2',
  'max-keys=-1',
  'max-keys=9999999999',
  'uploads',
  'uploadId=x',
  'partNumber=0',
  'versionId=../../x',
  'delete',
  'tagging',
  'acl',
  'prefix=%ff',
  'continuation-token=%00',
  '=',
  '&&',
  'x-id=PutObject',
  'versioning',
  'lifecycle',
  'attributes',
  'select',
  'encoding-type=url',
  'delimiter=',
  'versions',
  'key-marker=a',
  '__proto__=1',
  'constructor',
]
const headers: [string, string][] = [
  ['x-amz-copy-source', '/fuzz/../../etc/passwd'],
  ['x-amz-copy-source', '%zz'],
  ['range', 'bytes=-'],
  ['range', 'bytes=0-99999999999999999999'],
  ['if-match', '*'],
  ['if-none-match', '*'],
  ['if-modified-since', 'never'],
  ['content-md5', '!!!'],
  ['x-amz-checksum-crc32', 'AAAA'],
  ['x-amz-checksum-crc32', 'AAAAAA=='],
  ['x-amz-sdk-checksum-algorithm', 'CRC99'],
  ['x-amz-trailer', 'x-amz-checksum-crc32'],
  ['x-amz-decoded-content-length', '-1'],
  ['x-amz-decoded-content-length', '5'],
  ['content-encoding', 'aws-chunked,,gzip'],
  ['x-amz-meta-', ''],
  ['x-amz-meta-__proto__', 'x'],
  ['x-amz-tagging', '&&=&a=b&a=c'],
  ['x-amz-storage-class', 'x'],
  ['expect', '100-continue'],
  ['x-amz-metadata-directive', 'DROP'],
  ['x-amz-object-attributes', ',,'],
  ['x-amz-target', 'AWSGlue.'],
  ['content-type', 'a/b\u0080'],
]
const documents = [
  '<Delete><Object><Key>../../x</Key></Object></Delete>',
  '<Delete><Object><Key>a</Key><VersionId>..</VersionId></Object></Delete>',
  '<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>',
  `${'<a>'.repeat(500)}`,
  '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>',
  '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  '<CompleteMultipartUpload><Part><PartNumber>NaN</PartNumber><ETag/></Part></CompleteMultipartUpload>',
  '<LifecycleConfiguration><Rule/></LifecycleConfiguration>',
  '<Delete xmlns:a="b"><a:Object><Key>&#0;&#xFFFFFF;</Key></a:Object></Delete>',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;chunk-signature=0\r\nhello',
  'ffffffffffff\r\n',
  '0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
  '-5\r\nhello\r\n0\r\n\r\n',
  '\r\n\r\n\r\n',
  '{"a":1}',
]
const payloads = [
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'hash',
  'nonsense',
]

const framed = {
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '12',
  'x-amz-trailer': 'x-amz-checksum-crc32',
}
const aims: [method: string, path: string, body: string, more: { headers?: Record<string, string>; payload?: string }][] = [
  [
    'POST',
    '/fuzz?delete',
    '<Delete><Object><Key>b</Key><VersionId>null</VersionId></Object><Object><Key>c&amp;&#x1;</Key></Object><Quiet>true</Quiet></Delete>',
    {},
  ],
  ['PUT', '/fuzz/a?tagging', '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>', {}],
  ['PUT', '/fuzz?versioning', '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>', {}],
  [
    'PUT',
    '/fuzz?lifecycle',
    '<LifecycleConfiguration><Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
    {},
  ],
  [
    'PUT',
    '/another-bucket',
    '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
    {},
  ],
  [
    'PUT',
    '/fuzz/framed',
    '5\r\nhello\r\n7\r\n, world\r\n0\r\nx-amz-checksum-crc32:/3IErg==\r\n\r\n',
    { headers: framed, payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
  ],
  [
    'PUT',
    '/fuzz/framed',
    `c;chunk-signature=${'0'.repeat(64)}\r\nhello, world\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`,
    { headers: framed, payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' },
  ],
  ['PUT', '/fuzz/plain', 'any bytes at all', {}],
]

/** Sends `cases` seeded requests, each wrong in some way, most of them well signed so that they reach the operations. The client ends its side
 *  after each and listens, so every one, cut short or not, must be answered with HTTP below 500 (or 501); afterwards the server still works, has logged nothing and has no file out of place. */
export async function fuzz({ cases, seed }: { cases: number; seed: number }): Promise<Map<number, number>> {
  const server = await startTestServer()
  const statuses = new Map<number, number>()
  try {
    const next = random(seed)
    for (let done = 0; done < cases; done += 20) {
      // Some requests are good enough to delete what is there.
      await server.storage.createBucket(bucket)
      await server.storage.put(bucket, 'a', Buffer.from('kept'))
      const batch = Array.from({ length: Math.min(20, cases - done) }, () => request(next, server.port))
      for (const [index, status] of (await Promise.all(batch.map(bytes => send(server.port, bytes)))).entries()) {
        if ((status >= 500 && status !== 501) || (status === 0 && batch[index]!.length > 0))
          throw new Error(`status ${status} for ${JSON.stringify(batch[index]?.toString('latin1').slice(0, 2000))}`)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    await checkServer(server)
  } finally {
    await server.close()
  }
  return statuses
}

async function checkServer(server: TestServer): Promise<void> {
  if (server.logged.length > 0) throw new Error(server.logged.join('\n'))
  await server.storage.createBucket(bucket)
  await server.storage.put(bucket, 'after', Buffer.from('alive'))
  if ((await server.storage.head(bucket, 'after'))?.sizeBytes !== 5) throw new Error('the server does not work any more')
  const top = readdirSync(server.dir).filter(name => !name.startsWith('_index.db'))
  const strangers = top.filter(
    name => !['_tmp', '_uploads', '_journal.jsonl', '_boot-id'].includes(name) && !server.storage.hasBucket(name),
  )
  if (strangers.length > 0) throw new Error(`files out of place: ${strangers.join(', ')}`)
  const left = readdirSync(join(server.dir, '_tmp'))
  if (left.length > 0) throw new Error(`temporary files were left: ${left.join(', ')}`)
}

function request(next: Random, port: number): Buffer {
  return next(2) === 0 ? aimed(next, port) : wild(next, port)
}

/** An operation that takes a document or a framed body, in every respect right but for the body: that gets as far as the parsers. */
function aimed(next: Random, port: number): Buffer {
  const [method, path, document, more] = aims[next(aims.length)] as (typeof aims)[number]
  const whole = Buffer.from(next(4) === 0 ? (documents[next(documents.length)] as string) : document)
  const body = next(6) === 0 ? whole : spoil(whole, next)
  const md5 = { 'content-md5': createHash('md5').update(body).digest('base64') }
  const headers = { host: `127.0.0.1:${port}`, ...(more.payload ? {} : md5), ...more.headers }
  return serialize(method, path, sign(method, path, headers, more.payload ?? sha256(body)), body)
}

function wild(next: Random, port: number): Buffer {
  const pick = <T>(from: T[]): T => from[next(from.length)] as T
  const some = <T>(from: T[], most: number): T[] => Array.from({ length: next(most + 1) }, () => pick(from))
  const method = next(8) === 0 ? pick(methods) : pick(methods.slice(0, 5))
  const key = next(3) === 0 ? 'a' : some(pieces, 4).join('')
  const query = next(2) === 0 ? `?${some(queries, 3).join('&')}` : ''
  const path = `${next(6) === 0 ? '' : `/${bucket}/`}${key}${query}`
  const body = Buffer.from(next(3) === 0 ? pick(documents) : `${pick(documents)}${pick(pieces)}`)
  const payload = pick(payloads)
  const extra = Object.fromEntries(some(headers, 4))
  const hash = payload === 'hash' ? sha256(body) : payload
  let all: Record<string, string> = { host: `127.0.0.1:${port}`, ...extra }
  if (next(10) > 0) all = sign(method, path, all, hash)
  const length = next(12) === 0 ? next(100) : body.length
  const bytes = serialize(method, path, all, body, next(15) === 0 ? 'transfer-encoding: chunked' : `content-length: ${length}`)
  return next(12) === 0 ? spoil(bytes, next) : bytes
}

function serialize(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
  framing = `content-length: ${body.length}`,
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n${framing}\r\nconnection: close\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

/** Signs what the server will see; where that cannot be signed (no such path), any signature does. */
function sign(method: string, path: string, headers: Record<string, string>, payload: string): Record<string, string> {
  try {
    const [uri = '', query = ''] = path.split('?')
    const pairs = new Map<string, string>()
    for (const pair of query.split('&')) {
      const [name = '', value = ''] = pair.split('=', 2)
      if (pair !== '' && !pairs.has(name)) pairs.set(name, value)
    }
    const tidy = (text: string): string => encodeURIComponent(decodeURIComponent(text))
    const sorted = [...pairs]
      .map(([name, value]) => `${tidy(name)}=${tidy(value)}`)
      .sort()
      .join('&')
    return signed({ ...credentials, method, path: `${uri}?${sorted}`, headers, payload })
  } catch {
    return { ...headers, 'x-amz-date': basicTime(new Date()), authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request' }
  }
}

function spoil(bytes: Buffer, next: Random): Buffer {
  const changed = Buffer.from(bytes)
  for (let i = 0; i <= next(5); i++) changed[next(changed.length)] = next(256)
  return next(3) === 0 ? changed.subarray(0, next(changed.length)) : changed
}

/** Answers the HTTP status, 0 when the server closed without one. */
function send(port: number, bytes: Buffer): Promise<number> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    let head = ''
    socket.on('data', chunk => {
      head += chunk.toString('latin1', 0, 100)
      if (/^HTTP\/1\.1 (?!100)\d{3}/.test(head)) socket.destroy()
    })
    socket.setTimeout(20_000, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(Number([...head.matchAll(/HTTP\/1\.1 (\d{3})/g)].at(-1)?.[1] ?? 0)))
    socket.end(bytes)
  })
}
