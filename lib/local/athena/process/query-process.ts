import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { ChildOptions, FromChild, ToChild } from './messages.ts'

/** A statement failed in DuckDB; the message is DuckDB's own and is never shown as it is. */
export class EngineError extends Error {
  override name = 'EngineError'
}

/** The process ended while it was running a query: killed, out of memory, or a crash of the engine. */
export class ProcessDied extends Error {
  override name = 'ProcessDied'
}

/** How long an interrupted statement may take to end before its process is killed. */
const INTERRUPT_MS = 1000

/** The server's end of one child. It ends by itself when this process does: the channel closes with it. */
export class QueryProcess {
  private readonly child: ChildProcess
  private readonly exited: Promise<void>
  private pending: { id: number; resolve: (rows: unknown[][][]) => void; reject: (error: Error) => void } | undefined
  private count = 0
  private timer: NodeJS.Timeout | undefined
  alive = true

  constructor(options: ChildOptions) {
    const { memoryLimit, threads, spillDir } = options
    const argument = JSON.stringify({ memoryLimit, threads, spillDir })
    this.child = fork(join(import.meta.dirname, 'child.ts'), [argument], {
      execArgv: ['--max-old-space-size=512'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.child.on('message', (message: FromChild) => this.receive(message))
    this.exited = new Promise(resolve => {
      const gone = () => {
        this.alive = false
        this.pending?.reject(new ProcessDied(`the query process ended (${this.child.signalCode ?? this.child.exitCode})`))
        this.pending = undefined
        resolve()
      }
      this.child.on('exit', gone)
      this.child.on('error', gone)
    })
  }

  onExit(listener: () => void): void {
    void this.exited.then(listener)
  }

  /** Runs statements and answers with the rows of each. @throws EngineError, ProcessDied */
  run(statements: string[], folders: string[]): Promise<unknown[][][]> {
    clearTimeout(this.timer)
    if (!this.alive) return Promise.reject(new ProcessDied('the query process has ended'))
    const id = ++this.count
    return new Promise((resolve, reject) => {
      this.pending = { id, resolve, reject }
      this.tell({ kind: 'run', id, statements, folders })
    })
  }

  /** Ends what is running: an interrupt first, and the process itself when that does not help. */
  stop(): void {
    if (!this.alive || !this.pending) return
    const { id } = this.pending
    this.tell({ kind: 'interrupt' })
    setTimeout(() => {
      if (this.pending?.id === id) this.child.kill('SIGKILL')
    }, INTERRUPT_MS).unref()
  }

  endAfter(ms: number, beforeEnd: () => void): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      beforeEnd()
      void this.end()
    }, ms)
    this.timer.unref()
  }

  async end(): Promise<void> {
    clearTimeout(this.timer)
    this.child.kill('SIGKILL')
    await this.exited
  }

  private tell(message: ToChild): void {
    this.child.send(message, error => {
      if (error) this.child.kill('SIGKILL')
    })
  }

  private receive(message: FromChild): void {
    if (message.kind === 'ready' || message.id !== this.pending?.id) return
    const { resolve, reject } = this.pending
    this.pending = undefined
    if (message.last) {
      this.alive = false
      this.child.kill('SIGKILL')
    }
    if (message.kind === 'done') resolve(message.rows)
    else reject(new EngineError(message.message))
  }
}
