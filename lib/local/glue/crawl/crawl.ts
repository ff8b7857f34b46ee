import type { Classifier, Crawler } from '@aws-sdk/client-glue'
import type { Storage } from '../../s3/storage.ts'
import type { CatalogStore } from '../catalog.ts'
import { parseConfiguration } from '../configuration.ts'
import { groupTables, type Group, type Grouping } from './group.ts'
import type { CrawlLog } from './log.ts'
import { scanTarget } from './scan.ts'
import { parseTarget, type CrawlTarget } from './target.ts'
import type { Folder } from './tree.ts'
import type { Changes } from './changes.ts'
import { deprecateMissing, writeTables } from './write.ts'

/** Everything one crawl needs. */
export interface CrawlJob {
  crawler: Crawler
  /** In the crawler's order. */
  classifiers: Classifier[]
  runId: string
  catalog: CatalogStore
  storage: Storage
  log: CrawlLog
  signal: AbortSignal
  /** Folders of earlier crawls (`s3://bucket/folder/`), when only new ones are wanted. */
  known?: ReadonlySet<string>
}

/** A found table with the target it was found in. */
export interface FoundTable {
  group: Group
  target: CrawlTarget
}

/** Reads the targets and writes what it finds to the catalog. Answers the changes and the folders read. Throws a plain `Error` that says why it failed. */
export async function crawl(job: CrawlJob): Promise<{ changes: Changes; folders: string[] }> {
  const { crawler, log, catalog } = job
  const configuration = parseConfiguration(crawler.Configuration)
  catalog.getDatabase(crawler.DatabaseName!)
  const targets = (crawler.Targets?.S3Targets ?? []).map(target => parseTarget(target)!)
  const folders: string[] = []
  const all: FoundTable[] = []
  for (const target of targets) {
    for (const group of await crawlTarget(job, target, configuration.grouping, folders)) all.push({ group, target })
  }
  const found = withoutRepeats(all)
  checkThreshold(found.length, configuration.tableThreshold)
  log.benchmark(`Classification complete, writing results to database ${crawler.DatabaseName}`)
  const { changes, kept } = await writeTables(job, found, configuration)
  if (!job.known) await deprecateMissing(job, targets, kept, changes)
  log.benchmark('Finished writing to Catalog')
  return { changes, folders }
}

/** The tables of one include path; adds the folders it read to `folders`. */
async function crawlTarget(job: CrawlJob, target: CrawlTarget, grouping: Grouping, folders: string[]): Promise<Group[]> {
  const { storage, log } = job
  const { bucket, prefix } = target
  if (!storage.hasBucket(bucket)) {
    throw new Error(
      `The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; Bucket: ${bucket})`,
    )
  }
  const { object, folder } = await scanTarget(storage, target, job)
  if (object) return [objectGroup(object)]
  collectFolders(folder, `s3://${bucket}/`, folders)
  const onSplit = (key: string, reason: string): void => log.warn(`Folder s3://${bucket}/${key}: ${reason}`)
  const groups = await groupTables(folder, { ...grouping, roots: rootsOf(job, target), onSplit })
  if (groups.length === 0) log.warn(`No objects to crawl were found in s3://${bucket}/${prefix}`)
  return groups
}

function checkThreshold(found: number, threshold: number | undefined): void {
  if (threshold === undefined || found <= threshold) return
  throw new Error(
    `The number of tables detected by crawler: ${found} is greater than the table threshold value provided: ${threshold}. ` +
      'Failing crawler without writing to Data Catalog.',
  )
}

/** For a crawl of new folders only: the folders that this crawler made tables of. */
function rootsOf({ catalog, crawler, known }: CrawlJob, { bucket, prefix }: CrawlTarget): string[] {
  if (!known) return []
  return catalog
    .listTables(crawler.DatabaseName!)
    .filter(table => table.Parameters?.UPDATED_BY_CRAWLER === crawler.Name)
    .map(table => table.StorageDescriptor?.Location ?? '')
    .filter(location => location.startsWith(`s3://${bucket}/${prefix}`) && location.endsWith('/'))
    .map(location => location.slice(`s3://${bucket}/`.length))
}

function objectGroup(file: Group['leaves'][number]['files'][number]): Group {
  const { columns, compatibility } = file.shape
  return { key: file.key, keys: [], leaves: [{ values: [], key: file.key, files: [file], columns }], columns, compatibility }
}

/** Targets that overlap find the same location twice: the first counts. */
function withoutRepeats(found: FoundTable[]): FoundTable[] {
  const owners = new Map<string, CrawlTarget>()
  return found.filter(({ group, target }) => {
    const location = `${target.bucket}/${group.key}`
    if (!owners.has(location)) owners.set(location, target)
    return owners.get(location) === target
  })
}

/** Adds the folders that hold files of their own. */
function collectFolders(folder: Folder, bucketUrl: string, into: string[]): void {
  if (folder.files.length > 0) into.push(bucketUrl + folder.key)
  for (const below of folder.folders.values()) collectFolders(below, bucketUrl, into)
}
