import { LabError } from '../../lib/errors.ts'
import { describeRule, findGroup, strangers } from './02-security-group.ts'
import { findInstance, type Instance, madeAt, stoppedSince } from './03-instance.ts'
import { bucketExists } from './04-bucket.ts'
import { findCrawler, scheduleLines } from './06-catalog.ts'
import { workGroup } from './07-workgroup.ts'
import { findBudget } from './08-budget.ts'
import type { AwsOptions } from './cli.ts'
import { type AwsContext, openAwsContext } from './context.ts'
import { costSince, hostPerHour, prices } from './prices.ts'

/** `aws status`: what is there, its addresses, its state, its age, what it has cost. */
export async function status(options: { account?: string }, outer: Omit<AwsOptions, 'region'> = {}): Promise<void> {
  const context = await openAwsContext(options, outer)
  const { say, names, account, region, state, save } = context
  say(`account ${account}, region ${region}`)
  const found = await findInstance(context)
  if (found) {
    save({ account, region, instanceId: found.InstanceId })
    for (const line of [...hostLines(found, context), ...costLines(found, context)]) say(line)
    await sayWhoMayReachIt(context)
  } else say('no instance')
  say((await bucketExists(context)) ? `bucket ${names.bucket} is there` : 'no bucket')
  const crawler = await findCrawler(context)
  say(crawler ? `crawler ${names.crawler} is ${crawler.State}` : 'no crawler')
  for (const line of await scheduleLines(context)) say(line)
  say((await workGroup(context)) ? `work group ${names.workgroup} is there` : 'no work group')
  const budget = await findBudget(context)
  const spent = budget && budget !== 'denied' ? budget.Budget.CalculatedSpend?.ActualSpend : undefined
  if (spent) say(`this month AWS counts ${spent.Amount} ${spent.Unit} for the whole account, up to a day late`)
  if (found?.State.Name === 'running' && found.PublicIpAddress !== state.address)
    say('its address is not the one in the settings: run npx tickerlake aws start')
}

/** State, addresses and age of the instance. */
function hostLines(found: Instance, { state }: AwsContext): string[] {
  const { InstanceId, InstanceType, State, PublicIpAddress, PrivateIpAddress } = found
  const since = stoppedSince(found, state)
  const created = state.createdAt ?? madeAt(found)
  return [
    `instance ${InstanceId} (${InstanceType}) is ${State.Name}${since ? ` for ${age(since)}` : ''}, address ${PublicIpAddress ?? 'none'}, inside ${PrivateIpAddress ?? 'none'}`,
    ...(PublicIpAddress ? [`Kafka: ${PublicIpAddress}:9092; a shell: npx tickerlake aws ssh`] : []),
    `made ${age(created)} ago (${utc(created)})${since ? '' : `, last started ${utc(found.LaunchTime)}`}`,
  ]
}

const utc = (time: string): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** What the instance has cost: exact as far as the lab was told of stops, else too much rather than too little. */
function costLines(found: Instance, { state, region }: AwsContext): string[] {
  const { InstanceType } = found
  const since = stoppedSince(found, state)
  const stoppedMs = (state.stoppedMs ?? 0) + (since ? Date.now() - Date.parse(since) : 0)
  const cost = costSince(state.createdAt ?? madeAt(found), InstanceType, stoppedMs)
  const now = hostPerHour(InstanceType, since !== undefined)
  if (cost === undefined || now === undefined)
    return [
      `cost so far: ${InstanceType} is not in the price table of ${prices.date}, see https://aws.amazon.com/ec2/pricing/on-demand/`,
    ]
  const where = region === prices.region ? '' : ` (prices of ${prices.region})`
  return [
    `cost so far: about $${cost.toFixed(2)} for the host, $${now.toFixed(4)} an hour as it is now${where}; crawls, queries and objects come on top`,
  ]
}

async function sayWhoMayReachIt(context: AwsContext): Promise<void> {
  const group = await findGroup(context)
  const rules = group ? strangers(group, 'nobody').map(describeRule) : []
  context.say(rules.join('; ') || 'nobody may reach it: no rule')
}

/** How long ago that was, in the largest unit that says something. */
export function age(since: string, now = Date.now()): string {
  const minutes = Math.max(0, Math.round((now - Date.parse(since)) / 60_000))
  if (Number.isNaN(minutes)) throw new LabError('STATE', `${since}: not a time.`)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
