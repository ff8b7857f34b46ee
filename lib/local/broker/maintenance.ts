import { dropOldSnapshots, flushLog } from './log/flush.ts'
import type { Log } from './log/log.ts'
import { applyRetention } from './log/retention.ts'
import type { Properties } from './properties.ts'
import type { Topics } from './topics/store.ts'

/** A partition with this much new gets its checkpoint: it bounds what a start after a crash has to check. */
const checkpointBytes = 16 << 20

/** Background work on logs: flushing with its checkpoint, retention, forgetting producers. */
export class Maintenance {
  readonly #topics: Topics
  readonly #properties: Properties
  readonly #report: (line: string) => void
  readonly #timers: NodeJS.Timeout[] = []
  readonly #flushTimers = new Map<Log, NodeJS.Timeout>()
  #flushing: Promise<void> = Promise.resolve()
  #failed = false
  /** Logs to be written, and whether to the disk. */
  readonly #wanted = new Map<Log, boolean>()

  constructor(topics: Topics, properties: Properties, report: (line: string) => void) {
    this.#topics = topics
    this.#properties = properties
    this.#report = report
  }

  start(): void {
    const every = (ms: number, run: () => void): void => {
      this.#timers.push(setInterval(run, ms).unref())
    }
    const retentionMs = this.#properties.number('log.retention.check.interval.ms')
    this.#timers.push(setTimeout(() => this.applyRetention(), Math.min(30_000, retentionMs)).unref())
    every(retentionMs, () => this.applyRetention())
    every(
      this.#properties.number('log.flush.offset.checkpoint.interval.ms') || 60_000,
      () => void this.#checkpoint(this.#dirty()),
    )
  }

  #dirty(): Log[] {
    return this.#topics.logs().filter(log => log.endOffset > log.recoveryPoint)
  }

  /** To be called after an append. Resolves when the append is as durable as `flush.messages` asks for. */
  appended(log: Log): Promise<void> | undefined {
    if (log.unflushedBytes >= checkpointBytes) void this.#checkpoint([log])
    const { flushMessages, flushMs } = log.config()
    if (log.unflushedRecords >= flushMessages) return this.flush([log])
    if (flushMs < 0x7fff_ffff && !this.#flushTimers.has(log)) {
      const flush = (): void => {
        this.#flushTimers.delete(log)
        void this.flush([log])
      }
      this.#flushTimers.set(log, setTimeout(flush, flushMs).unref())
    }
    return undefined
  }

  /** Brings logs to the disk and writes the checkpoint; one after the other, those asked for meanwhile together. */
  flush(logs: Log[]): Promise<void> {
    for (const log of logs) this.#wanted.set(log, true)
    return this.#run()
  }

  /** As `flush`, but leaves the writing to the operating system, as Kafka does by default: a running fsync holds up appends. */
  #checkpoint(logs: Log[]): Promise<void> {
    for (const log of logs) if (!this.#wanted.has(log)) this.#wanted.set(log, false)
    return this.#run()
  }

  #run(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flushWanted())
    return this.#flushing
  }

  async #flushWanted(): Promise<void> {
    if (this.#wanted.size === 0) return
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    try {
      for (const [log, sync] of wanted) await flushLog(log, { sync })
      this.#topics.saveRecoveryPoints()
      for (const [log] of wanted) if (!log.closed) dropOldSnapshots(log)
    } catch (error) {
      this.#failed = true
      this.#report(`flushing failed, a crash of the machine may lose more: ${(error as Error).message}`)
    }
  }

  applyRetention(now = Date.now()): void {
    const expiration = this.#properties.number('producer.id.expiration.ms')
    let moved = false
    for (const log of this.#topics.logs()) {
      const before = log.startOffset
      try {
        applyRetention(log, now)
      } catch (error) {
        this.#report(`${log.name}: retention failed: ${(error as Error).message}`)
      }
      log.producers.expire(now, expiration)
      moved ||= log.startOffset !== before
    }
    if (moved) this.#topics.saveStartOffsets()
  }

  /** Stops the timers and flushes everything; false when that failed. */
  async close(): Promise<boolean> {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const timer of this.#flushTimers.values()) clearTimeout(timer)
    this.#failed = false
    await this.flush(this.#topics.logs())
    return !this.#failed
  }
}
