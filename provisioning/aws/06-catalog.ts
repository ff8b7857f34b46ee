import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { lakeCrawl } from '../../lib/crawler.ts'
import { LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { crawlerRoleArn, note } from './05-roles.ts'
import { AwsError, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { crawlerIsOurs, databaseIsOurs } from './catalog-owner.ts'
import { checkedSchedule, scheduleLine } from './crawl-schedule.ts'
import { retry } from './remove.ts'
import { runAlone } from './run-alone.ts'

interface Crawler {
  State: string
  Role: string
  DatabaseName?: string
  Targets?: Record<string, { Path?: string }[]>
  Configuration?: string
  Schedule?: { ScheduleExpression?: string; State?: string }
}

/** Glue's database, and the crawler that fills it. Without a schedule unless one is asked for: each crawl costs 7 to 15 cents. */
export const catalog: Step<AwsContext> = {
  title: 'Glue database and crawler',
  async check(context) {
    const { names, state } = context
    const wanted = wantedSchedule(context)
    const { database, crawler } = await ownCatalog(context)
    const schedule = crawler && scheduleOf(crawler)
    return [
      ...(database ? [] : [`no database ${names.database}`]),
      ...(crawler ? differences(context, crawler) : [`no crawler ${names.crawler}`]),
      ...(crawler && wanted !== undefined && schedule !== (wanted || undefined)
        ? [`the crawler's schedule is ${schedule ?? 'none'}`]
        : []),
      ...(database && crawler && !isDeepStrictEqual(noted(context), keptNames(state)) ? ['their names are not noted'] : []),
    ]
  },
  async apply(context) {
    const { aws, names, save } = context
    const { databases, crawlers, prefix, workgroup } = noted(context)
    save({ databases, crawlers, prefix, workgroup })
    await note(context, {
      Databases: databases.join(' '),
      Crawlers: crawlers.join(' '),
      Prefix: prefix,
      Workgroup: workgroup,
    })
    const input = JSON.stringify({ Name: names.database, Parameters: { Project: names.project } })
    if (!(await findDatabase(context)))
      await unless(['AlreadyExistsException'], aws`glue create-database --database-input ${input}`)
    const crawler = await findCrawler(context)
    const schedule = wantedSchedule(context)
    if (!crawler) return createCrawler(context, schedule ? ['--schedule', schedule] : [])
    if (differences(context, crawler).length)
      await retry(['CrawlerRunningException'], () => aws`glue update-crawler ${words(context)}`)
    if (schedule !== undefined) await setSchedule(context, crawler, schedule)
  },
}

/** The lab's crawler, undefined when there is none. */
export async function findCrawler({ aws, names }: AwsContext): Promise<Crawler | undefined> {
  return (await ifThere(aws<{ Crawler: Crawler }>`glue get-crawler --name ${names.crawler}`))?.Crawler
}

/** When a crawler runs by itself; undefined when it does not. */
export const scheduleOf = ({ Schedule }: Crawler): string | undefined =>
  Schedule?.State === 'NOT_SCHEDULED' ? undefined : Schedule?.ScheduleExpression

/** What the schedule there is, or is asked for, costs; none without one. */
export async function scheduleLines(context: AwsContext): Promise<string[]> {
  const wanted = wantedSchedule(context)
  const crawler = wanted === undefined ? await findCrawler(context) : undefined
  const schedule = wanted ?? (crawler && scheduleOf(crawler))
  return schedule ? [scheduleLine(schedule)] : []
}

interface Database {
  Name: string
  Parameters?: Record<string, string>
}

const findDatabase = async ({ aws, names }: AwsContext): Promise<Database | undefined> =>
  (await ifThere(aws<{ Database: Database }>`glue get-database --name ${names.database}`))?.Database

/** What there is. Throws LabError DATABASE or CRAWLER when somebody else made it: `down` would delete it, with all its tables. */
export async function ownCatalog(context: AwsContext): Promise<{ database?: Database; crawler?: Crawler }> {
  const [database, crawler] = [await findDatabase(context), await findCrawler(context)]
  const { aws, names, partition, region, account } = context
  const refuse = (code: string, what: string, mark: string, variable: string): LabError =>
    new LabError(
      code,
      `${what}: it is there already and does not carry the ${mark} Project=${names.project}, and \`down\` would delete it. Choose another name (${variable}).`,
    )
  if (database && !databaseIsOurs({ Name: names.database, Parameters: database.Parameters }, context))
    throw refuse('DATABASE', `Glue database ${names.database}`, 'parameter', 'LAB_DATABASE')
  if (!crawler || crawlerIsOurs(names.crawler, context)) return { database, crawler }
  const arn = `arn:${partition}:glue:${region}:${account}:crawler/${names.crawler}`
  const found = await ifThere(aws<{ Tags?: Record<string, string> }>`glue get-tags --resource-arn ${arn}`)
  if (found?.Tags?.Project !== names.project) throw refuse('CRAWLER', `Glue crawler ${names.crawler}`, 'tag', 'LAB_CRAWLER')
  return { database, crawler }
}

/** The names as they are noted before the things are made: those of before stay, that of now is the last. */
function noted({ names, state }: AwsContext) {
  const last = (all: string[] = [], name: string): string[] => [...all.filter(other => other !== name), name]
  return {
    databases: last(state.databases, names.database),
    crawlers: last(state.crawlers, names.crawler),
    prefix: names.prefix,
    workgroup: names.workgroup,
  }
}

const keptNames = ({ databases, crawlers, prefix, workgroup }: AwsContext['state']) => ({
  databases,
  crawlers,
  prefix,
  workgroup,
})

const targetsOf = ({ names }: AwsContext): { Path: string }[] => [{ Path: `s3://${names.bucket}/${names.prefix}` }]

/** What a crawler does otherwise than the lab's should, and than `npm start` would make it. */
function differences(context: AwsContext, { Role, DatabaseName, Targets = {}, Configuration }: Crawler): string[] {
  const paths = Object.values(Targets).flatMap(targets => targets.map(({ Path }) => ({ Path })))
  return [
    // Glue answers with the role's name, whatever it was told
    ...(Role.split('/').at(-1) === context.names.roles.crawler ? [] : [`the crawler has role ${Role}`]),
    ...(DatabaseName === context.names.database ? [] : [`the crawler fills ${DatabaseName ?? 'no database'}`]),
    ...(isDeepStrictEqual(paths, targetsOf(context)) ? [] : [`the crawler reads ${paths.map(({ Path }) => Path).join(', ')}`]),
    ...(isDeepStrictEqual(parsed(Configuration), lakeCrawl) ? [] : ["the crawler's configuration is another"]),
  ]
}

function parsed(json = '{}'): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** What create-crawler and update-crawler are told. */
const words = (context: AwsContext): string[] => [
  ...['--name', context.names.crawler, '--role', crawlerRoleArn(context), '--database-name', context.names.database],
  ...['--targets', JSON.stringify({ S3Targets: targetsOf(context) }), '--configuration', JSON.stringify(lakeCrawl)],
]

/** The schedule asked for; empty: that there be none; undefined: it stays as it is. */
function wantedSchedule({ options: { crawlSchedule } }: AwsContext): string | undefined {
  if (crawlSchedule === undefined) return undefined
  return crawlSchedule === 'none' ? '' : checkedSchedule(crawlSchedule)
}

async function setSchedule({ aws, names }: AwsContext, crawler: Crawler, schedule: string): Promise<void> {
  if (scheduleOf(crawler) === (schedule || undefined)) return
  const moving = ['SchedulerTransitioningException']
  if (!schedule) {
    const stop = (): Promise<unknown> => aws`glue stop-crawler-schedule --crawler-name ${names.crawler}`
    await retry(moving, () => unless(['SchedulerNotRunningException'], stop()))
    return
  }
  await retry(
    [...moving, 'CrawlerRunningException'],
    () => aws`glue update-crawler --name ${names.crawler} --schedule ${schedule}`,
  )
  // one that was stopped keeps still with a new expression
  if (crawler.Schedule?.State !== 'NOT_SCHEDULED') return
  const start = (): Promise<unknown> => aws`glue start-crawler-schedule --crawler-name ${names.crawler}`
  await retry(moving, () => unless(['SchedulerRunningException'], start()))
}

/** IAM tells its news late: a role made just now is not yet believed by Glue. */
async function createCrawler(context: AwsContext, schedule: string[]): Promise<void> {
  const { aws, names } = context
  for (let tries = 1; ; tries++) {
    try {
      await unless(
        ['AlreadyExistsException'],
        aws`glue create-crawler ${words(context)} --tags ${`Project=${names.project}`} ${schedule}`,
      )
      return
    } catch (error) {
      const late =
        error instanceof AwsError && /InvalidInput|AccessDenied/.test(error.code) && /assume|PassRole|role/i.test(error.message)
      if (!late) throw error
      if (tries === 12)
        throw new LabError('CRAWLER', `Crawler ${names.crawler}: Glue does not believe its role after a minute. Run it again.`, {
          cause: error,
        })
      await sleep(5000)
    }
  }
}

if (import.meta.main) runAlone(catalog)
