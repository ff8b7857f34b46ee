import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Glue from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crawlLogFile } from '../../../lib/local/glue/crawl/log.ts'
import { openGlueHome, type GlueHome } from './glueHome.ts'

/**
 * One crawl case: a folder of test/fixtures/crawls with `objects/` (what lies in the bucket, which has the folder's name) and this as expected.json.
 * Adding a folder adds a test.
 */
interface Case {
  /** The rule that is shown, and the page or issue it comes from. */
  rule: string
  classifiers?: object[]
  /** `CreateCrawler`, with `Configuration` as an object; Name, Role and DatabaseName are given when missing. Default: the whole bucket. */
  crawler?: { Configuration?: object; Targets?: object } & Record<string, unknown>
  /** Default SUCCEEDED. */
  status?: string
  /** A part of the error's sentence. */
  error?: string
  /** A part of the crawl's log. */
  log?: string
  tables: Record<string, ExpectedTable>
  /** Further crawls: `objects-2/`, `objects-3/` ... are put, `remove` deleted, `update` changed before each. */
  then?: (Omit<Case, 'rule' | 'then' | 'crawler'> & { remove?: string[]; update?: Case['crawler'] })[]
}

interface ExpectedTable {
  location?: string
  /** `name type` in their order. */
  columns?: string[]
  /** Names in their order; all are strings. */
  keys?: string[]
  /** Values joined by `/` -> columns that differ from the table's, or `true`. */
  partitions?: Record<string, string[] | true>
  /** Some of the parameters; null for one that must not be there. */
  parameters?: Record<string, string | null>
  /** `json`, `csv`, `opencsv`, `parquet`. */
  serde?: string
  serdeParameters?: Record<string, string>
  versions?: number
  /** Parameters of a partition, by its values. */
  partitionParameters?: Record<string, Record<string, string | null>>
}

const libraries: Record<string, string> = {
  json: 'org.openx.data.jsonserde.JsonSerDe',
  csv: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
  opencsv: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
  parquet: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
}

const root = join(import.meta.dirname, '..', '..', 'fixtures', 'crawls')
let home: GlueHome
beforeAll(async () => {
  home = await openGlueHome()
})
afterAll(() => home.close())

const names = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory())

describe.each(names.map(entry => entry.name).sort())('crawl %s', name => {
  const folder = join(root, name)
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Case

  test(expected.rule, async () => {
    expect(expected.rule.length).toBeGreaterThan(20)
    const database = name.replaceAll('-', '_')
    home.makeBucket(name)
    if (existsSync(join(folder, 'objects'))) await home.putFolder(name, join(folder, 'objects'))
    await home.call('CreateDatabase', { DatabaseInput: { Name: database } })
    for (const classifier of expected.classifiers ?? []) await home.call('CreateClassifier', classifier)
    await home.call('CreateCrawler', { ...crawlerInput(name, expected.crawler), DatabaseName: database })
    await check(name, database, expected)
    for (const [at, step] of (expected.then ?? []).entries()) {
      const objects = join(folder, `objects-${at + 2}`)
      if (existsSync(objects)) await home.putFolder(name, objects)
      for (const key of step.remove ?? []) await home.storage.delete(name, key)
      if (step.update) await home.call('UpdateCrawler', { ...withText(step.update), Name: name })
      await check(name, database, step)
    }
  })
})

function crawlerInput(name: string, crawler: Case['crawler'] = {}): object {
  return {
    Name: name,
    Role: 'arn:aws:iam::000000000000:role/crawler',
    Targets: { S3Targets: [{ Path: `s3://${name}/` }] },
    ...withText(crawler),
  }
}

const withText = ({ Configuration, ...rest }: NonNullable<Case['crawler']>): object => ({
  ...rest,
  ...(Configuration && { Configuration: JSON.stringify(Configuration) }),
})

async function check(name: string, database: string, expected: Omit<Case, 'rule'>): Promise<void> {
  const crawler = await home.crawl(name)
  expect(crawler.LastCrawl).toMatchObject({ Status: expected.status ?? 'SUCCEEDED' })
  if (expected.error) expect(crawler.LastCrawl!.ErrorMessage).toContain(expected.error)
  if (expected.log) expect(readFileSync(crawlLogFile(join(home.dir, 'glue'), name), 'utf8')).toContain(expected.log)
  const tables = home.catalog.listTables(database)
  expect(tables.map(table => table.Name)).toEqual(Object.keys(expected.tables).sort())
  for (const table of tables) checkTable(table, expected.tables[table.Name!]!)
}

function checkTable(table: Glue.Table, expected: ExpectedTable): void {
  const { StorageDescriptor: descriptor, PartitionKeys, Parameters } = table
  if (expected.location) expect(descriptor!.Location).toBe(expected.location)
  if (expected.columns) expect(columnsOf(descriptor)).toEqual(expected.columns)
  expect(PartitionKeys!.map(key => `${key.Name} ${key.Type}`)).toEqual((expected.keys ?? []).map(key => `${key} string`))
  for (const [key, value] of Object.entries(expected.parameters ?? {}))
    expect.soft(Parameters![key], key).toBe(value ?? undefined)
  expect(descriptor!.Parameters).toMatchObject(expected.parameters ? { classification: Parameters!.classification } : {})
  if (expected.serde) expect(descriptor!.SerdeInfo!.SerializationLibrary).toBe(libraries[expected.serde])
  if (expected.serdeParameters) expect(descriptor!.SerdeInfo!.Parameters).toEqual(expected.serdeParameters)
  if (expected.versions) expect(home.catalog.listTableVersions(table.DatabaseName!, table.Name!)).toHaveLength(expected.versions)
  checkPartitions(table, expected)
}

function checkPartitions(table: Glue.Table, { partitions = {}, partitionParameters = {}, columns }: ExpectedTable): void {
  const found = home.catalog.listPartitions(table.DatabaseName!, table.Name!)
  expect(found.map(partition => partition.Values!.join('/')).sort()).toEqual(Object.keys(partitions).sort())
  for (const { Values, StorageDescriptor, Parameters } of found) {
    const label = Values!.join('/')
    const own = partitions[label]!
    if (own !== true || columns) expect(columnsOf(StorageDescriptor), label).toEqual(own === true ? columns : own)
    expect(StorageDescriptor!.Location!.startsWith(table.StorageDescriptor!.Location!)).toBe(true)
    for (const [key, value] of Object.entries(partitionParameters[label] ?? {})) {
      if (value === '*') expect(Parameters![key], key).toBeDefined()
      else expect(Parameters![key], key).toBe(value ?? undefined)
    }
  }
}

const columnsOf = (descriptor: Glue.StorageDescriptor | undefined): string[] =>
  descriptor!.Columns!.map(({ Name, Type }) => `${Name} ${Type}`)
