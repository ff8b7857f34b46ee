import type {
  BatchGetCrawlersRequest,
  Crawler,
  CreateCrawlerRequest,
  DeleteCrawlerRequest,
  GetCrawlerRequest,
  GetCrawlersRequest,
  ListCrawlersRequest,
  UpdateCrawlerRequest,
} from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import { crawlerOf } from '../crawlerInput.ts'
import type { CrawlerRuns } from '../crawlerRuns.ts'
import { crawlerIn, type CrawlerStore } from '../crawlerStore.ts'
import { alreadyExists, checkName } from '../names.ts'
import { byName, page } from '../page.ts'
import { toWire } from '../wire.ts'
import { requiredList } from './required.ts'
import { crawlerArn } from './tags.ts'

/** CreateCrawler, GetCrawler, GetCrawlers, ListCrawlers, BatchGetCrawlers, UpdateCrawler, DeleteCrawler. */
export function crawlerOperations(store: CrawlerStore, runs: CrawlerRuns) {
  const answered = (crawler: Crawler): Crawler => ({ ...crawler, CrawlElapsedTime: runs.elapsedMs(crawler.Name!) })
  const sortedNames = (): string[] => [...store.crawlers.keys()].sort()
  const inOrder = byName(1000, (name: string) => name)
  const all = (names: string[]): Crawler[] => names.map(name => answered(store.crawlers.get(name)!.crawler))
  return {
    async CreateCrawler(request: CreateCrawlerRequest) {
      const crawler = crawlerOf(request, store)
      const name = crawler.Name!
      if (store.crawlers.has(name)) throw alreadyExists(`Crawler with name ${name} already exists`)
      store.crawlers.set(name, { crawler, history: [], folders: [], lastCounts: { created: 0, updated: 0, deleted: 0 } })
      if (request.Tags) store.tags.set(crawlerArn(name), request.Tags)
      await store.save()
      runs.reschedule(name)
      return {}
    },
    GetCrawler({ Name }: GetCrawlerRequest) {
      const name = checkName(Name, 'name')
      return toWire({ Crawler: answered(crawlerIn(store, name, `Crawler entry with name ${name} does not exist`).crawler) })
    },
    GetCrawlers(request: GetCrawlersRequest) {
      const { items, NextToken } = page(sortedNames(), request, inOrder)
      return toWire({ Crawlers: all(items), NextToken })
    },
    ListCrawlers(request: ListCrawlersRequest) {
      const wanted = Object.entries(request.Tags ?? {})
      const names = sortedNames().filter(name =>
        wanted.every(([key, value]) => store.tags.get(crawlerArn(name))?.[key] === value),
      )
      const { items, NextToken } = page(names, request, inOrder)
      return { CrawlerNames: items, NextToken }
    },
    BatchGetCrawlers({ CrawlerNames }: BatchGetCrawlersRequest) {
      const names = requiredList(CrawlerNames, 'crawlerNames', 100)
      const found = names.filter(name => store.crawlers.has(name))
      return toWire({ Crawlers: all(found), CrawlersNotFound: names.filter(name => !store.crawlers.has(name)) })
    },
    async UpdateCrawler(request: UpdateCrawlerRequest) {
      const name = checkName(request.Name, 'name')
      const record = crawlerIn(store, name)
      refuseRunning(
        record.crawler,
        'Cannot update Crawler while running. Please stop crawl or wait until it completes to update.',
      )
      record.crawler = crawlerOf(request, store, record.crawler)
      await store.save()
      runs.reschedule(name)
      return {}
    },
    async DeleteCrawler({ Name }: DeleteCrawlerRequest) {
      const name = checkName(Name, 'name')
      refuseRunning(
        crawlerIn(store, name).crawler,
        'Cannot delete Crawler while running. Please stop crawl or wait until it completes to delete.',
      )
      store.crawlers.delete(name)
      store.tags.delete(crawlerArn(name))
      await store.save()
      runs.reschedule(name)
      return {}
    },
  }
}

function refuseRunning({ State }: Crawler, sentence: string): void {
  if (State !== 'READY') throw new ServiceError('CrawlerRunningException', sentence)
}
