import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../../../lib/local/broker/apis/api.ts'
import { Reader } from '../../../lib/local/broker/wire/reader.ts'
import { Writer } from '../../../lib/local/broker/wire/writer.ts'

type RequestOf<A> = A extends Api<infer Request, unknown> ? Request : never
type ResponseOf<A> = A extends Api<never, infer Response> ? Response : A extends Api<infer _, infer Response> ? Response : never

/** A client that speaks in frames: what it sends and what comes back is in the test's hands. */
export class Wire {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake: () => void = () => {}
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  static open({ host, port }: { host: string; port: number }): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new Wire(socket)))
      socket.setNoDelay(true)
      socket.once('error', reject)
    })
  }

  /** Sends bytes as they are. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** The next frame without its size, or `closed`. */
  async receive(timeoutMs = 30_000): Promise<Buffer | 'closed' | 'nothing'> {
    for (const deadline = Date.now() + timeoutMs; ;) {
      const size = this.#received.length >= 4 ? this.#received.readInt32BE(0) : Infinity
      if (this.#received.length >= size + 4) {
        const frame = this.#received.subarray(4, size + 4)
        this.#received = this.#received.subarray(size + 4)
        return frame
      }
      if (this.#closed) return 'closed'
      const left = deadline - Date.now()
      if (left <= 0) return 'nothing'
      const woken = new Promise<void>(resolve => (this.#wake = resolve))
      const timer = new AbortController()
      await Promise.race([woken, sleep(left, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
    }
  }

  /** Sends a request and answers what comes back, decoded. */
  async call<A extends Api>(api: A, version: number, request: Partial<RequestOf<A>>): Promise<ResponseOf<A>> {
    this.send(encodeRequest(api, version, request, ++this.#correlationId))
    const frame = await this.receive()
    if (typeof frame === 'string') throw new Error(`${api.name} v${version}: ${frame}`)
    const reader = new Reader(frame)
    if (reader.int32() !== this.#correlationId) throw new Error(`${api.name} v${version}: another request's answer`)
    const response = api.response.read(reader, version)
    if (reader.remaining > 0) throw new Error(`${api.name} v${version}: ${reader.remaining} bytes after the answer`)
    return response
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** A whole frame with its size. */
export function encodeRequest<A extends Api>(api: A, version: number, request: Partial<RequestOf<A>>, correlationId = 1): Buffer {
  const writer = new Writer()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  writer.nullableString('contract')
  api.request.write(writer, request, version)
  const frame = writer.toBuffer()
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** A frame from its parts, for requests that no table describes. */
export function frame(...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}
