import { afterEach, expect, test, vi } from 'vitest'
import { Cron } from 'croner'
import { checkSchedule, startSchedule } from '../../../lib/local/glue/schedule.ts'

afterEach(() => {
  vi.useRealTimers()
})

const from = new Date('2026-01-13T10:00:00Z') // a Tuesday
const next = (expression: string, count = 3): string[] => {
  vi.useFakeTimers({ now: from })
  const job = startSchedule(expression, () => {})
  const times = job.nextRuns(count).map(time => time.toISOString().slice(0, 16))
  job.stop()
  return times
}

// Examples of the Guide's page "Time-based schedules for jobs and crawlers", and its table of wildcards.
test.each([
  ['cron(15 12 * * ? *)', ['2026-01-13T12:15', '2026-01-14T12:15', '2026-01-15T12:15']],
  ['cron(0 18 ? * MON-FRI *)', ['2026-01-13T18:00', '2026-01-14T18:00', '2026-01-15T18:00']],
  ['cron(0 8 1 * ? *)', ['2026-02-01T08:00', '2026-03-01T08:00', '2026-04-01T08:00']],
  ['cron(0/15 * * * ? *)', ['2026-01-13T10:15', '2026-01-13T10:30', '2026-01-13T10:45']],
  ['cron(0/10 * ? * MON-FRI *)', ['2026-01-13T10:10', '2026-01-13T10:20', '2026-01-13T10:30']],
  ['cron(0 9 ? * 1 *)', ['2026-01-18T09:00', '2026-01-25T09:00', '2026-02-01T09:00']],
  ['cron(0 9 ? * 3#1 *)', ['2026-02-03T09:00', '2026-03-03T09:00', '2026-04-07T09:00']],
  ['cron(0 9 L * ? *)', ['2026-01-31T09:00', '2026-02-28T09:00', '2026-03-31T09:00']],
  ['cron(0 9 1 1 ? 2027-2028)', ['2027-01-01T09:00', '2028-01-01T09:00']],
])('%s', (expression, times) => {
  expect(next(expression)).toEqual(times)
})

test.each([
  'rate(5 minutes)',
  '0 12 * * ? *',
  'cron(0 12 * * ?)',
  'cron(0 12 * * * *)',
  'cron(0 12 ? * ? *)',
  'cron(60 12 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 9 ? * 0 *)',
  'cron(0 9 ? * 8 *)',
  'cron(0 9 1 13 ? *)',
  'cron(* * * * ? *)',
  'cron(0/4 * * * ? *)',
  'cron(58,1 * * * ? *)',
])('%s is refused', expression => {
  expect(() => checkSchedule(expression)).toThrow(expect.objectContaining({ code: 'InvalidInputException' }))
})

test('runs at its times until it is stopped', () => {
  vi.useFakeTimers({ now: from })
  const run = vi.fn()
  const job = startSchedule('cron(0/5 * * * ? *)', run)
  vi.advanceTimersByTime(16 * 60_000)
  expect(run).toHaveBeenCalledTimes(3)
  job.stop()
  vi.advanceTimersByTime(60 * 60_000)
  expect(run).toHaveBeenCalledTimes(3)
  expect(job).toBeInstanceOf(Cron)
})
