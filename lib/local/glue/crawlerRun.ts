import { randomUUID } from 'node:crypto'
import type { Crawler, CrawlerHistory } from '@aws-sdk/client-glue'
import type { Storage } from '../s3/storage.ts'
import type { CatalogStore } from './catalog.ts'
import type { CrawlerRecord, CrawlerStore } from './crawlerStore.ts'
import { crawl } from './crawl/crawl.ts'
import { logGroup, type CrawlLog } from './crawl/log.ts'
import type { Changes } from './crawl/changes.ts'

const mostHistory = 1000

/** Marks a crawler as running and opens its history entry. */
export function beginRun({ crawler, history }: CrawlerRecord): CrawlerHistory {
  const id = randomUUID()
  const entry: CrawlerHistory = {
    CrawlId: id,
    State: 'RUNNING',
    StartTime: new Date(),
    LogGroup: logGroup,
    LogStream: crawler.Name,
    MessagePrefix: id,
    DPUHour: 0,
  }
  history.unshift(entry)
  history.length = Math.min(history.length, mostHistory)
  crawler.State = 'RUNNING'
  return entry
}

/** What one run needs. */
export interface Run {
  store: CrawlerStore
  catalog: CatalogStore
  storage: Storage
  leastCrawlMs: number
  log: CrawlLog
  signal: AbortSignal
}

/** One crawl from start to end. Never throws for what the crawl met: that is in `LastCrawl` and the log. */
export async function finishRun(record: CrawlerRecord, history: CrawlerHistory, job: Run): Promise<void> {
  const { store, signal, log } = job
  const { crawler } = record
  const least = pause(job.leastCrawlMs, signal)
  await store.save()
  log.benchmark(`Running Start Crawl for Crawler ${crawler.Name}`)
  log.info(
    `Crawler configured with Configuration ${crawler.Configuration ?? '{}'} and SchemaChangePolicy ${JSON.stringify(crawler.SchemaChangePolicy)}`,
  )
  let failure: unknown
  try {
    await crawlOnce(record, history, job)
    await least
    signal.throwIfAborted()
  } catch (error) {
    failure = error
  }
  await finish(record, history, { failure, isCancelled: signal.aborted, log })
}

async function crawlOnce(
  record: CrawlerRecord,
  history: CrawlerHistory,
  { store, catalog, storage, log, signal }: Run,
): Promise<void> {
  const crawler: Crawler = structuredClone(record.crawler)
  const onlyNew = crawler.RecrawlPolicy?.RecrawlBehavior === 'CRAWL_NEW_FOLDERS_ONLY'
  const known = onlyNew && record.folders.length > 0 ? new Set(record.folders) : undefined
  const classifiers = (crawler.Classifiers ?? []).flatMap(name => store.classifiers.get(name) ?? [])
  const job = { crawler, classifiers, runId: history.CrawlId!, catalog, storage, log, signal, known }
  const { changes, folders } = await crawl(job)
  record.folders = onlyNew ? [...new Set([...record.folders, ...folders])] : []
  record.lastCounts = {
    created: changes.tables.added.length,
    updated: changes.tables.updated.length,
    deleted: changes.tables.deleted.length,
  }
  history.Summary = summaryOf(changes)
  for (const [kind, { added, updated, deleted }] of [
    ['TABLE', changes.tables] as const,
    ['PARTITION', changes.partitions] as const,
  ]) {
    log.info(`Run Summary For ${kind}:`)
    for (const [what, names] of [['ADD', added] as const, ['UPDATE', updated] as const, ['DELETE', deleted] as const]) {
      if (names.length > 0) log.info(`${what}: ${names.length}`)
    }
  }
}

async function finish(
  { crawler }: CrawlerRecord,
  history: CrawlerHistory,
  { failure, isCancelled, log }: { failure: unknown; isCancelled: boolean; log: CrawlLog },
): Promise<void> {
  const { StartTime, LogGroup, LogStream, MessagePrefix } = history
  const ErrorMessage = failure && !isCancelled ? (failure as Error).message : undefined
  const Status = isCancelled ? 'CANCELLED' : failure ? 'FAILED' : 'SUCCEEDED'
  Object.assign(history, { State: isCancelled ? 'STOPPED' : failure ? 'FAILED' : 'COMPLETED', EndTime: new Date(), ErrorMessage })
  crawler.LastCrawl = { Status, ErrorMessage, LogGroup, LogStream, MessagePrefix, StartTime }
  if (ErrorMessage) log.error(ErrorMessage)
  if (isCancelled) log.info('Crawl was stopped')
  log.benchmark('Crawler has finished running and is in state READY')
}

/** The `Summary` of `ListCrawls`: what was added, updated and deleted, JSON in JSON as AWS has it. */
function summaryOf({ tables, partitions }: Changes): string {
  const entry = (names: string[]): object => ({ Details: JSON.stringify({ names: names.slice(0, 100) }), Count: names.length })
  const part = ({ added, updated, deleted }: Changes['tables']): object => ({
    ...(added.length > 0 && { ADD: entry(added) }),
    ...(updated.length > 0 && { UPDATE: entry(updated) }),
    ...(deleted.length > 0 && { DELETE: entry(deleted) }),
  })
  return JSON.stringify({ TABLE: part(tables), PARTITION: part(partitions) })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(done => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })
}
