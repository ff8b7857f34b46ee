import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { crawlerRoleArn } from './05-roles.ts'
import { AwsError, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { runAlone } from './run-alone.ts'

interface Crawler {
  Crawler: { State: string; Schedule?: { ScheduleExpression?: string }; Role: string }
}

/** Glue's database, and the crawler that fills it. Without a schedule unless one is asked for: each crawl costs 7 to 15 cents. */
export const catalog: Step<AwsContext> = {
  title: 'Glue database and crawler',
  async check({ aws, names, options }) {
    const database = await ifThere(aws`glue get-database --name ${names.database}`)
    const crawler = await ifThere(aws<Crawler>`glue get-crawler --name ${names.crawler}`)
    const schedule = crawler?.Crawler.Schedule?.ScheduleExpression
    return [
      ...(database ? [] : [`no database ${names.database}`]),
      ...(crawler ? [] : [`no crawler ${names.crawler}`]),
      ...(crawler && options.crawlSchedule && schedule !== options.crawlSchedule
        ? [`the crawler's schedule is ${schedule ?? 'none'}`]
        : []),
    ]
  },
  async apply(context) {
    const { aws, names, options } = context
    const input = JSON.stringify({ Name: names.database, Parameters: { Project: names.project } })
    await unless(['AlreadyExistsException'], aws`glue create-database --database-input ${input}`)
    const schedule = options.crawlSchedule ? ['--schedule', options.crawlSchedule] : []
    if (await ifThere(aws`glue get-crawler --name ${names.crawler}`)) {
      if (schedule.length) await aws`glue update-crawler --name ${names.crawler} ${schedule}`
      return
    }
    await createCrawler(context, schedule)
  },
}

/** IAM tells its news late: a role made just now is not yet believed by Glue. */
async function createCrawler(context: AwsContext, schedule: string[]): Promise<void> {
  const { aws, names } = context
  const targets = JSON.stringify({ S3Targets: [{ Path: `s3://${names.bucket}/${names.prefix}` }] })
  for (let tries = 1; ; tries++) {
    try {
      await unless(
        ['AlreadyExistsException'],
        aws`glue create-crawler --name ${names.crawler} --role ${crawlerRoleArn(context)} --database-name ${names.database} --targets ${targets} --tags ${`Project=${names.project}`} ${schedule}`,
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
