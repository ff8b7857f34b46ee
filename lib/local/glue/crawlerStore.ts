import { mkdirSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Classifier, Crawler, CrawlerHistory } from '@aws-sdk/client-glue'
import { notFound } from './names.ts'

/** A crawler with its past. */
export interface CrawlerRecord {
  crawler: Crawler
  /** Its crawls, newest first. */
  history: CrawlerHistory[]
  /** What the last crawl changed, for the metrics. */
  lastCounts: { created: number; updated: number; deleted: number }
  /** Folders crawled so far as `s3://bucket/folder/`, kept when only new ones are to be crawled. */
  folders: string[]
}

/** Crawlers, classifiers and tags of the home. Changed in memory, kept by `save`. */
export interface CrawlerStore {
  crawlers: Map<string, CrawlerRecord>
  classifiers: Map<string, Classifier>
  /** By resource ARN. */
  tags: Map<string, Record<string, string>>
  /** Answers when the file holds the present state. */
  save(): Promise<void>
}

/** The crawler of this name; fails with Glue's sentence, which is another one for each operation. */
export function crawlerIn(
  store: CrawlerStore,
  name: string,
  sentence = `Crawler with name ${name} does not exist`,
): CrawlerRecord {
  const found = store.crawlers.get(name)
  if (!found) throw notFound(sentence)
  return found
}

/** Opens `<dir>/crawlers.json`. Crawls that were under way when the home ended are over: FAILED, and their crawlers READY. */
export function openCrawlerStore(dir: string): CrawlerStore {
  const file = join(dir, 'crawlers.json')
  mkdirSync(dir, { recursive: true })
  const { crawlers = [], classifiers = [], tags = {} } = read(file)
  const store = {
    crawlers: new Map(crawlers.map(record => [record.crawler.Name!, settled(withDates(record))])),
    classifiers: new Map(classifiers.map(classifier => [classifierName(classifier), classifierWithDates(classifier)])),
    tags: new Map(Object.entries(tags)),
  }
  let saving: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  // Saves that are asked for during one share the next.
  function save(): Promise<void> {
    if (!saving) {
      saving = write(file, store).finally(() => (saving = undefined))
      return saving
    }
    waiting ??= saving
      .catch(() => {})
      .then(() => {
        waiting = undefined
        return save()
      })
    return waiting
  }
  return { ...store, save }
}

/** A classifier's name, whatever its kind. */
export const classifierName = ({ JsonClassifier, CsvClassifier }: Classifier): string => (JsonClassifier ?? CsvClassifier)!.Name!

interface Stored {
  crawlers?: CrawlerRecord[]
  classifiers?: Classifier[]
  tags?: Record<string, Record<string, string>>
}

function read(file: string): Stored {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return {}
    throw error
  }
  try {
    return JSON.parse(text) as Stored
  } catch (error) {
    throw new Error(`${file}: not the JSON of a crawler store; restore it from a copy, or delete it to start without crawlers`, {
      cause: error,
    })
  }
}

async function write(file: string, { crawlers, classifiers, tags }: Omit<CrawlerStore, 'save'>): Promise<void> {
  const stored: Stored = {
    crawlers: [...crawlers.values()],
    classifiers: [...classifiers.values()],
    tags: Object.fromEntries(tags),
  }
  const handle = await open(`${file}.new`, 'w')
  try {
    await handle.writeFile(JSON.stringify(stored))
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
}

const date = (value: Date | undefined): Date | undefined => value && new Date(value)

function classifierWithDates(classifier: Classifier): Classifier {
  const one = (classifier.JsonClassifier ?? classifier.CsvClassifier)!
  one.CreationTime = date(one.CreationTime)
  one.LastUpdated = date(one.LastUpdated)
  return classifier
}

function withDates(record: CrawlerRecord): CrawlerRecord {
  const { crawler } = record
  crawler.CreationTime = date(crawler.CreationTime)
  crawler.LastUpdated = date(crawler.LastUpdated)
  if (crawler.LastCrawl) crawler.LastCrawl.StartTime = date(crawler.LastCrawl.StartTime)
  for (const crawl of record.history) {
    crawl.StartTime = date(crawl.StartTime)
    crawl.EndTime = date(crawl.EndTime)
  }
  return record
}

function settled(record: CrawlerRecord): CrawlerRecord {
  const [last] = record.history
  record.crawler.State = 'READY'
  if (last?.State !== 'RUNNING') return record
  const { StartTime, LogGroup, LogStream, MessagePrefix } = last
  const ErrorMessage = 'Internal Service Exception: the local home ended during the crawl.'
  Object.assign(last, { State: 'FAILED', EndTime: new Date(), ErrorMessage })
  record.crawler.LastCrawl = { Status: 'FAILED', ErrorMessage, LogGroup, LogStream, MessagePrefix, StartTime }
  return record
}
