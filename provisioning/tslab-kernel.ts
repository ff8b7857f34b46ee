import { spawn, type ChildProcess } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Dealer, Subscriber } from 'zeromq'
import { kernelArguments } from './kernelspec.ts'

export type Output =
  | { output_type: 'stream'; name: string; text: string }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> }

export interface CellResult {
  /** `lost`: tslab's last messages never came, so outputs may be missing. */
  status: 'ok' | 'error' | 'abort' | 'timeout' | 'dead' | 'lost'
  count: number | null
  outputs: Output[]
}

export interface KernelOptions {
  /** Where the cells run: the notebook's folder. */
  cwd: string
  env?: NodeJS.ProcessEnv
}

interface Message {
  type: string
  content: Record<string, any>
}

type Listener = (message: Message | 'dead') => void

const delimiter = '<IDS|MSG>'

/** A tslab kernel, spoken to in Jupyter's wire protocol 5.3 over ZeroMQ: no Python is needed. */
export class TslabKernel {
  /** What the kernel wrote outside of cells. */
  log = ''
  readonly #key = randomUUID()
  readonly #session = randomUUID()
  readonly #dir = mkdtempSync(join(tmpdir(), 'tslab-'))
  readonly #shell = new Dealer({ linger: 0 })
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 })
  readonly #listeners = new Map<string, Listener>()
  readonly #displays = new Map<string, Extract<Output, { output_type: 'display_data' }>[]>()
  #child: ChildProcess | undefined
  #isDead = false

  /** Starts a kernel and waits until it answers. */
  static async start(options: KernelOptions): Promise<TslabKernel> {
    const kernel = new TslabKernel()
    await kernel.#launch(options)
    const deadline = performance.now() + 60_000
    // A subscriber hears nothing of what was said before it was connected: ask until both answer and `idle` came.
    while ((await kernel.#request('kernel_info_request', {}, 200)).status !== 'ok') {
      if (!kernel.#isDead && performance.now() < deadline) continue
      const log = kernel.log
      await kernel.close()
      throw new Error(`tslab did not start:\n${log}`)
    }
    return kernel
  }

  /** Runs a cell to its end; after `timeoutMs` it is interrupted. */
  async execute(code: string, timeoutMs: number): Promise<CellResult> {
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true }
    const result = await this.#request('execute_request', content, timeoutMs)
    // tslab silently drops whatever arrives within 200 ms of an error.
    if (result.status === 'error') await delay(300)
    if (result.status === 'timeout') this.#child?.kill('SIGINT')
    return result
  }

  /** Ends the kernel, whatever it is doing. */
  async close(): Promise<void> {
    const child = this.#child
    if (child && !this.#isDead) {
      const gone = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await gone
      clearTimeout(timer)
    }
    this.#shell.close()
    this.#iopub.close()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  async #launch({ cwd, env }: KernelOptions): Promise<void> {
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5)
    const file = join(this.#dir, 'connection.json')
    const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port }
    const connection = { transport: 'tcp', ip: '127.0.0.1', signature_scheme: 'hmac-sha256', key: this.#key, ...ports }
    writeFileSync(file, JSON.stringify(connection), { mode: 0o600 })
    const [node, ...args] = kernelArguments(file)
    const child = spawn(node, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()))
    child.once('exit', () => {
      this.#isDead = true
      for (const listener of this.#listeners.values()) listener('dead')
    })
    this.#iopub.subscribe('')
    this.#shell.connect(`tcp://127.0.0.1:${shell_port}`)
    this.#iopub.connect(`tcp://127.0.0.1:${iopub_port}`)
    void this.#listen(this.#shell)
    void this.#listen(this.#iopub)
  }

  async #listen(socket: AsyncIterable<Buffer[]>): Promise<void> {
    for await (const frames of socket) {
      const at = frames.findIndex(frame => frame.toString() === delimiter)
      const [signature, header, parent, , content] = frames.slice(at + 1).map(frame => frame.toString())
      if (at < 0 || signature !== this.#sign(frames.slice(at + 2))) continue
      const listener = this.#listeners.get(JSON.parse(parent).msg_id)
      listener?.({ type: JSON.parse(header).msg_type, content: JSON.parse(content) })
    }
  }

  #sign(parts: (string | Buffer)[]): string {
    const hmac = createHmac('sha256', this.#key)
    for (const part of parts) hmac.update(part)
    return hmac.digest('hex')
  }

  /** Sends a request; it is done when its reply AND the `idle` after it came, because outputs travel on another socket than the reply. */
  #request(type: string, content: object, timeoutMs: number): Promise<CellResult> {
    const id = randomUUID()
    const header = {
      msg_id: id,
      msg_type: type,
      username: 'lab',
      session: this.#session,
      date: new Date().toISOString(),
      version: '5.3',
    }
    const parts = [header, {}, {}, content].map(part => JSON.stringify(part))
    const outputs: Output[] = []
    return new Promise(resolve => {
      let reply: Message['content'] | undefined
      let isIdle = false
      let grace: NodeJS.Timeout | undefined
      const finish = (status: CellResult['status']) => {
        clearTimeout(timer)
        clearTimeout(grace)
        this.#listeners.delete(id)
        resolve({ status, count: reply?.execution_count ?? null, outputs })
      }
      const timer = setTimeout(() => finish('timeout'), timeoutMs)
      this.#listeners.set(id, message => {
        if (message === 'dead') return finish('dead')
        if (message.type.endsWith('_reply')) reply = message.content
        else if (message.type === 'status') isIdle ||= message.content.execution_state === 'idle'
        else this.#collect(outputs, message)
        if (reply && isIdle) finish(reply.status ?? 'ok')
        else if (reply) grace ??= setTimeout(() => finish('lost'), 5000)
      })
      this.#shell.send([delimiter, this.#sign(parts), ...parts]).catch(() => finish('dead'))
    })
  }

  #collect(outputs: Output[], { type, content }: Message): void {
    const last = outputs.at(-1)
    if (type === 'stream') {
      if (last?.output_type === 'stream' && last.name === content.name) last.text += content.text
      else outputs.push({ output_type: 'stream', name: content.name, text: content.text })
    } else if (type === 'display_data') {
      const output = { output_type: type, data: content.data, metadata: content.metadata } as const
      outputs.push(output)
      const id = content.transient?.display_id
      if (id) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output])
    } else if (type === 'update_display_data') {
      for (const output of this.#displays.get(content.transient.display_id) ?? [])
        Object.assign(output, { data: content.data, metadata: content.metadata })
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
