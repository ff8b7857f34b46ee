import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Glue from '@aws-sdk/client-glue'
import { expect, test, vi } from 'vitest'
import { ServiceError } from '../../../lib/local/aws/errors.ts'
import { openCatalog } from '../../../lib/local/glue/catalog.ts'
import { crawlLogFile } from '../../../lib/local/glue/crawl/log.ts'
import { glueService } from '../../../lib/local/glue/service.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { openGlueHome, type GlueHome } from './glueHome.ts'
import { seeded } from './random.ts'

const crawlerInput = (Name: string, more: object = {}) => ({
  Name,
  Role: 'crawler',
  DatabaseName: 'lake',
  Targets: { S3Targets: [{ Path: 's3://lab/quotes/' }] },
  ...more,
})

async function homeWithQuotes(options: { dir?: string; leastCrawlMs?: number } = {}): Promise<GlueHome> {
  const home = await openGlueHome(options)
  home.makeBucket('lab')
  await home.storage.put('lab', 'quotes/dt=2026-01-13/a.json', Buffer.from('{"symbol":"NYA","close":1.0}\n'))
  await home.call('CreateDatabase', { DatabaseInput: { Name: 'lake' } })
  return home
}

const stateOf = async (home: GlueHome, Name: string): Promise<Glue.Crawler> =>
  (await home.call('GetCrawler', { Name })).Crawler as unknown as Glue.Crawler

test('crawlers, classifiers, tags, history and schedules are there again after a restart', async () => {
  const dir = temporaryFolder()
  const home = await homeWithQuotes({ dir })
  await home.call('CreateClassifier', { JsonClassifier: { Name: 'rows', JsonPath: '$[*]' } })
  const schedule = { Schedule: 'cron(0 6 * * ? *)', Classifiers: ['rows'], Tags: { team: 'lake' } }
  await home.call('CreateCrawler', crawlerInput('kept', schedule))
  await home.crawl('kept')
  const before = [await stateOf(home, 'kept'), await home.call('ListCrawls', { CrawlerName: 'kept' })]
  await home.close()
  const again = await openGlueHome({ dir })
  expect([await stateOf(again, 'kept'), await again.call('ListCrawls', { CrawlerName: 'kept' })]).toEqual(before)
  expect(await again.call('GetClassifier', { Name: 'rows' })).toMatchObject({
    Classifier: { JsonClassifier: { JsonPath: '$[*]' } },
  })
  expect(await again.call('ListCrawlers', { Tags: { team: 'lake' } })).toMatchObject({ CrawlerNames: ['kept'] })
  await again.close()
})

test('a crawl that the end of the process cut off has FAILED, and the crawler is READY', async () => {
  const dir = temporaryFolder()
  const home = await homeWithQuotes({ dir, leastCrawlMs: 60_000 })
  await home.call('CreateCrawler', crawlerInput('cut'))
  await home.call('StartCrawler', { Name: 'cut' })
  const file = join(dir, 'glue', 'crawlers.json')
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"RUNNING"'))
  const onDisk = readFileSync(file)
  await home.close()
  writeFileSync(file, onDisk)
  const again = await openGlueHome({ dir })
  expect(await stateOf(again, 'cut')).toMatchObject({ State: 'READY', LastCrawl: { Status: 'FAILED' } })
  expect(await again.call('ListCrawls', { CrawlerName: 'cut' })).toMatchObject({ Crawls: [{ State: 'FAILED' }] })
  expect((await again.crawl('cut')).LastCrawl).toMatchObject({ Status: 'SUCCEEDED' })
  await again.close()
})

test('a schedule starts crawls, leaves out those that come while one runs, and stops with the crawler', async () => {
  vi.useFakeTimers({ now: new Date('2026-01-13T10:01:00Z'), toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  const home = await homeWithQuotes()
  try {
    await home.call('CreateCrawler', crawlerInput('hourly', { Schedule: 'cron(0/5 * * * ? *)' }))
    await vi.advanceTimersByTimeAsync(5 * 60_000)
    vi.useRealTimers()
    await vi.waitFor(async () =>
      expect(await stateOf(home, 'hourly')).toMatchObject({ State: 'READY', LastCrawl: { Status: 'SUCCEEDED' } }),
    )
    expect(home.catalog.getTable('lake', 'quotes').PartitionKeys).toHaveLength(1)
  } finally {
    vi.useRealTimers()
    await home.close()
  }
})

test('the log of a crawl lies in the file that LogGroup and LogStream name', async () => {
  const home = await homeWithQuotes()
  await home.call('CreateCrawler', crawlerInput('logged'))
  const { LastCrawl } = await home.crawl('logged')
  const file = crawlLogFile(join(home.dir, 'glue'), 'logged')
  expect(file).toBe(join(home.dir, 'glue', 'logs', LastCrawl!.LogGroup!, `${LastCrawl!.LogStream}.log`))
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(`[${LastCrawl!.MessagePrefix}] BENCHMARK : Running Start Crawl for Crawler logged`)
  expect(text).toContain('INFO : Created table quotes in database lake')
  expect(text).toContain('INFO : Run Summary For PARTITION:')
  expect(text).toContain('BENCHMARK : Crawler has finished running and is in state READY')
  await home.close()
})

test('a crawl into a database that is not there has FAILED', async () => {
  const home = await homeWithQuotes()
  await home.call('CreateCrawler', crawlerInput('lost', { DatabaseName: 'nowhere' }))
  const { LastCrawl } = await home.crawl('lost')
  expect(LastCrawl).toMatchObject({ Status: 'FAILED', ErrorMessage: 'Database nowhere not found.' })
  await home.close()
})

test('a stopped crawl writes nothing more and its crawler is READY', async () => {
  const home = await homeWithQuotes({ leastCrawlMs: 60_000 })
  await home.call('CreateCrawler', crawlerInput('stopped'))
  await home.call('StartCrawler', { Name: 'stopped' })
  await home.call('StopCrawler', { Name: 'stopped' })
  await expect(home.call('StopCrawler', { Name: 'stopped' })).rejects.toMatchObject({ code: 'CrawlerStoppingException' })
  await vi.waitFor(async () =>
    expect(await stateOf(home, 'stopped')).toMatchObject({ State: 'READY', LastCrawl: { Status: 'CANCELLED' } }),
  )
  expect(home.catalog.listTables('lake')).toEqual([])
  await home.close()
})

test.each([
  ['Grok classifiers', 'CreateClassifier', { GrokClassifier: { Name: 'g', Classification: 'c', GrokPattern: '%{X}' } }],
  ['XML classifiers', 'CreateClassifier', { XMLClassifier: { Name: 'x', Classification: 'c', RowTag: 'r' } }],
  ['JDBC targets', 'CreateCrawler', crawlerInput('jdbc', { Targets: { JdbcTargets: [{ ConnectionName: 'c', Path: 'p' }] } })],
  ['event mode', 'CreateCrawler', crawlerInput('events', { RecrawlPolicy: { RecrawlBehavior: 'CRAWL_EVENT_MODE' } })],
])('%s are refused clearly', async (_, operation, input) => {
  const home = await homeWithQuotes()
  await expect(home.call(operation, input)).rejects.toMatchObject({ code: 'OperationNotSupportedException' })
  await home.close()
})

test('new folders only: the targets cannot change', async () => {
  const home = await homeWithQuotes()
  const log = { UpdateBehavior: 'LOG', DeleteBehavior: 'LOG' }
  const policy = { RecrawlPolicy: { RecrawlBehavior: 'CRAWL_NEW_FOLDERS_ONLY' }, SchemaChangePolicy: log }
  await home.call('CreateCrawler', crawlerInput('fixed', policy))
  const other = { Name: 'fixed', Targets: { S3Targets: [{ Path: 's3://lab/other/' }] } }
  await expect(home.call('UpdateCrawler', other)).rejects.toMatchObject({ code: 'InvalidInputException' })
  await home.close()
})

test('whatever a request holds, an operation answers or fails as a service does', async () => {
  const home = await homeWithQuotes()
  const service = glueService({
    catalog: await openCatalog({ dir: temporaryFolder() }),
    storage: home.storage,
    dir: temporaryFolder(),
    log: () => {},
    leastCrawlMs: 0,
  })
  const random = seeded(7)
  const words = [
    'Name',
    'DatabaseName',
    'TableName',
    'CrawlerName',
    'DatabaseInput',
    'TableInput',
    'PartitionInput',
    'PartitionValues',
    'Targets',
  ]
  const more = [
    'PartitionInputList',
    'Entries',
    'Expression',
    'NextToken',
    'MaxResults',
    'Segment',
    'Columns',
    'S3Targets',
    'Path',
    'Values',
    'Tags',
  ]
  const value = (depth: number): unknown => {
    const kind = random.below(depth > 2 ? 6 : 8)
    if (kind < 2) return random.pick(['lake', 'x', '', 's3://lab/', '\0', 'a'.repeat(300), "n = '", 'AAAA'])
    if (kind === 2) return random.pick([0, 1, -1, 1.5, 1e9])
    if (kind === 3) return random.pick([null, true, undefined])
    if (kind < 6) return random.below(2) === 0 ? [] : ['a', 'b']
    return kind === 6 ? [value(depth + 1), value(depth + 1)] : object(depth + 1)
  }
  const object = (depth: number): object =>
    Object.fromEntries(
      Array.from({ length: random.below(6) }, () => [
        random.pick([...words, ...more, 'StorageDescriptor', 'Role']),
        value(depth),
      ]),
    )
  const operations = Object.entries(service.operations)
  for (let at = 0; at < 3000; at += 1) {
    const [name, run] = random.pick(operations)
    const input = object(0)
    try {
      await run(input as never)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw new Error(`${name} ${JSON.stringify(input)}`, { cause: error })
    }
  }
  await service.close()
  await home.close()
})
