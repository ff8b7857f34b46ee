import { Cron } from 'croner'
import { errorMessage, LabError } from '../../lib/errors.ts'
import { checkSchedule } from '../../lib/local/glue/schedule.ts'
import { dollars, hoursPerMonth, prices } from './prices.ts'

/** A schedule as Glue takes it. Throws LabError SCHEDULE with Glue's sentence. */
export function checkedSchedule(expression: string): string {
  try {
    checkSchedule(expression)
    return expression
  } catch (error) {
    throw new LabError('SCHEDULE', `--crawl-schedule: ${errorMessage(error)}`, { cause: error })
  }
}

/** How often a schedule crawls in a month, over the coming year. */
export function crawlsPerMonth(expression: string, now = new Date()): number {
  const most = 9000 // every five minutes for a month
  const year = 12 * hoursPerMonth * 3_600_000
  const aws = { mode: '7-part', timezone: 'UTC', alternativeWeekdays: true, sloppyRanges: true } as const
  const cron = new Cron(checkSchedule(expression), { ...aws, paused: true })
  const times = cron.nextRuns(most, now).map(time => time.getTime() - now.getTime())
  const within = times.filter(time => time <= year)
  const span = within.length < most ? year : (within.at(-1) as number)
  return within.length / (span / year) / 12
}

/** What a schedule costs, as a line for a person. */
export function scheduleLine(expression: string): string {
  const [least, most] = prices.crawl
  const each = `each ${dollars(least)} to ${dollars(most)}`
  const end = 'end it: npx tickerlake aws up --crawl-schedule none'
  try {
    const times = crawlsPerMonth(expression)
    const month = `${dollars(times * least)} to ${dollars(times * most)} a month`
    return `the crawler crawls by itself, ${expression}: about ${Number(times.toPrecision(3))} times a month, ${each}, ${month}; ${end}`
  } catch {
    return `the crawler crawls by itself, ${expression}: ${each}; ${end}`
  }
}
