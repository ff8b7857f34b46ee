import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { QueryProcess } from './query-process.ts'

export interface PoolOptions {
  /** Holds the spill folders; emptied when the pool opens. */
  dir: string
  /** Children at once. */
  size: number
  memoryLimit: string
  threads: number
  /** A child that had nothing to do for so long ends. */
  idleMs: number
}

/** Up to `size` query processes, one query each; more queries wait in the order they came. A process that died is replaced when next needed. */
export class Pool {
  private readonly options: PoolOptions
  private readonly idle: QueryProcess[] = []
  private readonly waiting: ((process: QueryProcess) => void)[] = []
  private readonly all = new Set<QueryProcess>()
  private count = 0
  private closed = false

  constructor(options: PoolOptions) {
    this.options = options
    rmSync(options.dir, { recursive: true, force: true })
    mkdirSync(options.dir, { recursive: true })
  }

  /** Starts a process in the background, so that the next query finds one. */
  warm(): void {
    if (this.all.size === 0 && !this.closed) this.release(this.start())
  }

  /** Gives `task` a process of its own. Aborting takes the query out of the queue, or stops it. */
  async use<T>(signal: AbortSignal, task: (process: QueryProcess) => Promise<T>): Promise<T> {
    const process = await this.take(signal)
    const stop = () => process.stop()
    signal.addEventListener('abort', stop)
    try {
      signal.throwIfAborted()
      return await task(process)
    } finally {
      signal.removeEventListener('abort', stop)
      this.release(process)
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.all].map(process => process.end()))
  }

  private async take(signal: AbortSignal): Promise<QueryProcess> {
    signal.throwIfAborted()
    for (let process = this.idle.pop(); process; process = this.idle.pop()) if (process.alive) return process
    if (this.all.size < this.options.size) return this.start()
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(turn), 1)
        reject(signal.reason as Error)
      }
      const turn = (process: QueryProcess) => {
        signal.removeEventListener('abort', leave)
        resolve(process)
      }
      signal.addEventListener('abort', leave)
      this.waiting.push(turn)
    })
  }

  private start(): QueryProcess {
    const spillDir = join(this.options.dir, `spill-${++this.count}`)
    const process = new QueryProcess({ ...this.options, spillDir })
    this.all.add(process)
    process.onExit(() => {
      this.all.delete(process)
      rmSync(spillDir, { recursive: true, force: true })
    })
    return process
  }

  private release(process: QueryProcess): void {
    if (this.closed) return
    const next = this.waiting.shift()
    if (next) return next(process.alive ? process : this.start())
    if (!process.alive) return
    this.idle.push(process)
    process.endAfter(this.options.idleMs, () => this.idle.splice(this.idle.indexOf(process), 1))
  }
}
