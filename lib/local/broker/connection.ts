import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { respond } from './dispatch.ts'
import type { BrokerState } from './state.ts'
import { MalformedRequest } from './wire/reader.ts'

/** Bytes of a connection that may wait while a request is being served; then its socket is not read for a while. */
const maxWaitingBytes = 1 << 20
/** After this long at a stretch other connections get their turn. */
const turnMs = 20

/** One client: cuts its bytes into frames (int32 size, then that many bytes) and serves them one after the other, as Kafka does. */
export class Connection {
  readonly #socket: Socket
  readonly #broker: BrokerState
  readonly #peer: string
  readonly #gone = new AbortController()
  #chunks: Buffer[] = []
  #bytes = 0
  #frameSpace: Buffer = Buffer.alloc(0)
  #serving = false

  constructor(socket: Socket, broker: BrokerState) {
    this.#socket = socket
    this.#broker = broker
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`
    socket.setNoDelay(true)
    socket.setTimeout(Math.max(0, broker.properties.number('connections.max.idle.ms')), () => this.#idle())
    socket.on('data', chunk => this.#data(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#forget()
      this.#gone.abort()
    })
  }

  #idle(): void {
    if (!this.#serving) this.#socket.destroy()
  }

  #data(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const { receiving, properties } = this.#broker
    receiving.bytes += chunk.length
    const limit = properties.number('queued.max.request.bytes')
    if (limit > 0 && receiving.bytes > limit) {
      return this.#refuse(
        new MalformedRequest(`all connections together have sent more than queued.max.request.bytes (${limit})`),
      )
    }
    if (this.#serving) {
      if (this.#bytes > maxWaitingBytes) this.#socket.pause()
      return
    }
    void this.#serve()
  }

  async #serve(): Promise<void> {
    this.#serving = true
    try {
      let turn = performance.now()
      for (let frame = this.#frame(); frame && !this.#gone.signal.aborted; frame = this.#frame()) {
        const response = await respond(this.#broker, frame, this.#peer, this.#gone.signal)
        if (response && !this.#write(response)) await this.#drained()
        if (performance.now() - turn < turnMs) continue
        await setImmediate()
        turn = performance.now()
      }
      if (this.#socket.isPaused()) this.#socket.resume()
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#serving = false
    }
  }

  /** The next whole frame without its size, or undefined. Throws on a size that no request has. */
  #frame(): Buffer | undefined {
    if (this.#bytes < 4) return undefined
    let first = this.#chunks[0]!
    if (first.length < 4) this.#chunks = [(first = Buffer.concat(this.#chunks))]
    const size = first.readInt32BE(0)
    const limit = this.#broker.properties.number('socket.request.max.bytes')
    if (size < 0 || size > limit) throw new MalformedRequest(`a frame of ${size} bytes; 0 to ${limit} are accepted`)
    if (this.#bytes < size + 4) return undefined
    return this.#take(size + 4).subarray(4)
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0]!
    this.#bytes -= length
    this.#broker.receiving.bytes -= length
    if (first.length > length) {
      this.#chunks[0] = first.subarray(length)
      return first.subarray(0, length)
    }
    if (first.length === length) {
      this.#chunks.shift()
      return first
    }
    const frame = this.#space(length)
    let done = 0
    while (done < length) {
      const chunk = this.#chunks.shift()!
      const part = Math.min(chunk.length, length - done)
      chunk.copy(frame, done, 0, part)
      done += part
      if (part < chunk.length) this.#chunks.unshift(chunk.subarray(part))
    }
    return frame
  }

  /** Where a frame is put together. The same bytes serve for all frames of a usual size: a request is done with before the next one is taken, and what
   *  outlives it is copied. */
  #space(length: number): Buffer {
    if (length > maxWaitingBytes) return Buffer.allocUnsafeSlow(length)
    if (this.#frameSpace.length < length) this.#frameSpace = Buffer.allocUnsafeSlow(Math.min(maxWaitingBytes, length * 2))
    return this.#frameSpace.subarray(0, length)
  }

  /** One gathered write. False when the client does not read fast enough. */
  #write(chunks: Buffer[]): boolean {
    if (chunks.length === 1) return this.#socket.write(chunks[0]!)
    this.#socket.cork()
    let open = true
    for (const chunk of chunks) open = this.#socket.write(chunk)
    this.#socket.uncork()
    return open
  }

  #drained(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }

  #refuse(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (!(error instanceof MalformedRequest))
      this.#broker.log(`connection ${this.#peer}: ${error instanceof Error ? error.stack : why}`)
    else this.#broker.log(`connection ${this.#peer} closed: ${why}`)
    this.#forget()
    this.#socket.destroy()
  }

  /** Lets go of what has come and is not served. */
  #forget(): void {
    this.#broker.receiving.bytes -= this.#bytes
    this.#chunks = []
    this.#bytes = 0
  }

  close(): void {
    this.#socket.destroy()
  }
}
