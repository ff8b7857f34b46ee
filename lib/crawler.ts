import type { Table } from '@aws-sdk/client-glue'
import { awsError, glueClient, isAwsError } from './aws.ts'
import { LabError } from './errors.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait.ts'

export interface CrawlOptions {
  /** Default: LAB_CRAWLER. */
  crawler?: string
  /** Default: LAB_DATABASE; made when missing. */
  database?: string
  /** Default: LAB_BUCKET. */
  bucket?: string
  /** What to crawl; default LAB_PREFIX. */
  prefix?: string
  /** `true` (default): one table for each prefix, partitions with the table's columns, as the lake wants it. `false`: Glue's own defaults, which
   *  split what looks different. */
  oneTable?: boolean
  /** Wait at most so long; default 15 minutes (a crawl on AWS takes one to two). */
  timeoutMs?: number
  onProgress?: (state: string) => void
}

export interface CrawlReport {
  crawler: string
  database: string
  /** What the crawl made of each table it has touched in this database. */
  tables: {
    table: string
    change: 'created' | 'updated' | 'unchanged'
    columns: { name: string; type: string }[]
    partitionKeys: string[]
  }[]
  seconds: number
}

/** Makes the database and the crawler unless they are there, points it to the prefix, runs it, waits, and reports what it changed.
 *  Throws `LabError` CRAWL_FAILED with the crawler's own message, and Glue's errors. */
export async function crawl(lab: Lab, options: CrawlOptions = {}): Promise<CrawlReport> {
  const { config } = lab
  const {
    crawler = config.crawler,
    database = config.database,
    bucket = config.bucket,
    prefix = config.prefix,
    oneTable = true,
  } = options
  const subject = `crawler ${crawler}`
  const start = performance.now()
  try {
    await ensureDatabase(lab, database)
    await ensureCrawler(lab, { crawler, database, path: `s3://${bucket}/${prefix}`, oneTable })
    const before = await versions(lab, database)
    await startCrawler(lab, crawler)
    await waitUntilDone(lab, crawler, options)
    const tables = (await crawledTables(lab, database, crawler, `s3://${bucket}/${prefix}`)).map(table => change(table, before))
    return { crawler, database, tables, seconds: Number(((performance.now() - start) / 1000).toFixed(3)) }
  } catch (error) {
    throw awsError(subject, error)
  }
}

/** Waits until the crawler is ready again. Throws `LabError` CRAWL_FAILED when its crawl did not succeed. */
async function waitUntilDone(lab: Lab, crawler: string, { timeoutMs = 900_000, onProgress }: CrawlOptions): Promise<void> {
  const glue = await glueClient(lab)
  const done = await waitFor(
    `crawler ${crawler}, to be ready again`,
    async () => {
      const { Crawler } = await glue.getCrawler({ Name: crawler })
      onProgress?.(Crawler?.State ?? '')
      return Crawler?.State === 'READY' && Crawler
    },
    { timeoutMs, intervalMs: 20, maxIntervalMs: lab.config.cloud.kind === 'aws' ? 5000 : 100 },
  )
  const { Status, ErrorMessage } = done.LastCrawl ?? {}
  if (Status !== 'SUCCEEDED')
    throw new LabError(
      'CRAWL_FAILED',
      `crawler ${crawler}: the crawl ended ${Status}: ${ErrorMessage ?? 'no reason was given'}. See its log.`,
    )
}

/** What has become of a table; `before` are the stamps from before the crawl. */
function change(table: Table, before: Map<string, string>): CrawlReport['tables'][number] {
  const old = before.get(table.Name!)
  return {
    table: table.Name!,
    change: old === undefined ? 'created' : old === stamp(table) ? 'unchanged' : 'updated',
    columns: (table.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => ({ name: Name!, type: Type ?? '' })),
    partitionKeys: (table.PartitionKeys ?? []).map(({ Name }) => Name!),
  }
}

/** Deletes the crawler; answers false when there is none. */
export async function deleteCrawler(lab: Lab, crawler: string): Promise<boolean> {
  const glue = await glueClient(lab)
  try {
    await glue.deleteCrawler({ Name: crawler })
    return true
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return false
    throw awsError(`crawler ${crawler}`, error)
  }
}

/** Glue's configuration of a crawler that makes one table of a prefix, its partitions with the table's columns. */
export const lakeCrawl = {
  Version: 1.0,
  Grouping: { TableGroupingPolicy: 'CombineCompatibleSchemas' },
  CrawlerOutput: { Partitions: { AddOrUpdateBehavior: 'InheritFromTable' } },
}

async function ensureDatabase(lab: Lab, database: string): Promise<void> {
  const glue = await glueClient(lab)
  await glue.createDatabase({ DatabaseInput: { Name: database } }).catch(error => {
    if (!isAwsError(error, 'AlreadyExistsException')) throw error
  })
}

interface CrawlerPlan {
  crawler: string
  database: string
  path: string
  oneTable: boolean
}

async function ensureCrawler(lab: Lab, { crawler, database, path, oneTable }: CrawlerPlan): Promise<void> {
  const glue = await glueClient(lab)
  const wanted = {
    Name: crawler,
    Role: lab.config.crawlerRole,
    DatabaseName: database,
    Targets: { S3Targets: [{ Path: path }] },
    Configuration: JSON.stringify(oneTable ? lakeCrawl : { Version: 1.0 }),
  }
  try {
    await glue.createCrawler(wanted)
  } catch (error) {
    if (!isAwsError(error, 'AlreadyExistsException')) throw error
    await glue.updateCrawler(wanted).catch(failure => {
      if (!isAwsError(failure, 'CrawlerRunningException')) throw failure
    })
  }
}

/** One that runs already is waited for and then run again, because it may have begun before the newest objects. */
async function startCrawler(lab: Lab, crawler: string): Promise<void> {
  const glue = await glueClient(lab)
  await waitFor(
    `start of crawler ${crawler}`,
    async () => {
      try {
        await glue.startCrawler({ Name: crawler })
        return true
      } catch (error) {
        if (isAwsError(error, 'CrawlerRunningException')) return false
        throw error
      }
    },
    { timeoutMs: 900_000 },
  )
}

async function allTables(lab: Lab, database: string): Promise<Table[]> {
  const glue = await glueClient(lab)
  const tables: Table[] = []
  let token: string | undefined
  do {
    const page = await glue.getTables({ DatabaseName: database, NextToken: token })
    tables.push(...(page.TableList ?? []))
    token = page.NextToken
  } while (token)
  return tables
}

const stamp = (table: Table): string => JSON.stringify([table.VersionId, table.UpdateTime])
const versions = async (lab: Lab, database: string) =>
  new Map((await allTables(lab, database)).map(table => [table.Name!, stamp(table)]))

async function crawledTables(lab: Lab, database: string, crawler: string, path: string): Promise<Table[]> {
  const tables = await allTables(lab, database)
  return tables.filter(
    ({ Parameters, StorageDescriptor }) =>
      Parameters?.UPDATED_BY_CRAWLER === crawler && `${StorageDescriptor?.Location ?? ''}/`.startsWith(path),
  )
}
