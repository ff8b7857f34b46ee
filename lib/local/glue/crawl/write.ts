import type { Column, Table, TableInput } from '@aws-sdk/client-glue'
import type { CrawlerConfiguration } from '../configuration.ts'
import { deprecated, policyOf, type Changes } from './changes.ts'
import type { CrawlJob, FoundTable } from './crawl.ts'
import { suffixedName, tableName } from './name.ts'
import { writePartitions } from './writePartitions.ts'
import { locationOf, tableInputOf, type Writer } from './tableInput.ts'
import type { CrawlTarget } from './target.ts'

/** Creates and updates tables and their partitions. `kept`: the names of all tables that this crawl found. */
export async function writeTables(
  job: CrawlJob,
  found: FoundTable[],
  configuration: CrawlerConfiguration,
): Promise<{ changes: Changes; kept: Set<string> }> {
  const changes: Changes = {
    tables: { added: [], updated: [], deleted: [] },
    partitions: { added: [], updated: [], deleted: [] },
  }
  const tables = named(job, found)
  // Several at once share a write of the journal; there may be thousands when nothing is alike.
  for (let start = 0; start < tables.length; start += together) {
    job.signal.throwIfAborted()
    await Promise.all(tables.slice(start, start + together).map(one => writeTable(job, one, configuration, changes)))
  }
  return { changes, kept: new Set(tables.map(table => table.name)) }
}

const together = 50

async function writeTable(
  job: CrawlJob,
  { table: { group, target }, existing, name }: NamedTable,
  configuration: CrawlerConfiguration,
  changes: Changes,
): Promise<void> {
  const writer: Writer = { crawler: job.crawler.Name!, runId: job.runId, bucket: target.bucket, exclusions: target.exclusions }
  const input = tableInputOf(group, name, writer)
  const isWritten = existing
    ? await updateTable(job, existing, input, configuration, changes)
    : await createTable(job, input, changes)
  if (isWritten && group.keys.length > 0) await writePartitions(job, group, { name, writer, configuration, changes })
}

interface NamedTable {
  table: FoundTable
  name: string
  existing?: Table
}

/** A table keeps the name under which a crawler put its location before; a new one whose name is taken gets a suffix. */
function named({ catalog, crawler, log }: CrawlJob, found: FoundTable[]): NamedTable[] {
  const database = catalog.listTables(crawler.DatabaseName!)
  const taken = new Set(database.map(table => table.Name!))
  const known = matchKnown(database, found)
  const partitioned = found.filter(table => known.has(table) && table.group.keys.length > 0)
  const out: NamedTable[] = []
  for (const table of found) {
    const existing = known.get(table)
    const location = locationOfTable(table)
    if (!existing && partitioned.some(outer => isNewLayout(table, outer))) {
      log.warn(`Folder partition keys do not match table partition keys, skipped folder: ${location}`)
      continue
    }
    const name = existing?.Name ?? freeName(table, taken, crawler.TablePrefix)
    taken.add(name)
    out.push({ table, name, existing })
  }
  return out
}

function freeName({ group, target }: FoundTable, taken: Set<string>, prefix: string | undefined): string {
  const plain = tableName(target.bucket, group.key, prefix)
  const location = locationOf(target.bucket, group.key)
  const names = [plain, suffixedName(plain, location), suffixedName(plain, `${location}|${group.compatibility}`)]
  return names.find(name => !taken.has(name)) ?? names.at(-1)!
}

/** Found tables that a crawler wrote before: those at the same location, of the same format where there are several. */
function matchKnown(database: Table[], found: FoundTable[]): Map<FoundTable, Table> {
  const byLocation = Map.groupBy(
    database.filter(table => table.Parameters?.UPDATED_BY_CRAWLER !== undefined),
    table => plainLocation(table.StorageDescriptor?.Location ?? ''),
  )
  const known = new Map<FoundTable, Table>()
  for (const table of found) {
    const here = byLocation.get(plainLocation(locationOfTable(table))) ?? []
    const { classification, compression } = table.group.leaves[0]!.files[0]!.shape
    const alike = here.filter(one => one.Parameters!.classification === classification)
    const old = alike.find(one => one.Parameters!.compressionType === compression) ?? alike[0] ?? here[0]
    if (!old) continue
    known.set(table, old)
    here.splice(here.indexOf(old), 1)
  }
  return known
}

const locationOfTable = ({ group, target }: FoundTable): string => locationOf(target.bucket, group.key)
const plainLocation = (location: string): string => location.replace(/\/$/, '')

/** A folder of the same format inside a table of an earlier crawl, laid out in another way (re:Post, "glue-crawler-not-adding-new-partitions"). */
function isNewLayout({ group, target }: FoundTable, { group: outer, target: other }: FoundTable): boolean {
  const isInside = target.bucket === other.bucket && group.key.startsWith(outer.key) && group.key !== outer.key
  return isInside && group.key.endsWith('/') && outer.compatibility === group.compatibility
}

async function createTable({ catalog, crawler, log }: CrawlJob, input: TableInput, changes: Changes): Promise<boolean> {
  await catalog.createTable(crawler.DatabaseName!, input)
  changes.tables.added.push(input.Name!)
  log.info(`Created table ${input.Name} in database ${crawler.DatabaseName}`)
  return true
}

/** Answers whether the table can take the partitions that were found. */
async function updateTable(
  job: CrawlJob,
  existing: Table,
  input: TableInput,
  { mergeNewColumns }: CrawlerConfiguration,
  changes: Changes,
): Promise<boolean> {
  const { catalog, crawler, log } = job
  if (keyNames(existing) !== keyNames(input)) {
    log.warn(`Folder partition keys do not match table partition keys, skipped folder: ${input.StorageDescriptor!.Location}`)
    return false
  }
  const next = mergeNewColumns ? withNewColumns(existing, input) : input
  if (comparable(next) === comparable(existing)) return true
  if (policyOf(job).UpdateBehavior === 'LOG') {
    log.info(`Table ${existing.Name} in database ${crawler.DatabaseName} has changed; it is not updated (UpdateBehavior LOG)`)
    return true
  }
  await catalog.updateTable(crawler.DatabaseName!, next)
  changes.tables.updated.push(existing.Name!)
  log.info(`Updated table ${existing.Name} in database ${crawler.DatabaseName}`)
  return true
}

const keyNames = ({ PartitionKeys }: TableInput): string => JSON.stringify((PartitionKeys ?? []).map(key => key.Name))

/** Old columns as they are, new ones behind them. */
function withNewColumns(existing: Table, input: TableInput): TableInput {
  const old = existing.StorageDescriptor?.Columns ?? []
  const names = new Set(old.map(column => column.Name))
  const Columns = [...old, ...input.StorageDescriptor!.Columns!.filter(column => !names.has(column.Name))]
  const paths = mergedPaths(existing, input)
  const SerdeInfo = { ...input.StorageDescriptor!.SerdeInfo, ...(paths && { Parameters: { paths } }) }
  return {
    ...input,
    PartitionKeys: existing.PartitionKeys,
    Parameters: withoutDeprecation({ ...existing.Parameters, ...input.Parameters }),
    StorageDescriptor: { ...input.StorageDescriptor, Columns, SerdeInfo },
  }
}

function mergedPaths(existing: Table, input: TableInput): string | undefined {
  const paths = [existing, input].map(table => table.StorageDescriptor?.SerdeInfo?.Parameters?.paths)
  if (paths[1] === undefined) return undefined
  return [...new Set(paths.flatMap(text => text?.split(',') ?? []))].sort().join(',')
}

function withoutDeprecation({ [deprecated]: _, ...parameters }: Record<string, string>): Record<string, string> {
  return parameters
}

/** Everything a crawler writes, but for the crawl's id. */
function comparable({ StorageDescriptor, Parameters, PartitionKeys }: TableInput): string {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'CRAWL_RUN_ID')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, plain(item)]),
    )
  }
  return JSON.stringify(
    plain([StorageDescriptor, Parameters, (PartitionKeys ?? []).map(({ Name, Type }: Column) => [Name, Type])]),
  )
}

/** Applies `DeleteBehavior` to this crawler's tables whose data is gone. */
export async function deprecateMissing(
  job: CrawlJob,
  targets: CrawlTarget[],
  kept: Set<string>,
  changes: Changes,
): Promise<void> {
  const { catalog, crawler, log } = job
  const { DeleteBehavior } = policyOf(job)
  for (const table of catalog.listTables(crawler.DatabaseName!)) {
    const location = table.StorageDescriptor?.Location ?? ''
    const isOurs = table.Parameters?.UPDATED_BY_CRAWLER === crawler.Name
    if (!isOurs || kept.has(table.Name!) || !targets.some(target => isUnder(location, target))) continue
    if (DeleteBehavior === 'LOG') log.info(`Table ${table.Name} was not found any more; it is kept (DeleteBehavior LOG)`)
    else if (DeleteBehavior === 'DELETE_FROM_DATABASE') {
      await catalog.deleteTable(crawler.DatabaseName!, table.Name!)
      changes.tables.deleted.push(table.Name!)
      log.info(`Deleted table ${table.Name} from database ${crawler.DatabaseName}`)
    } else if (table.Parameters?.[deprecated] === undefined) {
      await catalog.updateTable(crawler.DatabaseName!, {
        ...inputOf(table),
        Parameters: { ...table.Parameters, [deprecated]: String(Date.now()) },
      })
      changes.tables.updated.push(table.Name!)
      log.info(`Deprecated table ${table.Name} in database ${crawler.DatabaseName}`)
    }
  }
}

const isUnder = (location: string, { bucket, prefix }: CrawlTarget): boolean =>
  `${location}/`.startsWith(`s3://${bucket}/${prefix}`)

/** A stored table without what Glue added. */
function inputOf(table: Table): TableInput {
  const { Name, Description, Owner, Retention, StorageDescriptor, PartitionKeys, TableType, Parameters } = table
  return { Name, Description, Owner, Retention, StorageDescriptor, PartitionKeys, TableType, Parameters }
}
