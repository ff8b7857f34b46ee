import type { Cron } from 'croner'
import { ServiceError } from '../aws/errors.ts'
import type { Storage } from '../s3/storage.ts'
import type { CatalogStore } from './catalog.ts'
import { beginRun, finishRun } from './crawlerRun.ts'
import { crawlerIn, type CrawlerRecord, type CrawlerStore } from './crawlerStore.ts'
import { openCrawlLog } from './crawl/log.ts'
import { startSchedule } from './schedule.ts'

/** What runs need besides the crawlers. */
export interface RunOptions {
  store: CrawlerStore
  catalog: CatalogStore
  storage: Storage
  dir: string
  log: (line: string) => void
  /** A crawl is RUNNING for at least this long, so that RUNNING is seen (on AWS it takes a minute). */
  leastCrawlMs: number
}

/** The crawls that are under way and the schedules that start them. */
export class CrawlerRuns {
  readonly #options: RunOptions
  readonly #running = new Map<string, { abort: AbortController; done: Promise<void>; startedAt: number }>()
  readonly #timers = new Map<string, Cron>()

  constructor(options: RunOptions) {
    this.#options = options
    for (const name of options.store.crawlers.keys()) this.reschedule(name)
  }

  /** Starts a crawl in the background; fails with CrawlerRunningException. */
  start(name: string): void {
    const { store, dir } = this.#options
    const record = crawlerIn(store, name)
    if (record.crawler.State !== 'READY') {
      throw new ServiceError('CrawlerRunningException', `Crawler with name ${name} has already started`)
    }
    const abort = new AbortController()
    const history = beginRun(record)
    const run = { ...this.#options, log: openCrawlLog(dir, name, history.CrawlId!), signal: abort.signal }
    const done = finishRun(record, history, run)
      .catch((error: unknown) => this.#options.log(`crawler ${name}: ${(error as Error).stack}`))
      .then(() => this.#end(name, record))
    this.#running.set(name, { abort, done, startedAt: Date.now() })
  }

  /** Asks the crawl to stop; fails with CrawlerNotRunningException or CrawlerStoppingException. */
  stop(name: string): void {
    const { crawler } = crawlerIn(this.#options.store, name)
    const current = this.#running.get(name)
    if (!current) throw new ServiceError('CrawlerNotRunningException', `Crawler with name ${name} isn't running`)
    if (crawler.State === 'STOPPING') {
      throw new ServiceError('CrawlerStoppingException', `Crawler with name ${name} is already stopping`)
    }
    crawler.State = 'STOPPING'
    current.abort.abort()
  }

  /** Makes the timer agree with the crawler's `Schedule`. */
  reschedule(name: string): void {
    this.#timers.get(name)?.stop()
    this.#timers.delete(name)
    const { ScheduleExpression, State } = this.#options.store.crawlers.get(name)?.crawler.Schedule ?? {}
    if (ScheduleExpression && State === 'SCHEDULED') {
      this.#timers.set(
        name,
        startSchedule(ScheduleExpression, () => this.#fire(name)),
      )
    }
  }

  /** Milliseconds the present crawl has taken, 0 without one. */
  elapsedMs(name: string): number {
    const current = this.#running.get(name)
    return current ? Date.now() - current.startedAt : 0
  }

  /** Stops all schedules and crawls and waits for their end. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) timer.stop()
    for (const { abort } of this.#running.values()) abort.abort()
    await Promise.all([...this.#running.values()].map(one => one.done))
  }

  // READY once what the crawl did is on disk: who sees READY may rely on it.
  async #end(name: string, { crawler }: CrawlerRecord): Promise<void> {
    const { store, log } = this.#options
    await store.save().catch((error: unknown) => log(`crawler ${name} could not be saved: ${(error as Error).message}`))
    this.#running.delete(name)
    crawler.State = 'READY'
  }

  #fire(name: string): void {
    const state = this.#options.store.crawlers.get(name)?.crawler.State
    if (state === 'READY') this.start(name)
    else this.#options.log(`crawler ${name}: its schedule came while it was ${state}, this crawl is left out`)
  }
}
