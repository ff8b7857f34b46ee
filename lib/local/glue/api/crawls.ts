import type {
  Crawler,
  CrawlerHistory,
  CrawlsFilter,
  GetCrawlerMetricsRequest,
  ListCrawlsRequest,
  StartCrawlerRequest,
  StartCrawlerScheduleRequest,
  StopCrawlerRequest,
  StopCrawlerScheduleRequest,
  UpdateCrawlerScheduleRequest,
} from '@aws-sdk/client-glue'
import { ServiceError } from '../../aws/errors.ts'
import type { CrawlerRuns } from '../crawlerRuns.ts'
import { crawlerIn, type CrawlerRecord, type CrawlerStore } from '../crawlerStore.ts'
import { checkName, invalidInput } from '../names.ts'
import { byName, page } from '../page.ts'
import { checkSchedule } from '../schedule.ts'
import { toWire } from '../wire.ts'

/** StartCrawler, StopCrawler, GetCrawlerMetrics, ListCrawls. */
export function crawlOperations(store: CrawlerStore, runs: CrawlerRuns) {
  return {
    StartCrawler({ Name }: StartCrawlerRequest) {
      runs.start(checkName(Name, 'name'))
      return {}
    },
    StopCrawler({ Name }: StopCrawlerRequest) {
      runs.stop(checkName(Name, 'name'))
      return {}
    },
    GetCrawlerMetrics(request: GetCrawlerMetricsRequest) {
      const names = request.CrawlerNameList?.length ? request.CrawlerNameList : [...store.crawlers.keys()]
      const known = names.filter(name => store.crawlers.has(name)).sort()
      const { items, NextToken } = page(
        known,
        request,
        byName(1000, name => name),
      )
      return { CrawlerMetricsList: items.map(name => metricsOf(store.crawlers.get(name)!)), NextToken }
    },
    ListCrawls(request: ListCrawlsRequest) {
      const { history } = crawlerIn(store, checkName(request.CrawlerName, 'crawlerName'))
      const wanted = history.filter(crawl => (request.Filters ?? []).every(filter => matches(crawl, filter)))
      const { items, NextToken } = page(wanted, request, {
        most: 1000,
        nameOf: crawl => crawl.CrawlId!,
        after(id) {
          const later = new Set(wanted.slice(wanted.findIndex(crawl => crawl.CrawlId === id) + 1))
          return crawl => later.has(crawl)
        },
      })
      return toWire({ Crawls: items, NextToken })
    },
  }
}

/** UpdateCrawlerSchedule, StartCrawlerSchedule, StopCrawlerSchedule. */
export function scheduleOperations(store: CrawlerStore, runs: CrawlerRuns) {
  async function keep(name: string, crawler: Crawler, Schedule: Crawler['Schedule']): Promise<object> {
    crawler.Schedule = Schedule
    await store.save()
    runs.reschedule(name)
    return {}
  }
  const scheduled = (name: string) => {
    const { crawler } = crawlerIn(store, name)
    if (!crawler.Schedule) throw new ServiceError('NoScheduleException', `Crawler with name ${name} has no schedule`)
    return { crawler, schedule: crawler.Schedule }
  }
  return {
    UpdateCrawlerSchedule({ CrawlerName, Schedule }: UpdateCrawlerScheduleRequest) {
      const { crawler } = crawlerIn(store, checkName(CrawlerName, 'crawlerName'))
      if (!Schedule) return keep(CrawlerName!, crawler, undefined)
      checkSchedule(Schedule)
      return keep(CrawlerName!, crawler, { ScheduleExpression: Schedule, State: 'SCHEDULED' })
    },
    StartCrawlerSchedule({ CrawlerName }: StartCrawlerScheduleRequest) {
      const { crawler, schedule } = scheduled(checkName(CrawlerName, 'crawlerName'))
      if (schedule.State === 'SCHEDULED')
        throw new ServiceError('SchedulerRunningException', 'The schedule of the crawler is already running')
      return keep(CrawlerName!, crawler, { ...schedule, State: 'SCHEDULED' })
    },
    StopCrawlerSchedule({ CrawlerName }: StopCrawlerScheduleRequest) {
      const { crawler, schedule } = scheduled(checkName(CrawlerName, 'crawlerName'))
      if (schedule.State !== 'SCHEDULED')
        throw new ServiceError('SchedulerNotRunningException', 'The schedule of the crawler is not running')
      return keep(CrawlerName!, crawler, { ...schedule, State: 'NOT_SCHEDULED' })
    },
  }
}

function metricsOf({ crawler, history, lastCounts }: CrawlerRecord): object {
  const seconds = history
    .filter(crawl => crawl.EndTime)
    .map(crawl => (crawl.EndTime!.getTime() - crawl.StartTime!.getTime()) / 1000)
  const inOrder = seconds.toSorted((a, b) => a - b)
  return {
    CrawlerName: crawler.Name,
    TimeLeftSeconds: 0,
    StillEstimating: crawler.State === 'RUNNING',
    LastRuntimeSeconds: seconds[0] ?? 0,
    MedianRuntimeSeconds: inOrder[Math.floor(inOrder.length / 2)] ?? 0,
    TablesCreated: lastCounts.created,
    TablesUpdated: lastCounts.updated,
    TablesDeleted: lastCounts.deleted,
  }
}

function matches(crawl: CrawlerHistory, { FieldName, FilterOperator = 'EQ', FieldValue = '' }: CrawlsFilter): boolean {
  const numbers: Record<string, number | undefined> = {
    START_TIME: crawl.StartTime?.getTime(),
    END_TIME: crawl.EndTime?.getTime(),
    DPU_HOUR: crawl.DPUHour,
  }
  if (FieldName === 'CRAWL_ID' || FieldName === 'STATE') {
    const value = FieldName === 'STATE' ? crawl.State : crawl.CrawlId
    return (value === FieldValue) === (FilterOperator === 'EQ')
  }
  if (!FieldName || !(FieldName in numbers)) throw invalidInput(`The filter field ${FieldName} is not supported.`)
  const left = numbers[FieldName]
  const right = Number(FieldValue)
  if (Number.isNaN(right)) throw invalidInput(`The filter value ${FieldValue} is not a number (epoch milliseconds for times).`)
  if (left === undefined) return FilterOperator === 'NE'
  const tests = {
    GT: left > right,
    GE: left >= right,
    LT: left < right,
    LE: left <= right,
    EQ: left === right,
    NE: left !== right,
  }
  return tests[FilterOperator]
}
