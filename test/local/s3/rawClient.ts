import { createHmac, hash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { basicTime, sha256, signingKey } from '../aws/rawRequest.ts'

export interface RawClientOptions {
  port: number
  accessKeyId: string
  secretAccessKey: string
}

interface Answer {
  status: number
  head: string
  body: Buffer
}

const emptyHash = sha256('')

/** A signed keep-alive connection that costs next to nothing beside the server it measures: one request at a time, answers with a
 *  Content-Length or none. */
export class RawConnection {
  private readonly socket: Socket
  private readonly options: RawClientOptions
  private readonly date = new Date()
  private readonly key: Buffer
  private chunks: Buffer[] = []
  private settle?: { method: string; resolve: (answer: Answer) => void; reject: (error: Error) => void }

  constructor(options: RawClientOptions) {
    this.options = options
    this.key = signingKey(options, this.date)
    this.socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
    this.socket.on('data', chunk => this.receive(chunk))
    this.socket.on('error', error => this.fail(error))
    this.socket.on('close', () => this.fail(new Error('the connection was closed')))
  }

  /** `path` is encoded; a query in it is sorted. `payload` is signed in place of the body's hash. */
  request(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}, payload?: string): Promise<Answer> {
    const head = this.head(method, path, body, headers, payload ?? (body ? hash('sha256', body) : emptyHash))
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(new Error('the connection was closed'))
      this.settle = { method, resolve, reject }
      this.socket.cork()
      this.socket.write(head)
      if (body) this.socket.write(body)
      this.socket.uncork()
    })
  }

  close(): void {
    this.socket.destroy()
  }

  private head(method: string, path: string, body: Buffer | undefined, more: Record<string, string>, payload: string): string {
    const { accessKeyId, port } = this.options
    const date = basicTime(this.date)
    const headers: Record<string, string> = {
      host: `127.0.0.1:${port}`,
      'x-amz-content-sha256': payload,
      'x-amz-date': date,
      ...more,
    }
    const names = Object.keys(headers).sort()
    const [uri, query = ''] = path.split('?')
    const lines = names.map(name => `${name}:${headers[name]}`).join('\n')
    const canonical = `${method}\n${uri}\n${query}\n${lines}\n\n${names.join(';')}\n${payload}`
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
    const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical)}`
    const signature = createHmac('sha256', this.key).update(text).digest('hex')
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
    const length = body ? `content-length: ${body.length}\r\n` : ''
    return `${method} ${path} HTTP/1.1\r\n${lines.replaceAll('\n', '\r\n')}\r\nauthorization: ${authorization}\r\n${length}\r\n`
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk)
    const all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks)
    this.chunks = [all]
    const end = all.indexOf('\r\n\r\n')
    if (end < 0 || !this.settle) return
    const head = all.toString('latin1', 0, end)
    const length = this.settle.method === 'HEAD' ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (all.length < end + 4 + length) return
    const { resolve } = this.settle
    this.settle = undefined
    this.chunks = []
    resolve({ status: Number(head.slice(9, 12)), head, body: all.subarray(end + 4, end + 4 + length) })
  }

  private fail(error: Error): void {
    this.settle?.reject(error)
    this.settle = undefined
  }
}
