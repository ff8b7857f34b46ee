import { LabError } from '../../lib/errors.ts'
import { findInstance } from './03-instance.ts'
import { bucketExists } from './04-bucket.ts'
import type { AwsOptions } from './cli.ts'
import { ifThere } from './cli.ts'
import { openAwsContext } from './context.ts'
import { costSince, hostPerHour } from './prices.ts'

/** `aws status`: what is there, its state, its age, what it has cost. */
export async function status(options: { account?: string }, outer: Omit<AwsOptions, 'region'> = {}): Promise<void> {
  const context = await openAwsContext(options, outer)
  const { say, aws, names, state, save } = context
  const found = await findInstance(context)
  if (found) {
    if (found.PublicIpAddress && found.PublicIpAddress !== state.address) {
      say(`the address changed from ${state.address ?? 'none'} to ${found.PublicIpAddress}; run: npx tickerlake aws start`)
    }
    save({ instanceId: found.InstanceId })
    const created = state.createdAt ?? found.LaunchTime
    const cost = costSince(created, found.InstanceType)
    const now = hostPerHour(found.InstanceType, found.State.Name === 'stopped')
    say(
      `instance ${found.InstanceId} (${found.InstanceType}) is ${found.State.Name}, address ${found.PublicIpAddress ?? 'none'}, made ${age(created)} ago`,
    )
    if (cost !== undefined && now !== undefined) {
      say(
        `cost so far: at most $${cost.toFixed(2)} for the host, $${now.toFixed(4)} an hour as it is now; crawls, queries and objects come on top`,
      )
    }
  } else say('no instance')
  say((await bucketExists(context)) ? `bucket ${names.bucket} is there` : 'no bucket')
  const crawler = await ifThere(aws<{ Crawler: { State: string } }>`glue get-crawler --name ${names.crawler}`)
  say(crawler ? `crawler ${names.crawler} is ${crawler.Crawler.State}` : 'no crawler')
}

/** How long ago that was, in the largest unit that says something. */
export function age(since: string, now = Date.now()): string {
  const minutes = Math.max(0, Math.round((now - Date.parse(since)) / 60_000))
  if (Number.isNaN(minutes)) throw new LabError('STATE', `${since}: not a time.`)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
