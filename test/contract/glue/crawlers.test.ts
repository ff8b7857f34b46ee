import { gzipSync } from 'node:zlib'
import * as glue from '@aws-sdk/client-glue'
import { beforeAll, describe, expect, test } from 'vitest'
import { failure, openGlueContract, type GlueContractHome } from './home.ts'

let home: GlueContractHome
let DatabaseName: string
let bucket: string
const quote = (close: string): string => `{"symbol":"NYA","close":${close},"volume":0.0}\n`

beforeAll(async () => {
  home = await openGlueContract({ leastCrawlMs: 100 })
  DatabaseName = await home.database()
  bucket = await home.bucket({
    'quotes/dt=2026-01-13/a.json.gz': gzipSync(quote('1.0') + quote('2.5')),
    'quotes/dt=2026-01-14/a.json.gz': gzipSync(quote('3.0')),
  })
})

test('a crawl makes the table and its partitions, and says so everywhere', async () => {
  const Name = await home.crawler({ bucket, path: 'quotes/', DatabaseName })
  const { LastCrawl } = await home.crawl(Name)
  expect(LastCrawl).toMatchObject({ Status: 'SUCCEEDED', LogGroup: '/aws-glue/crawlers', LogStream: Name })
  expect(LastCrawl!.StartTime).toBeInstanceOf(Date)
  const { Table } = await home.client.send(new glue.GetTableCommand({ DatabaseName, Name: 'quotes' }))
  expect(Table!.StorageDescriptor!.Columns).toEqual([
    { Name: 'symbol', Type: 'string' },
    { Name: 'close', Type: 'double' },
    { Name: 'volume', Type: 'double' },
  ])
  expect(Table!.PartitionKeys).toEqual([{ Name: 'dt', Type: 'string' }])
  expect(Table!.Parameters).toMatchObject({
    classification: 'json',
    compressionType: 'gzip',
    UPDATED_BY_CRAWLER: Name,
    recordCount: '3',
  })
  const { Partitions } = await home.client.send(
    new glue.GetPartitionsCommand({ DatabaseName, TableName: 'quotes', Expression: "dt >= '2026-01-14'" }),
  )
  expect(Partitions!.map(one => [one.Values, one.StorageDescriptor!.Location])).toEqual([
    [['2026-01-14'], `s3://${bucket}/quotes/dt=2026-01-14/`],
  ])
  const metrics = await home.client.send(new glue.GetCrawlerMetricsCommand({ CrawlerNameList: [Name] }))
  expect(metrics.CrawlerMetricsList).toMatchObject([{ CrawlerName: Name, TablesCreated: 1, TablesUpdated: 0, TablesDeleted: 0 }])
  await home.crawl(Name)
  const { Crawls } = await home.client.send(new glue.ListCrawlsCommand({ CrawlerName: Name }))
  expect(Crawls!.map(crawl => crawl.State)).toEqual(['COMPLETED', 'COMPLETED'])
  expect(Crawls![0]!.StartTime!.getTime()).toBeGreaterThan(Crawls![1]!.StartTime!.getTime())
  expect(JSON.parse(Crawls![1]!.Summary!)).toMatchObject({ TABLE: { ADD: { Count: 1 } }, PARTITION: { ADD: { Count: 2 } } })
  const first = await home.client.send(new glue.ListCrawlsCommand({ CrawlerName: Name, MaxResults: 1 }))
  const second = await home.client.send(
    new glue.ListCrawlsCommand({ CrawlerName: Name, MaxResults: 1, NextToken: first.NextToken }),
  )
  expect([first, second].map(page => page.Crawls![0]!.CrawlId)).toEqual(Crawls!.map(crawl => crawl.CrawlId))
  const CRAWL_ID = { FieldName: 'CRAWL_ID', FilterOperator: 'EQ', FieldValue: Crawls![1]!.CrawlId } as const
  const one = await home.client.send(new glue.ListCrawlsCommand({ CrawlerName: Name, Filters: [CRAWL_ID] }))
  expect(one.Crawls!.map(crawl => crawl.CrawlId)).toEqual([Crawls![1]!.CrawlId])
})

test('a missing bucket fails the crawl, and the crawler is READY again', async () => {
  const Name = await home.crawler({ bucket: 'contract-there-is-no-such-bucket', DatabaseName })
  const { State, LastCrawl } = await home.crawl(Name)
  expect(State).toBe('READY')
  expect(LastCrawl).toMatchObject({ Status: 'FAILED' })
  expect(LastCrawl!.ErrorMessage).toMatch(/bucket/)
})

describe('the crawler itself', () => {
  test('create, get, list, batch get, update, delete', async () => {
    const Name = await home.crawler({
      bucket,
      DatabaseName,
      TablePrefix: 'raw_',
      Description: 'one',
      Tags: { team: 'lake' },
      Configuration: '{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}}}',
    })
    const { Crawler } = await home.client.send(new glue.GetCrawlerCommand({ Name }))
    expect(Crawler).toMatchObject({
      Name,
      State: 'READY',
      Version: 1,
      TablePrefix: 'raw_',
      Targets: { S3Targets: [{ Path: `s3://${bucket}/`, Exclusions: [] }] },
      SchemaChangePolicy: { UpdateBehavior: 'UPDATE_IN_DATABASE', DeleteBehavior: 'DEPRECATE_IN_DATABASE' },
      RecrawlPolicy: { RecrawlBehavior: 'CRAWL_EVERYTHING' },
      LineageConfiguration: { CrawlerLineageSettings: 'DISABLE' },
    })
    expect(Crawler!.Role).not.toContain('arn:')
    const twice = home.client.send(
      new glue.CreateCrawlerCommand({ Name, Role: home.role, DatabaseName, Targets: { S3Targets: [{ Path: 's3://b/' }] } }),
    )
    expect((await failure(twice))[0]).toBe('AlreadyExistsException')
    await home.client.send(new glue.UpdateCrawlerCommand({ Name, Description: 'two' }))
    const updated = await home.client.send(new glue.GetCrawlerCommand({ Name }))
    expect(updated.Crawler).toMatchObject({ Description: 'two', TablePrefix: 'raw_', Version: 2 })
    const tagged = await home.client.send(new glue.ListCrawlersCommand({ Tags: { team: 'lake' } }))
    expect(tagged.CrawlerNames).toContain(Name)
    const batch = await home.client.send(new glue.BatchGetCrawlersCommand({ CrawlerNames: [Name, 'contract_none'] }))
    expect(batch.Crawlers!.map(one => one.Name)).toEqual([Name])
    expect(batch.CrawlersNotFound).toEqual(['contract_none'])
    await home.client.send(new glue.DeleteCrawlerCommand({ Name }))
    const gone = home.client.send(new glue.GetCrawlerCommand({ Name }))
    expect(await failure(gone)).toEqual(['EntityNotFoundException', `Crawler entry with name ${Name} does not exist`])
    const start = home.client.send(new glue.StartCrawlerCommand({ Name }))
    expect(await failure(start)).toEqual(['EntityNotFoundException', `Crawler with name ${Name} does not exist`])
  })

  test('listed page by page', async () => {
    const names = [await home.crawler({ bucket, DatabaseName }), await home.crawler({ bucket, DatabaseName })]
    const found: (string | undefined)[] = []
    for await (const page of glue.paginateGetCrawlers({ client: home.client, pageSize: 1 }, {}))
      found.push(...page.Crawlers!.map(one => one.Name))
    expect(found).toEqual(expect.arrayContaining(names))
  })

  const create = (more: Partial<glue.CreateCrawlerRequest>): Promise<unknown> =>
    home.client.send(
      new glue.CreateCrawlerCommand({
        Name: home.unique('refused'),
        Role: home.role,
        DatabaseName,
        Targets: { S3Targets: [{ Path: `s3://${bucket}/` }] },
        ...more,
      }),
    )

  test.each<[string, Partial<glue.CreateCrawlerRequest>, RegExp]>([
    ['no target', { Targets: {} }, /target/i],
    ['a configuration that is no JSON', { Configuration: '{' }, /JSON/],
    [
      'an unknown key in the configuration',
      { Configuration: '{"Version":1.0,"CrawlerOutput":{"Partitions":{"UpdateBehavior":"X"}}}' },
      /CrawlerOutput.Partitions contains unsupported keys: UpdateBehavior\./,
    ],
    [
      'new folders only with updates',
      { RecrawlPolicy: { RecrawlBehavior: 'CRAWL_NEW_FOLDERS_ONLY' } },
      /can have only LOG DeleteBehavior value and LOG UpdateBehavior value\./,
    ],
    ['a schedule of five fields', { Schedule: 'cron(0 12 * * ?)' }, /./],
    ['a schedule with both days', { Schedule: 'cron(0 12 1 * 2 *)' }, /./],
    ['a schedule every minute', { Schedule: 'cron(* * * * ? *)' }, /5 minutes/],
  ])('%s is refused', async (_, more, message) => {
    const [name, text] = await failure(create(more))
    expect(name).toBe('InvalidInputException')
    expect(text).toMatch(message)
  })

  test('a classifier that is not there is refused', async () => {
    expect((await failure(create({ Classifiers: ['contract_none'] })))[0]).toBe('EntityNotFoundException')
  })

  test('schedules', async () => {
    const Name = await home.crawler({ bucket, DatabaseName, Schedule: 'cron(15 12 * * ? *)' })
    const schedule = async (): Promise<unknown> =>
      (await home.client.send(new glue.GetCrawlerCommand({ Name }))).Crawler!.Schedule
    expect(await schedule()).toEqual({ ScheduleExpression: 'cron(15 12 * * ? *)', State: 'SCHEDULED' })
    expect((await failure(home.client.send(new glue.StartCrawlerScheduleCommand({ CrawlerName: Name }))))[0]).toBe(
      'SchedulerRunningException',
    )
    await home.client.send(new glue.StopCrawlerScheduleCommand({ CrawlerName: Name }))
    expect(await schedule()).toMatchObject({ State: 'NOT_SCHEDULED' })
    expect((await failure(home.client.send(new glue.StopCrawlerScheduleCommand({ CrawlerName: Name }))))[0]).toBe(
      'SchedulerNotRunningException',
    )
    await home.client.send(new glue.UpdateCrawlerScheduleCommand({ CrawlerName: Name, Schedule: 'cron(0 6 ? * MON-FRI *)' }))
    expect(await schedule()).toMatchObject({ ScheduleExpression: 'cron(0 6 ? * MON-FRI *)' })
    const unscheduled = await home.crawler({ bucket, DatabaseName })
    expect((await failure(home.client.send(new glue.StartCrawlerScheduleCommand({ CrawlerName: unscheduled }))))[0]).toBe(
      'NoScheduleException',
    )
  })
})

describe('classifiers', () => {
  test('JSON: create, get, update, list, use, delete', async () => {
    const Name = home.unique('classifier')
    await home.client.send(new glue.CreateClassifierCommand({ JsonClassifier: { Name, JsonPath: '$[*]' } }))
    const { Classifier } = await home.client.send(new glue.GetClassifierCommand({ Name }))
    expect(Classifier!.JsonClassifier).toMatchObject({ Name, JsonPath: '$[*]', Version: 1 })
    expect(Classifier!.JsonClassifier!.CreationTime).toBeInstanceOf(Date)
    await home.client.send(new glue.UpdateClassifierCommand({ JsonClassifier: { Name, JsonPath: '$.rows[*]' } }))
    const { Classifiers } = await home.client.send(new glue.GetClassifiersCommand({}))
    expect(Classifiers!.find(one => one.JsonClassifier?.Name === Name)!.JsonClassifier).toMatchObject({
      JsonPath: '$.rows[*]',
      Version: 2,
    })
    const rows = await home.bucket({ 'rows/a.json': '{"rows":[{"a":1},{"a":2.5}]}' })
    const database = await home.database()
    await home.crawl(await home.crawler({ bucket: rows, path: 'rows/', DatabaseName: database, Classifiers: [Name] }))
    const { Table } = await home.client.send(new glue.GetTableCommand({ DatabaseName: database, Name: 'rows' }))
    expect(Table!.StorageDescriptor!.Columns).toEqual([{ Name: 'a', Type: 'double' }])
    await home.client.send(new glue.DeleteClassifierCommand({ Name }))
    expect((await failure(home.client.send(new glue.GetClassifierCommand({ Name }))))[0]).toBe('EntityNotFoundException')
  })

  test('a JSON path Glue does not know is refused', async () => {
    const JsonClassifier = { Name: home.unique('classifier'), JsonPath: '$..a[?(@.b)]' }
    expect((await failure(home.client.send(new glue.CreateClassifierCommand({ JsonClassifier }))))[0]).toBe(
      'InvalidInputException',
    )
  })
})

test('tags', async () => {
  const Name = await home.crawler({ bucket, DatabaseName, Tags: { a: '1', b: '2' } })
  const account = (await home.client.send(new glue.GetDatabaseCommand({ Name: DatabaseName }))).Database!.CatalogId
  const ResourceArn = `arn:aws:glue:${await home.client.config.region()}:${account}:crawler/${Name}`
  await home.client.send(new glue.TagResourceCommand({ ResourceArn, TagsToAdd: { b: '3', c: '4' } }))
  await home.client.send(new glue.UntagResourceCommand({ ResourceArn, TagsToRemove: ['a'] }))
  expect((await home.client.send(new glue.GetTagsCommand({ ResourceArn }))).Tags).toEqual({ b: '3', c: '4' })
})
