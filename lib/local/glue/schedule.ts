import { Cron } from 'croner'
import { invalidInput } from './names.ts'

const leastMs = 5 * 60_000

/**
 * Starts an AWS schedule, `cron(minutes hours day-of-month month day-of-week year)` in UTC with Sunday as 1; `run` is called at its times until the
 * job is stopped. Fails with InvalidInputException: other than six fields, both day fields given, or more often than every five minutes.
 */
export function startSchedule(expression: string, run: () => void): Cron {
  return new Cron(checkSchedule(expression), cronOptions, run)
}

// An event loop that must end is not kept alive by a schedule.
const cronOptions = { mode: '7-part', timezone: 'UTC', alternativeWeekdays: true, sloppyRanges: true, unref: true } as const

/** Croner's pattern for an AWS expression. */
export function checkSchedule(expression: string): string {
  const fail = (why: string): never => {
    throw invalidInput(`Invalid schedule expression ${expression}: ${why}`)
  }
  const fields = /^cron\((.*)\)$/.exec(expression.trim())?.[1]?.trim().split(/\s+/)
  if (!fields) return fail('expected cron(Minutes Hours Day-of-month Month Day-of-week Year).')
  if (fields.length !== 6) return fail(`expected 6 fields, found ${fields.length}.`)
  if ((fields[2] === '?') === (fields[4] === '?')) return fail('one of Day-of-month and Day-of-week must be ?, and only one.')
  if (/(?:^|[,-])(?:[089]|\d\d)/.test(fields[4]!)) return fail('Day-of-week must be 1-7 (Sunday is 1) or SUN-SAT.')
  const pattern = ['0', ...fields].map(field => (field === '?' ? '*' : field)).join(' ')
  const times = nextTimes(pattern) ?? fail('a field has a value that is not allowed.')
  const isTooOften = times.some((time, at) => at > 0 && time.getTime() - times[at - 1]!.getTime() < leastMs)
  return isTooOften ? fail('a crawler cannot be scheduled more often than every 5 minutes.') : pattern
}

function nextTimes(pattern: string): Date[] | undefined {
  try {
    const cron = new Cron(pattern, { ...cronOptions, paused: true })
    const times = cron.nextRuns(60)
    cron.stop()
    return times
  } catch {
    return undefined
  }
}
