import type { JsonService } from '../aws/json.ts'
import type { Storage } from '../s3/storage.ts'
import { classifierOperations } from './api/classifiers.ts'
import { crawlerOperations } from './api/crawlers.ts'
import { crawlOperations, scheduleOperations } from './api/crawls.ts'
import { databaseOperations } from './api/databases.ts'
import { partitionBatchOperations, partitionOperations } from './api/partitions.ts'
import { tableOperations, tableVersionOperations } from './api/tables.ts'
import { tagOperations } from './api/tags.ts'
import type { CatalogStore } from './catalog.ts'
import { CrawlerRuns } from './crawlerRuns.ts'
import { openCrawlerStore } from './crawlerStore.ts'
import { checkTypes } from './requestTypes.ts'

/** AWS Glue over its JSON protocol: the Data Catalog and crawlers. `dir` is its folder (crawlers in `<dir>/crawlers.json`, their logs in
 *  `<dir>/logs/aws-glue/crawlers/<crawler>.log`); `log` takes one line about what the service itself met. */
export function glueService({
  catalog,
  storage,
  dir,
  log,
  leastCrawlMs = 1000,
}: {
  catalog: CatalogStore
  storage: Storage
  dir: string
  log: (line: string) => void
  /** How long a crawl is RUNNING at least. Default: 1000. */
  leastCrawlMs?: number
}): JsonService {
  const store = openCrawlerStore(dir)
  const runs = new CrawlerRuns({ store, catalog, storage, dir, log, leastCrawlMs })
  return {
    target: 'AWSGlue',
    operations: checked({
      ...databaseOperations(catalog),
      ...tableOperations(catalog),
      ...tableVersionOperations(catalog),
      ...partitionOperations(catalog),
      ...partitionBatchOperations(catalog),
      ...crawlerOperations(store, runs),
      ...crawlOperations(store, runs),
      ...scheduleOperations(store, runs),
      ...classifierOperations(store),
      ...tagOperations(store),
    }),
    close: () => runs.close(),
  }
}

/** Each operation with a look at the types of its request first. */
function checked(operations: JsonService['operations']): JsonService['operations'] {
  const withCheck = (run: JsonService['operations'][string]) => (request: never) => {
    checkTypes(request)
    return run(request)
  }
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, withCheck(run)]))
}
