import type { Partition, PartitionInput, StorageDescriptor } from '@aws-sdk/client-glue'
import type { CrawlerConfiguration } from '../configuration.ts'
import { breathing } from './breathing.ts'
import { deprecated, policyOf, type Changes } from './changes.ts'
import type { CrawlJob } from './crawl.ts'
import type { Group } from './group.ts'
import { partitionInputOf, type Writer } from './tableInput.ts'

const batchSize = 100

/** What is being written: the table's name and how. */
interface Writing {
  name: string
  writer: Writer
  configuration: CrawlerConfiguration
  changes: Changes
}

/** Adds the partitions that are new, and by policy updates the changed and removes the missing ones. */
export async function writePartitions(job: CrawlJob, group: Group, writing: Writing): Promise<void> {
  const { catalog, crawler, log, signal } = job
  const { name, changes } = writing
  const database = crawler.DatabaseName!
  const { added, changed, missing } = await comparePartitions(job, group, writing)
  for (const batch of batches(added)) {
    signal.throwIfAborted()
    await catalog.createPartitions(database, name, batch)
  }
  for (const batch of batches(changed)) {
    signal.throwIfAborted()
    await Promise.all(batch.map(input => catalog.updatePartition(database, name, input.Values!, input)))
  }
  const label = ({ Values }: PartitionInput): string => `${name}[${Values!.join(', ')}]`
  for (const input of added) changes.partitions.added.push(label(input))
  for (const input of changed) changes.partitions.updated.push(label(input))
  if (added.length > 0) log.info(`Created ${added.length} partitions for table ${name} in database ${database}: ${listed(added)}`)
  if (changed.length > 0)
    log.info(`Updated ${changed.length} partitions of table ${name} in database ${database}: ${listed(changed)}`)
  if (!job.known) await removeMissing(job, name, missing, changes)
}

/** What was found beside what the catalog has; the policy decides whether the changed ones count. */
async function comparePartitions(job: CrawlJob, group: Group, { name, writer, configuration }: Writing) {
  const { catalog, crawler } = job
  const database = crawler.DatabaseName!
  const inherited = configuration.inheritFromTable ? catalog.getTable(database, name).StorageDescriptor! : undefined
  const old = new Map(catalog.listPartitions(database, name).map(partition => [JSON.stringify(partition.Values), partition]))
  const isUpdating = policyOf(job).UpdateBehavior === 'UPDATE_IN_DATABASE'
  const breathe = breathing()
  const added: PartitionInput[] = []
  const changed: PartitionInput[] = []
  for (const leaf of group.leaves) {
    await breathe()
    const input = inherit(partitionInputOf(leaf, writer), inherited)
    const key = JSON.stringify(input.Values)
    const existing = old.get(key)
    old.delete(key)
    if (!existing) added.push(input)
    else if (isUpdating && comparable(existing) !== comparable(input)) changed.push(input)
  }
  return { added, changed, missing: [...old.values()] }
}

async function removeMissing(job: CrawlJob, name: string, missing: Partition[], changes: Changes): Promise<void> {
  const { catalog, crawler, log } = job
  const database = crawler.DatabaseName!
  const { DeleteBehavior } = policyOf(job)
  const gone = missing.filter(
    partition => DeleteBehavior !== 'DEPRECATE_IN_DATABASE' || partition.Parameters?.[deprecated] === undefined,
  )
  if (gone.length === 0) return
  if (DeleteBehavior === 'LOG')
    return log.info(`${gone.length} partitions of table ${name} were not found any more; they are kept (DeleteBehavior LOG)`)
  const labels = gone.map(({ Values }) => `${name}[${Values!.join(', ')}]`)
  if (DeleteBehavior === 'DELETE_FROM_DATABASE') {
    const values = gone.map(partition => partition.Values!)
    await catalog.deletePartitions(database, name, values)
    for (const label of labels) changes.partitions.deleted.push(label)
    return log.info(`Deleted ${gone.length} partitions of table ${name}: ${listed(gone)}`)
  }
  const now = String(Date.now())
  const mark = ({ Values, StorageDescriptor, Parameters }: Partition): Promise<void> => {
    const input = { Values, StorageDescriptor, Parameters: { ...Parameters, [deprecated]: now } }
    return catalog.updatePartition(database, name, Values!, input)
  }
  for (const batch of batches(gone)) await Promise.all(batch.map(mark))
  for (const label of labels) changes.partitions.updated.push(label)
  log.info(`Deprecated ${gone.length} partitions of table ${name}: ${listed(gone)}`)
}

/** `InheritFromTable`: schema, formats and SerDe of the table, location and statistics of its own. */
function inherit(input: PartitionInput, table: StorageDescriptor | undefined): PartitionInput {
  if (!table) return input
  const { Location, Parameters } = input.StorageDescriptor!
  return { ...input, StorageDescriptor: { ...table, Location, Parameters } }
}

function comparable({ StorageDescriptor, Parameters }: PartitionInput): string {
  const { Columns, Location, SerdeInfo, InputFormat } = StorageDescriptor ?? {}
  const { CRAWL_RUN_ID: _, ...parameters } = Parameters ?? {}
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))
  const columns = (Columns ?? []).map(({ Name, Type }) => [Name, Type])
  return JSON.stringify([columns, Location, SerdeInfo?.SerializationLibrary, SerdeInfo?.Parameters?.paths, InputFormat, sorted])
}

function* batches<T>(items: T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += batchSize) yield items.slice(start, start + batchSize)
}

/** The first few, for the log. */
function listed(partitions: { Values?: string[] }[]): string {
  const names = partitions.slice(0, 10).map(({ Values }) => `[${Values!.join(', ')}]`)
  return names.join(', ') + (partitions.length > names.length ? ', ...' : '')
}
