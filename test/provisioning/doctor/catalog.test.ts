import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { athenaClient, glueClient } from '../../../lib/aws.ts'
import { ensureBucket, objectKey, putObject } from '../../../lib/bucket.ts'
import { crawl } from '../../../lib/crawler.ts'
import type { Lab } from '../../../lib/lab.ts'
import { homeForTests, type OpenLab } from '../../helpers/lab.ts'
import { problem, quote, seen, wrongs } from './look.ts'

let open: OpenLab
beforeAll(async () => {
  open = (await homeForTests()).open
})

async function stored(): Promise<Lab> {
  const lab = open()
  await ensureBucket(lab)
  await store(lab, Date.UTC(2026, 0, 2))
  return lab
}
async function store(lab: Lab, day: number): Promise<void> {
  const key = objectKey(lab.config.prefix, { topic: lab.config.topic, partition: 0, offset: 0 }, day)
  await putObject(lab, key, gzipSync([0, 1, 2].map(at => `${quote(at)}\n`).join('')))
}
let crawled: Lab
beforeAll(async () => {
  crawled = await stored()
  await crawl(crawled)
})
/** What is wrong with the lab's table after a change of columns or location, which is taken back. */
async function wrongsOfTable(change: (table: any) => void): Promise<string[]> {
  const lab = crawled
  const glue = await glueClient(lab)
  const { database, table } = lab.config
  const { Table } = await glue.getTable({ DatabaseName: database, Name: table })
  const { Name, StorageDescriptor, PartitionKeys, TableType, Parameters } = Table!
  const input = { Name, StorageDescriptor, PartitionKeys, TableType, Parameters }
  const changed = structuredClone(input)
  change(changed)
  await glue.updateTable({ DatabaseName: database, TableInput: changed })
  const found = wrongs(await seen(lab, ['catalog']))
  await glue.updateTable({ DatabaseName: database, TableInput: input })
  return found
}

it('finds that nothing was crawled', async () => {
  const lab = await stored()
  expect(await problem(lab, ['catalog'])).toMatch(/there is no database .*was never made.*npx tickerlake crawl/)
})

it('finds a crawl that made no table', async () => {
  const lab = open()
  await ensureBucket(lab)
  await crawl(lab)
  await store(lab, Date.UTC(2026, 0, 2))
  expect(await problem(lab, ['catalog'])).toMatch(/no table of s3:.*ended SUCCEEDED without a table.*s3:GetObject/)
})

it('finds a crawl that failed', async () => {
  const lab = await stored()
  await crawl(lab, { bucket: 'doctor-nowhere' }).catch(() => undefined)
  expect(await problem(lab, ['catalog'])).toMatch(/no table of .*the last crawl failed/)
})

it('finds several tables of one prefix', async () => {
  const lab = open()
  await ensureBucket(lab)
  await putObject(lab, `${lab.config.prefix}a/x.json`, '{"a":1,"b":2}\n')
  await putObject(lab, `${lab.config.prefix}b/x.json`, '{"c":"x","d":"y"}\n')
  await crawl(lab, { oneTable: false })
  expect(wrongs(await seen(lab, ['catalog'])).join('\n')).toMatch(/2 tables of one prefix in .*: \w+, \w+/)
})

it('finds a partition that came after the crawl', async () => {
  const lab = await stored()
  await crawl(lab)
  await store(lab, Date.UTC(2020, 0, 2))
  expect(await problem(lab, ['catalog'])).toMatch(
    /1 partition of table quotes not in the catalog: dt=2020-01-02\/.*later than the last crawl.*MSCK/,
  )
})

it.each<[string, (table: any) => void, RegExp]>([
  [
    'a partition key that is a column too',
    table => table.StorageDescriptor.Columns.push({ Name: 'dt', Type: 'string' }),
    /has column dt twice.*HIVE_INVALID_METADATA/,
  ],
  [
    'a reserved word',
    table => table.StorageDescriptor.Columns.push({ Name: 'date', Type: 'string' }),
    /"date" is no plain column name.*mismatched input/,
  ],
  [
    'a name with a blank',
    table => table.StorageDescriptor.Columns.push({ Name: 'adj close', Type: 'double' }),
    /"adj close" is no plain/,
  ],
  [
    'an int column with decimal values',
    table => void (table.StorageDescriptor.Columns.find((column: any) => column.Name === 'high').Type = 'int'),
    /column high is int, and .* has a number with a point.*HIVE_BAD_DATA/,
  ],
  [
    'a field that is no column',
    table => void table.StorageDescriptor.Columns.splice(1, 1),
    /has no column \w+, which the objects have/,
  ],
  ['a double slash in LOCATION', table => void (table.StorageDescriptor.Location += '/'), /has a double slash.*zero rows/],
  ['a LOCATION that is a file', table => void (table.StorageDescriptor.Location += 'dt=2026-01-01/x.json.gz'), /is a file/],
])('finds %s', async (_, change, words) => expect((await wrongsOfTable(change)).join('\n')).toMatch(words))

it('finds a partition whose column has another type', async () => {
  const lab = crawled
  const glue = await glueClient(lab)
  const place = { DatabaseName: lab.config.database, TableName: lab.config.table }
  const { Partitions } = await glue.getPartitions(place)
  const { Values, StorageDescriptor } = Partitions![0]!
  StorageDescriptor!.Columns = StorageDescriptor!.Columns!.map(column =>
    column.Name === 'low' ? { ...column, Type: 'int' } : column,
  )
  await glue.updatePartition({ ...place, PartitionValueList: Values, PartitionInput: { Values, StorageDescriptor } })
  expect(await problem(lab, ['catalog'])).toMatch(
    /low is double in the table and int in partition .*HIVE_PARTITION_SCHEMA_MISMATCH/,
  )
})

it('finds what is wrong with the work group', async () => {
  const lab = open({ workgroup: 'doctor-group' })
  expect(await problem(lab, ['query'])).toContain('there is no Athena work group doctor-group')
  const athena = await athenaClient(lab)
  await athena.createWorkGroup({ Name: 'doctor-group' })
  expect(await problem(lab, ['query'])).toMatch(/names no place for results.*No output location provided/)
  const OutputLocation = `s3://${lab.config.bucket}/${lab.config.prefix}results/`
  await athena.updateWorkGroup({
    WorkGroup: 'doctor-group',
    ConfigurationUpdates: { ResultConfigurationUpdates: { OutputLocation } },
  })
  expect(await problem(lab, ['query'])).toMatch(/results of work group doctor-group go to .*one lies inside of the other/)
  await athena.updateWorkGroup({
    WorkGroup: 'doctor-group',
    State: 'DISABLED',
    ConfigurationUpdates: { ResultConfigurationUpdates: { OutputLocation: 's3://elsewhere/' } },
  })
  expect(await problem(lab, ['query'])).toContain('doctor-group is disabled')
})
