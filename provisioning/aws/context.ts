import { loadConfig } from '../../lib/config.ts'
import { LabError } from '../../lib/errors.ts'
import { type Aws, AwsError, type AwsOptions, configuredRegion, ifThere, openAws } from './cli.ts'
import { names, type Names, roleNames } from './names.ts'
import { awsDir, readState, saveState, type State } from './state.ts'

/** What every step on AWS knows. */
export interface AwsContext {
  aws: Aws
  /** LAB_DIR/aws. */
  dir: string
  account: string
  region: string
  /** `aws`; `aws-cn` and `aws-us-gov` for China and GovCloud. */
  partition: string
  /** The ARN of whoever runs this. */
  caller: string
  names: Names
  state: State
  save(changes: State): void
  options: UpOptions
  /** The instance type the Kafka host will have, while there is none. */
  hostType?: string
  say: (line: string) => void
}

/** What a person may say to `aws up` and `aws plan`. */
export interface UpOptions {
  /** The account it may work in. */
  account?: string
  cidr?: string
  secure?: boolean
  /** false: no Kafka host. */
  kafka?: boolean
  /** The tutorial's IAM user with access keys. */
  user?: boolean
  email?: string
  crawlSchedule?: string
  releases?: string
  sshConfig?: string
}

interface Identity {
  Account: string
  Arn: string
}

/** Opens the account and region of the caller's credentials; refuses root keys, an account it was not told about, and the lab's own user. */
export async function openAwsContext(options: UpOptions, aws_: Omit<AwsOptions, 'region'> = {}): Promise<AwsContext> {
  // the switches may name this very lab already (LAB_CLOUD=aws); here only the names matter
  const config = loadConfig({ ...process.env, LAB_CLOUD: 'embedded' })
  const dir = awsDir(config.dir)
  const say = aws_.say ?? console.log
  const state = readState(dir, say)
  const region =
    process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || state.region || (await configuredRegion(aws_.command))
  if (!region) throw new LabError('REGION', 'AWS region: not set. Say which, for example: export AWS_REGION=us-east-1')
  if (!/^[a-z]{2,5}(-[a-z]+)+-\d+$/.test(region))
    throw new LabError('REGION', `AWS region: expected a name such as us-east-1, got ${JSON.stringify(region)}.`)
  const told = options.account
  if (told && state.account && state.account !== told && Object.keys(state).some(key => key !== 'account')) {
    throw new LabError(
      'ACCOUNT',
      `AWS account: the lab of this LAB_DIR is in ${state.account}, you said ${told}. Take that one down first, or use another LAB_DIR.`,
    )
  }
  if (state.region && state.region !== region) {
    throw new LabError(
      'REGION',
      `AWS region: the lab is in ${state.region}, the environment says ${region}. Unset AWS_REGION, or take that lab down first.`,
    )
  }
  const aws = await openAws({ ...aws_, region })
  const { Account: account, Arn: caller } = await whoAmI(aws, region)
  refuseCaller(account, caller, options.account ?? state.account)
  if (!state.region) await remember(aws, region, state)
  return {
    aws,
    dir,
    account,
    region,
    partition: caller.split(':')[1] ?? 'aws',
    caller,
    names: names(config, { account, region, ...namesOfBefore(state) }),
    state,
    save: (changes: State) => saveState(dir, state, changes),
    options,
    say,
  }
}

/** What was chosen once holds until `down`, unless the environment says something else now. */
function namesOfBefore({ bucket, prefix, databases, crawlers, workgroup }: State) {
  const { LAB_BUCKET, LAB_PREFIX, LAB_DATABASE, LAB_CRAWLER, LAB_WORKGROUP } = process.env
  return {
    bucket: LAB_BUCKET || bucket,
    ...(!LAB_PREFIX?.trim() && { prefix }),
    ...(!LAB_DATABASE?.trim() && { database: databases?.at(-1) }),
    ...(!LAB_CRAWLER?.trim() && { crawler: crawlers?.at(-1) }),
    ...(!LAB_WORKGROUP?.trim() && { workgroup }),
  }
}

async function whoAmI(aws: Aws, region: string): Promise<Identity> {
  try {
    return await aws<Identity>`sts get-caller-identity`
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'Connect') throw error
    const text = process.env.AWS_ENDPOINT_URL
      ? `AWS: nothing answers at AWS_ENDPOINT_URL ${process.env.AWS_ENDPOINT_URL}. Start it, or unset the variable.`
      : `AWS region ${region}: its address does not answer. Is there such a region, and a network here?`
    throw new LabError('REGION', text, { cause: error })
  }
}

/**
 * Without a state file the crawler's role tells what cannot be found otherwise: the lab's region (roles know none), and the names of
 * bucket, databases and crawlers, noted there before these are made.
 */
async function remember(aws: Aws, region: string, state: State): Promise<void> {
  const found = await ifThere(
    aws<{ Tags: { Key: string; Value: string }[] }>`iam list-role-tags --role-name ${roleNames.crawler}`,
  )
  const noted = Object.fromEntries(found?.Tags.map(({ Key, Value }) => [Key, Value]) ?? [])
  if (noted.Region && noted.Region !== region) {
    throw new LabError(
      'REGION',
      `AWS region: the lab is in ${noted.Region}, as its roles say, and this is ${region}. Say: export AWS_REGION=${noted.Region}`,
    )
  }
  state.bucket ??= noted.Bucket
  state.prefix ??= noted.Prefix
  state.workgroup ??= noted.Workgroup
  const both = (noted: string | undefined, known: string[] = []) => {
    const all = [...new Set([...(noted?.split(' ') ?? []), ...known])]
    return all.length ? all : undefined
  }
  state.databases = both(noted.Databases, state.databases)
  state.crawlers = both(noted.Crawlers, state.crawlers)
}

function refuseCaller(account: string, caller: string, told: string | undefined): void {
  if (/:root$/.test(caller)) {
    throw new LabError(
      'ROOT_KEYS',
      `AWS account ${account}: these are the root user's keys, which can do everything and cannot be limited. Make an administrator (IAM Identity Center or an IAM user) and use that.`,
    )
  }
  if (caller.includes(':user/tickerlake/')) {
    throw new LabError(
      'LAB_USER',
      `AWS account ${account}: this is the lab's own user, who may not build or delete it. Use a shell without the lab's aws.env.`,
    )
  }
  if (told === undefined)
    throw new LabError(
      'ACCOUNT',
      `AWS account: the keys belong to ${account} (${caller}). If that is the right one, say so: --account ${account}`,
    )
  if (told !== account)
    throw new LabError(
      'ACCOUNT',
      `AWS account: expected ${told}, the keys belong to ${account} (${caller}). Use other keys, or say --account ${account}.`,
    )
}
