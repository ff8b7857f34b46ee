import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The `LogGroup` of every crawl, as on AWS. */
export const logGroup = '/aws-glue/crawlers'

/** The log of one crawl, as CloudWatch would show it. */
export interface CrawlLog {
  benchmark(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

/** Where a crawler's log lies: `<dir>/logs/aws-glue/crawlers/<crawler>.log`, that is `logs`, the log group, the log stream. */
export const crawlLogFile = (dir: string, crawler: string): string =>
  join(dir, `logs${logGroup}`, `${encodeURIComponent(crawler).slice(0, 240)}.log`)

/** Appends the lines of one crawl to its crawler's file, each with its time and the crawl's id. */
export function openCrawlLog(dir: string, crawler: string, crawlId: string): CrawlLog {
  const file = crawlLogFile(dir, crawler)
  const write =
    (level: string) =>
    (text: string): void => {
      const line = `${new Date().toISOString()} [${crawlId}] ${level} : ${text}\n`
      try {
        appendFileSync(file, line)
      } catch {
        mkdirSync(dirname(file), { recursive: true })
        appendFileSync(file, line)
      }
    }
  return { benchmark: write('BENCHMARK'), info: write('INFO'), warn: write('WARN'), error: write('ERROR') }
}
