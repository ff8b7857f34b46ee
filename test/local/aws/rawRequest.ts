import { createHash, createHmac } from 'node:crypto'
import { request } from 'node:http'

export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  text: string
  /** Of an XML error. */
  code: string | undefined
}

/** Sends exactly these headers and bytes. */
export function send(
  port: number,
  {
    method = 'GET',
    path = '/',
    headers = {},
    body,
  }: { method?: string; path?: string; headers?: Record<string, string | string[]>; body?: Uint8Array | string },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', chunk => chunks.push(chunk as Buffer))
      answer.on('error', reject)
      answer.on('end', () => {
        const all = Buffer.concat(chunks)
        const text = all.toString()
        const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1]
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: all, text, code })
      })
    })
    call.on('error', reject)
    call.end(body)
  })
}

export interface SignOptions {
  accessKeyId: string
  secretAccessKey: string
  region?: string
  service?: string
  method?: string
  /** Encoded, with its query sorted and encoded. */
  path?: string
  headers: Record<string, string>
  payload: string
  date?: Date
}

export const basicTime = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '')
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export function signingKey(
  { secretAccessKey, region = 'us-east-1', service = 's3' }: Pick<SignOptions, 'secretAccessKey' | 'region' | 'service'>,
  date: Date,
): Buffer {
  return [basicTime(date).slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  ) as Buffer
}

/** Signs a request by the letter of AWS's description, apart from the code under test. Answers all its headers. */
export function signed(options: SignOptions): Record<string, string> {
  const { accessKeyId, region = 'us-east-1', service = 's3', method = 'GET', path = '/', payload, date = new Date() } = options
  const headers: Record<string, string> = { ...options.headers, 'x-amz-date': basicTime(date) }
  if (service === 's3') headers['x-amz-content-sha256'] = payload
  const names = Object.keys(headers)
    .map(name => name.toLowerCase())
    .sort()
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]))
  const [uri, query = ''] = path.split('?')
  const canonical = [method, uri, query, ...names.map(name => `${name}:${values.get(name)}`), '', names.join(';'), payload].join(
    '\n',
  )
  const scope = [basicTime(date).slice(0, 8), region, service, 'aws4_request'].join('/')
  const text = ['AWS4-HMAC-SHA256', basicTime(date), scope, sha256(canonical)].join('\n')
  const signature = createHmac('sha256', signingKey(options, date)).update(text).digest('hex')
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return headers
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

export interface PresignOptions {
  accessKeyId: string
  secretAccessKey: string
  method: string
  /** Encoded, without a query. */
  path: string
  query?: Record<string, string>
  headers: Record<string, string>
  expiresIn?: number
  date?: Date
}

/** Path and query of a presigned URL, by the letter of AWS's description. */
export function presigned({
  accessKeyId,
  secretAccessKey,
  method,
  path,
  query = {},
  headers,
  expiresIn = 60,
  date = new Date(),
}: PresignOptions): string {
  const scope = [basicTime(date).slice(0, 8), 'us-east-1', 's3', 'aws4_request'].join('/')
  const names = Object.keys(headers).sort()
  const all: Record<string, string> = {
    ...query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': basicTime(date),
    'X-Amz-Expires': String(expiresIn),
    'X-Amz-SignedHeaders': names.join(';'),
  }
  const pairs = Object.entries(all)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const canonical = [
    method,
    path,
    pairs,
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', basicTime(date), scope, sha256(canonical)].join('\n')
  return `${path}?${pairs}&X-Amz-Signature=${createHmac('sha256', signingKey({ secretAccessKey }, date)).update(text).digest('hex')}`
}
