import { describe, expect, it } from 'vitest'
import { crawlerRoleArn } from '../../../provisioning/aws/05-roles.ts'
import { catalog, scheduleLines } from '../../../provisioning/aws/06-catalog.ts'
import { crawlsPerMonth } from '../../../provisioning/aws/crawl-schedule.ts'
import type { UpOptions } from '../../../provisioning/aws/context.ts'
import { readState } from '../../../provisioning/aws/state.ts'
import { lakeCrawl } from '../../../lib/crawler.ts'
import { type FakeAws, fakeAws } from './fake-aws.ts'

const noted = {
  databases: ['realtime_de_db'],
  crawlers: ['quotes-crawler'],
  prefix: 'quotes/',
  workgroup: 'tickerlake',
}
const wanted = {
  Name: 'quotes-crawler',
  State: 'READY',
  Role: 'tickerlake/tickerlake-crawler',
  DatabaseName: 'realtime_de_db',
  Targets: { S3Targets: [{ Path: 's3://tickerlake-111122223333-us-east-1/quotes/', Exclusions: [] }], JdbcTargets: [] },
  Configuration: JSON.stringify(lakeCrawl),
}

/** An account with the lab's database, and its crawler with these differences. */
function made(crawler: object = {}, options: UpOptions = {}): FakeAws {
  const fake = fakeAws(
    { 'glue get-database': { Database: { Name: 'realtime_de_db' } }, 'glue get-crawler': { Crawler: { ...wanted, ...crawler } } },
    options,
  )
  Object.assign(fake.context.state, noted)
  return fake
}

describe('what somebody else made', () => {
  const cases: [string, object, object, RegExp][] = [
    ['a database', { database: 'analytics' }, { 'glue get-database': { Database: {} } }, /database analytics:.*LAB_DATABASE/],
    [
      'a database of another project',
      { database: 'default' },
      { 'glue get-database': { Database: { Parameters: { Project: 'payroll' } } } },
      /database default:.*LAB_DATABASE/,
    ],
    [
      'a crawler',
      { crawler: 'nightly' },
      { 'glue get-crawler': { Crawler: wanted }, 'glue get-tags': { Tags: {} } },
      /crawler nightly:.*LAB_CRAWLER/,
    ],
  ]
  it.each(cases)('%s is refused before anything is done with it', async (_, names, answers, sentence) => {
    const { context, changes } = fakeAws(answers as Record<string, object>)
    Object.assign(context.names, names)
    await expect(catalog.check(context)).rejects.toThrow(sentence)
    expect(changes).toEqual([])
  })

  it('is taken for the lab’s by its mark, or by the note of it', async () => {
    const tagged = fakeAws({
      'glue get-database': { Database: { Parameters: { Project: 'tickerlake' } } },
      'glue get-crawler': { Crawler: wanted },
      'glue get-tags': { Tags: { Project: 'tickerlake' } },
    })
    Object.assign(tagged.context.names, { database: 'mine', crawler: 'my-crawler' })
    expect(await catalog.check(tagged.context)).toContain('the crawler fills realtime_de_db')
    const bare = fakeAws({ 'glue get-database': { Database: {} }, 'glue get-crawler': { Crawler: wanted } })
    Object.assign(bare.context.names, { database: 'mine', crawler: 'my-crawler' })
    Object.assign(bare.context.state, { databases: ['mine'], crawlers: ['my-crawler'] })
    expect(await catalog.check(bare.context)).toContain('the crawler fills realtime_de_db')
  })
})

it('notes its names in the state and on the role before it makes anything', async () => {
  const { context, changes } = fakeAws()
  Object.assign(context.names, { database: 'mine', crawler: 'my-crawler' })
  Object.assign(context.state, { databases: ['old'] })
  await catalog.apply(context)
  const calls = changes.map(change => change.split(' ').slice(0, 2).join(' '))
  expect(calls).toEqual(['iam create-role', 'iam tag-role', 'glue create-database', 'glue create-crawler'])
  for (const tag of ['Key=Databases,Value=old mine', 'Key=Crawlers,Value=my-crawler', 'Key=Prefix,Value=quotes/'])
    expect(changes[1]).toContain(tag)
  expect(readState(context.dir)).toMatchObject({ databases: ['old', 'mine'], crawlers: ['my-crawler'], workgroup: 'tickerlake' })
  expect(changes[3]).toContain(`--configuration ${JSON.stringify(lakeCrawl)}`)
})

it('has nothing to change on what it, or npm start, has made', async () => {
  expect(await catalog.check(made().context)).toEqual([])
  const { context } = made({ Role: 'tickerlake-crawler' })
  expect(await catalog.check(context)).toEqual([])
  expect(await catalog.check(made({ Role: crawlerRoleArn(context) }).context)).toEqual([])
})

it.each([
  [{ Role: 'service-role/AWSGlueServiceRole-mine' }, 'the crawler has role service-role/AWSGlueServiceRole-mine'],
  [{ DatabaseName: 'elsewhere' }, 'the crawler fills elsewhere'],
  [{ Targets: { S3Targets: [{ Path: 's3://other/quotes/' }] } }, 'the crawler reads s3://other/quotes/'],
  [{ Configuration: undefined }, "the crawler's configuration is another"],
])('mends a crawler with %j', async (difference, words) => {
  const { context, changes } = made(difference)
  expect(await catalog.check(context)).toEqual([words])
  await catalog.apply(context)
  const update = changes.filter(change => change.startsWith('glue '))
  expect(update).toHaveLength(1)
  expect(update[0]).toMatch(/^glue update-crawler --name quotes-crawler --role arn:\S+ --database-name realtime_de_db --targets /)
})

describe('a schedule', () => {
  const daily = 'cron(0 6 * * ? *)'
  const running = { Schedule: { ScheduleExpression: daily, State: 'SCHEDULED' } }
  const stopped = { Schedule: { ScheduleExpression: daily, State: 'NOT_SCHEDULED' } }
  const glue = ({ changes }: FakeAws): string[] => changes.filter(change => change.startsWith('glue '))

  it('is said with its price by whoever finds it, and stays unless it is ended', async () => {
    const fake = made(running)
    expect(await catalog.check(fake.context)).toEqual([])
    expect(await scheduleLines(fake.context)).toEqual([
      `the crawler crawls by itself, ${daily}: about 30.4 times a month, each $0.07 to $0.15, $2.22 to $4.47 a month; end it: npx tickerlake aws up --crawl-schedule none`,
    ])
    expect(await scheduleLines(made(stopped).context)).toEqual([])
    expect(await scheduleLines(made({}, { crawlSchedule: daily }).context)).toHaveLength(1)
    expect(await scheduleLines(made(running, { crawlSchedule: 'none' }).context)).toEqual([])
  })
  it('ends with none', async () => {
    const fake = made(running, { crawlSchedule: 'none' })
    expect(await catalog.check(fake.context)).toEqual([`the crawler's schedule is ${daily}`])
    await catalog.apply(fake.context)
    expect(glue(fake)).toEqual(['glue stop-crawler-schedule --crawler-name quotes-crawler'])
    expect(await catalog.check(made(stopped, { crawlSchedule: 'none' }).context)).toEqual([])
    expect(await catalog.check(made({}, { crawlSchedule: 'none' }).context)).toEqual([])
  })
  it('begins again after it was ended', async () => {
    const fake = made(stopped, { crawlSchedule: daily })
    expect(await catalog.check(fake.context)).toEqual(["the crawler's schedule is none"])
    await catalog.apply(fake.context)
    expect(glue(fake)).toEqual([
      `glue update-crawler --name quotes-crawler --schedule ${daily}`,
      'glue start-crawler-schedule --crawler-name quotes-crawler',
    ])
  })
  it('that Glue would not take is refused', () =>
    expect(catalog.check(made({}, { crawlSchedule: 'hourly' }).context)).rejects.toThrow('--crawl-schedule: '))
  it.each([
    ['cron(0 * * * ? *)', 730],
    ['cron(0 6 ? * MON-FRI *)', 21.7],
    ['cron(0 6 1 * ? *)', 1],
    ['cron(0/5 * * * ? *)', 8760],
    ['cron(0 0 1 1 ? *)', 1 / 12],
  ])('%s is about %d crawls a month', (expression, times) => {
    const found = crawlsPerMonth(expression, new Date('2026-11-21T12:00:30Z'))
    expect(Math.abs(found - times) / times).toBeLessThan(0.05)
  })
})
