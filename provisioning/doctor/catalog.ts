import type { Crawler, Glue, Partition, Table } from '@aws-sdk/client-glue'
import { glueClient, isAwsError } from '../../lib/aws.ts'
import type { Lab } from '../../lib/lab.ts'
import type { BucketView } from './bucket.ts'
import { cloudFailure } from './cloud.ts'
import { count, type Finding, fine, isWrong, skipped, some, wrong } from './finding.ts'
import { lookAtColumns } from './columns.ts'

/** What was seen of the catalog; the checks of queries go on from it. */
export interface CatalogView {
  findings: Finding[]
  /** The tables whose data lie under the lab's prefix, or over it. */
  tables: Table[]
}

/** Looks at the tables of the lab's database: are they there, do they point to the data, do their columns and partitions fit them. */
export async function examineCatalog(lab: Lab, { objects, samples, isReadable }: BucketView): Promise<CatalogView> {
  const { database, bucket, prefix } = lab.config
  try {
    const glue = await glueClient(lab)
    const crawler = await findCrawler(glue, lab.config.crawler)
    const all = await listTables(glue, database)
    const tables = (all ?? []).filter(table => touches(table, `s3://${bucket}/${prefix}`))
    if (tables.length === 0) return { tables, findings: [noTable(lab, crawler, all, isReadable ? objects.length : undefined)] }
    const findings = [...lookAtCrawler(crawler, lab), ...lookAtSplit(tables, lab), ...tables.flatMap(lookAtLocation)]
    for (const table of tables) {
      const partitions = await listPartitions(glue, table)
      findings.push(...lookAtPartitions(table, partitions, objects, crawler, lab), ...lookAtColumns(table, partitions, samples))
    }
    if (!findings.some(isWrong))
      findings.unshift(fine(`table ${database}.${tables[0]!.Name} fits ${count(objects.length, 'object')}`))
    return { tables, findings }
  } catch (error) {
    return { tables: [], findings: [cloudFailure(`database ${database}`, error)] }
  }
}

async function findCrawler(glue: Glue, name: string): Promise<Crawler | 'denied' | undefined> {
  try {
    return (await glue.getCrawler({ Name: name })).Crawler
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return undefined
    if (isAwsError(error, 'AccessDeniedException')) return 'denied'
    throw error
  }
}

async function listTables(glue: Glue, database: string): Promise<Table[] | undefined> {
  const tables: Table[] = []
  let token: string | undefined
  try {
    do {
      const page = await glue.getTables({ DatabaseName: database, NextToken: token })
      tables.push(...(page.TableList ?? []))
      token = page.NextToken
    } while (token)
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return undefined
    throw error
  }
  return tables
}

const locationOf = (table: Table): string => table.StorageDescriptor?.Location ?? ''

/** Views have no location of their own. Two slashes do not hide that a table means this place. */
function touches(table: Table, place: string): boolean {
  if (table.TableType === 'VIRTUAL_VIEW') return false
  const location = `${locationOf(table)
    .replace(/([^:])\/{2,}/g, '$1/')
    .replace(/\/$/, '')}/`
  return location.startsWith(place) || (location !== '/' && place.startsWith(location))
}

function noTable(
  { config }: Lab,
  crawler: Crawler | 'denied' | undefined,
  all: Table[] | undefined,
  objects: number | undefined,
): Finding {
  const { database, bucket, prefix } = config
  const place = `s3://${bucket}/${prefix}`
  if (objects === 0) return skipped(`database ${database}: nothing lies under ${place} that a table could be made of`)
  const others = (all ?? [])
    .filter(({ TableType }) => TableType !== 'VIRTUAL_VIEW')
    .map(table => `${table.Name} at ${locationOf(table)}`)
  const symptom =
    all === undefined
      ? `there is no database ${database}`
      : `no table of ${place} in database ${database}${others.length ? ` (there ${others.length === 1 ? 'is' : 'are'} ${some(others, 2)})` : ''}`
  if (crawler === 'denied') return wrong(symptom, 'it was not crawled yet, or its crawl failed', 'npx tickerlake crawl')
  const last = crawler?.LastCrawl
  if (!last)
    return wrong(
      symptom,
      crawler ? `crawler ${config.crawler} has not run yet (it is ${crawler.State})` : `crawler ${config.crawler} was never made`,
      'npx tickerlake crawl',
    )
  if (last.Status === 'FAILED')
    return wrong(
      symptom,
      `the last crawl failed: ${last.ErrorMessage ?? 'no reason given'}`,
      'correct what it names (rights of the role? the path?), then npx tickerlake crawl',
    )
  return wrong(
    symptom,
    `the last crawl ended ${last.Status} without a table: it looked at ${some(pathsOf(crawler), 2)} while nothing was there, or its role may list but not read (s3:GetObject)`,
    'npx tickerlake crawl points it to the prefix and runs it again; the role needs provisioning/policies/crawler.json',
  )
}

const pathsOf = (crawler: Crawler): string[] => (crawler.Targets?.S3Targets ?? []).map(({ Path = '' }) => Path)

function lookAtCrawler(crawler: Crawler | 'denied' | undefined, { config }: Lab): Finding[] {
  if (crawler === 'denied') return [skipped(`crawler ${config.crawler}: this user may not look at it`)]
  if (!crawler) return []
  const { LastCrawl: last, Schedule: schedule } = crawler
  return [
    ...(last?.Status === 'FAILED'
      ? [
          wrong(
            `the last crawl of ${config.crawler} failed`,
            last.ErrorMessage ?? 'no reason given',
            'correct what it names, then npx tickerlake crawl',
          ),
        ]
      : []),
    ...(schedule?.State === 'SCHEDULED' && config.cloud.kind === 'aws'
      ? [fine(`crawler ${config.crawler} runs by itself (${schedule.ScheduleExpression}): each crawl costs $0.07 to $0.15`)]
      : []),
  ]
}

function lookAtSplit(tables: Table[], { config: { bucket, prefix, database } }: Lab): Finding[] {
  const own = tables.filter(table => `${locationOf(table)}/`.startsWith(`s3://${bucket}/${prefix}`))
  if (own.length < 2) return []
  return [
    wrong(
      `${own.length} tables of one prefix in ${database}: ${some(
        own.map(({ Name = '' }) => Name),
        5,
      )}`,
      'the crawler took the objects for several kinds: test messages, other types, results, or compressed and plain ones among them',
      'one prefix for each table; clear it up, delete the tables, then npx tickerlake crawl (CombineCompatibleSchemas makes one)',
    ),
  ]
}

function lookAtLocation(table: Table): Finding[] {
  const location = locationOf(table)
  const fix = `make it a folder that ends in one slash: npx tickerlake crawl, or ALTER TABLE ${table.Name} SET LOCATION 's3://…/'`
  if (/[^:]\/\//.test(location))
    return [
      wrong(`table ${table.Name}: LOCATION ${location} has a double slash`, 'Athena takes it literally and finds zero rows', fix),
    ]
  if (/\.(json|csv|gz|parquet|txt)$/.test(location))
    return [wrong(`table ${table.Name}: LOCATION ${location} is a file`, 'Athena reads folders: zero rows', fix)]
  return []
}

async function listPartitions(glue: Glue, table: Table): Promise<Partition[]> {
  if (!table.PartitionKeys?.length) return []
  const partitions: Partition[] = []
  let token: string | undefined
  do {
    const page = await glue.getPartitions({ DatabaseName: table.DatabaseName, TableName: table.Name, NextToken: token })
    partitions.push(...(page.Partitions ?? []))
    token = page.NextToken
  } while (token)
  return partitions
}

/** Athena reads only partitions that the catalog knows. An object in a known one is seen without another crawl, whatever its age. */
function lookAtPartitions(
  table: Table,
  partitions: Partition[],
  objects: BucketView['objects'],
  crawler: Crawler | 'denied' | undefined,
  { config: { bucket } }: Lab,
): Finding[] {
  const root = `s3://${bucket}/`
  const location = `${locationOf(table).replace(/\/$/, '')}/`
  const keys = table.PartitionKeys ?? []
  if (!location.startsWith(root) || keys.length === 0 || table.Parameters?.['projection.enabled'] === 'true') return []
  const known = partitions.map(({ StorageDescriptor }) => `${(StorageDescriptor?.Location ?? '').replace(/\/$/, '')}/`)
  const unknown = objects.filter(
    ({ key }) => `${root}${key}`.startsWith(location) && !known.some(folder => `${root}${key}`.startsWith(folder)),
  )
  if (unknown.length === 0) return []
  const folders = [...new Set(unknown.map(({ key }) => `${root}${key}`.slice(location.length).replace(/[^/]*$/, '')))]
  const newest = unknown.reduce((latest, { modified }) => (modified > latest ? modified : latest), new Date(0))
  const crawled = typeof crawler === 'object' ? crawler.LastCrawl?.StartTime : undefined
  const isLater = crawled === undefined || newest > crawled
  return [
    wrong(
      `${count(folders.length, 'partition')} of table ${table.Name} not in the catalog: ${some(folders.map(folder => folder || '(no folder)'))}`,
      isLater
        ? `the newest object (${newest.toISOString()}) is later than the last crawl (${crawled?.toISOString() ?? 'none'}), and a crawler does not run by itself: Athena does not see what lies there`
        : 'the crawler skipped them (another layout, or CRAWL_NEW_FOLDERS_ONLY): Athena does not see what lies there',
      `npx tickerlake crawl, or MSCK REPAIR TABLE ${table.Name}`,
    ),
  ]
}
