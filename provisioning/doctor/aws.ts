import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../lib/config.ts'
import { LabError } from '../../lib/errors.ts'
import { describeRule, findGroup, isOpen, strangers } from '../aws/02-security-group.ts'
import { findInstance, type Instance } from '../aws/03-instance.ts'
import { callerCidr } from '../aws/caller.ts'
import { type Aws, configuredRegion, openAws } from '../aws/cli.ts'
import { type AwsContext, openAwsContext } from '../aws/context.ts'
import { findLeftovers, type Leftover } from '../aws/leftovers.ts'
import { hostPerHour, prices } from '../aws/prices.ts'
import { awsDir, readState, type State } from '../aws/state.ts'
import { type Finding, fine, isWrong, looking, skipped, some, wrong } from './finding.ts'
import { lookAtRole } from './role.ts'

/** What the checks of an account go by; tests put their own in. */
export interface AwsOutside {
  /** The AWS CLI; AWS_CLI, else `aws`. */
  command?: string
  /** This machine's address as others see it, as a /32. */
  myCidr?: () => Promise<string>
  /** What the lab has on AWS. */
  leftovers?: typeof findLeftovers
}

/** Looks at the account: whose keys, which region, what costs money now, who is let in, the crawler's role. Changes nothing. */
export async function examineAws(config: Config, outside: AwsOutside = {}): Promise<Finding[]> {
  const { command } = outside
  const dir = awsDir(config.dir)
  if (config.cloud.kind !== 'aws' && !existsSync(join(dir, 'state.json')))
    return [skipped('AWS: LAB_CLOUD does not name it, and npx tickerlake aws up was not used here')]
  const state = readState(dir, () => {})
  const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || state.region || (await configuredRegion(command))
  if (!region) return [wrong('no AWS region', 'neither AWS_REGION nor the profile names one', 'export AWS_REGION=us-east-1')]
  try {
    const aws = await openAws({ region, ...(command && { command }), say: () => {} })
    const who = await aws<Identity>`sts get-caller-identity`
    const identity = lookAtIdentity(who, region, state)
    if (identity.some(isWrong)) return identity
    return [...identity, ...(await lookAround(config, who, aws, outside))]
  } catch (error) {
    return [accountFailure(error)]
  }
}

interface Identity {
  Account: string
  Arn: string
}

function accountFailure(error: unknown): Finding {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'AWS_CLI') return skipped(`AWS: ${message}`)
  if (code === 'Credentials')
    return wrong(
      'no AWS credentials',
      'this shell has no profile and no keys, or a session that has ended',
      'aws configure, or export AWS_PROFILE; after aws up: source .lab/aws/aws.env',
    )
  if (/InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken/.test(code ?? ''))
    return wrong(
      `AWS refuses the keys: ${code}`,
      'deleted, mistyped, or a session that has ended',
      'aws configure with keys that are valid',
    )
  return wrong('AWS cannot be looked at', message, 'correct what the sentence names')
}

function lookAtIdentity({ Account, Arn }: Identity, region: string, state: State): Finding[] {
  if (Arn.endsWith(':root'))
    return [
      wrong(
        `account ${Account}: these are the root user's keys`,
        'they can do everything, and nothing limits them',
        'delete them (Security credentials), and use an administrator of IAM Identity Center or an IAM user',
      ),
    ]
  if (state.account && state.account !== Account)
    return [
      wrong(
        `the keys belong to account ${Account} (${Arn}), the lab is in ${state.account}`,
        'another profile is active in this shell',
        'export AWS_PROFILE, or source .lab/aws/aws.env',
      ),
    ]
  if (state.region && state.region !== region)
    return [
      wrong(
        `AWS_REGION is ${region}, the lab is in ${state.region}`,
        'things of another region are not seen',
        `export AWS_REGION=${state.region}`,
      ),
    ]
  return [fine(`account ${Account}, ${Arn}, ${region}`)]
}

async function lookAround(config: Config, { Account, Arn }: Identity, aws: Aws, outside: AwsOutside): Promise<Finding[]> {
  const role = await looking(`role ${config.crawlerRole}`, () => lookAtRole(aws, config))
  let context: AwsContext
  try {
    context = await openAwsContext({ account: Account }, { ...(outside.command && { command: outside.command }), say: () => {} })
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'LAB_USER') throw error
    return [
      ...role,
      skipped(`what costs money, and the security group: ${Arn} may not look there; ask with an administrator's keys`),
    ]
  }
  const found = await looking('the instance', async () => {
    const instance = await findInstance(context)
    return instance ? [...lookAtInstance(instance, config, context.state), ...(await lookAtRules(context, outside))] : []
  })
  return [...role, ...found, ...(await looking('what the lab has on AWS', () => lookAtBill(context, outside)))]
}

function lookAtInstance(instance: Instance, { kafka }: Config, state: State): Finding[] {
  const { InstanceId, InstanceType, PublicIpAddress = 'none', State } = instance
  if (State.Name !== 'running') return []
  const perHour = hostPerHour(InstanceType)
  const price = perHour === undefined ? '' : ` and costs $${perHour.toFixed(4)} an hour`
  if (state.address && PublicIpAddress !== state.address) {
    return [
      wrong(
        `instance ${InstanceId} has address ${PublicIpAddress}, the lab goes to ${state.address}`,
        'it was stopped and started: the address changes each time',
        'npx tickerlake aws start puts the new one everywhere, then source .lab/aws/aws.env again',
      ),
    ]
  }
  const used = kafka.kind === 'cluster' && kafka.brokers.some(broker => broker.startsWith(`${PublicIpAddress}:`))
  if (used)
    return [
      fine(
        `instance ${InstanceId} (${InstanceType}) runs at ${PublicIpAddress}${price}; end it: npx tickerlake aws stop, or down`,
      ),
    ]
  return [
    wrong(
      `instance ${InstanceId} (${InstanceType}) runs${price}, and LAB_KAFKA is ${kafka.kind === 'cluster' ? kafka.brokers.join(',') : 'embedded'}`,
      'it was forgotten, or this shell has not its settings',
      'source .lab/aws/aws.env to use it; npx tickerlake aws stop or down to end it',
    ),
  ]
}

/** Who may come in: this machine's address of today, and nobody else. */
async function lookAtRules(context: AwsContext, { myCidr = callerCidr }: AwsOutside): Promise<Finding[]> {
  const group = await findGroup(context)
  if (!group) return []
  const mine = await myCidr().catch(() => undefined)
  const others = strangers(group, mine ?? 'nobody')
  const wide = others.filter(({ IpRanges, Ipv6Ranges }) =>
    [IpRanges?.[0]?.CidrIp, Ipv6Ranges?.[0]?.CidrIpv6].some(cidr => cidr !== undefined && !/\/(32|128)$/.test(cidr)),
  )
  if (wide.length) {
    return [
      wrong(
        `security group ${group.GroupId}: ${some(wide.map(describeRule))}`,
        'a rule for more than one address: plain Kafka asks nobody for a password',
        'npx tickerlake aws start puts your own address in its place',
      ),
    ]
  }
  if (!mine) return [skipped("security group: this machine's own address could not be found out (checkip.amazonaws.com)")]
  const closed = [22, 9092].filter(port => !isOpen(group, port, mine))
  if (closed.length) {
    return [
      wrong(
        `port ${closed.join(' and ')} ${closed.length > 1 ? 'are' : 'is'} closed for your address ${mine}${others.length ? `; ${some(others.map(describeRule))}` : ''}`,
        'your own address has changed since (home routers get new ones, a VPN has others): connections time out',
        'npx tickerlake aws start puts your address of today in',
      ),
    ]
  }
  if (others.length === 0) return [fine(`security group ${group.GroupId} lets in ${mine} only`)]
  return [
    wrong(
      `security group ${group.GroupId}: ${some(others.map(describeRule))}`,
      'somebody opened it for others than you: plain Kafka asks nobody for a password',
      'npx tickerlake aws start leaves your own address only',
    ),
  ]
}

const idlePrices: Partial<Record<Leftover['kind'], string>> = {
  crawler: `$${prices.crawl[0]} to $${prices.crawl[1]} a crawl`,
  bucket: '$0.023 per GB and month',
  workgroup: `$${prices.query} a query`,
}

/** Everything of the lab there is, with what it costs; what nobody uses any more is wrong. */
async function lookAtBill(context: AwsContext, { leftovers = findLeftovers }: AwsOutside): Promise<Finding[]> {
  const things = await leftovers(context)
  if (things.length === 0) return [fine('nothing of the lab is on AWS')]
  const instance = await findInstance(context)
  const price = ({ kind, name }: Leftover): string => {
    if (kind === 'volume') return `$${(prices.diskPerGibMonth / 730).toFixed(5)} per GiB and hour`
    if (kind !== 'instance' || instance?.InstanceId !== name) return idlePrices[kind] ?? ''
    const perHour = hostPerHour(instance.InstanceType, instance.State.Name === 'stopped')
    return `${instance.State.Name}${perHour === undefined ? '' : `, $${perHour.toFixed(4)} an hour`}`
  }
  const words = things.map(thing => [`${thing.kind} ${thing.name}`, price(thing)].filter(Boolean).join(': '))
  const list = `on AWS now: ${words.join('; ')} (prices of ${prices.date})`
  const volumes = things.filter(({ kind }) => kind === 'volume')
  if (volumes.length)
    return [
      wrong(list, 'a disk without an instance costs all the same', 'npx tickerlake aws down deletes everything and proves it'),
    ]
  if (!context.state.account)
    return [
      wrong(
        list,
        'this folder knows nothing of it: made from another machine, or LAB_DIR was deleted',
        'npx tickerlake aws down finds it by name and tag, and deletes it',
      ),
    ]
  return [fine(`${list}; end it all: npx tickerlake aws down`)]
}
