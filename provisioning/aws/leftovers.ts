import { bucketExists, bucketIsOurs } from './04-bucket.ts'
import { workGroup, workGroupIsOurs } from './07-workgroup.ts'
import { findBudget } from './08-budget.ts'
import { crawlerIsOurs, databaseIsOurs } from './catalog-owner.ts'
import { AwsError, type Aws } from './cli.ts'
import type { AwsContext } from './context.ts'
import { LabError } from '../../lib/errors.ts'

/** Something of the lab that exists on AWS. */
export interface Leftover {
  kind: Kind
  /** The id or name that deletes it. */
  name: string
}

type Kind = keyof typeof finders | 'tagged resource'

/** Told what could not be looked for, and why. */
export type Unseen = (what: string, why: string) => void

/**
 * Everything the lab has on AWS, in the order in which it must be deleted: by name and `lesson-*`, by tag, and by IAM path. A look-up
 * that fails is an error, or, where somebody is told of it, goes on with the next one.
 */
export async function findLeftovers(context: AwsContext, unseen?: Unseen): Promise<Leftover[]> {
  const look = async (what: string, ask: () => Promise<string[]>): Promise<string[]> => {
    try {
      return await ask()
    } catch (error) {
      if (!unseen || !(error instanceof AwsError || error instanceof LabError)) throw error
      unseen(what, error.message)
      return []
    }
  }
  const found: Leftover[] = []
  const tagged = await look('tag', () => taggedArns(context.aws, context.names.project))
  for (const [kind, find] of Object.entries(finders) as [Kind, Find][]) {
    for (const name of await look(kind, () => find(context, tagged))) found.push({ kind, name })
  }
  for (const arn of tagged) {
    if (!lookedForAbove.test(arn)) found.push({ kind: 'tagged resource', name: arn })
  }
  return found
}

// the tagging service goes on naming what is gone for an hour; what exists of these kinds is found by asking for it
const lookedForAbove =
  /:ec2:.*:(instance|volume|security-group|key-pair)\/|:glue:.*:(crawler|database)\/|:athena:.*:workgroup\/|:s3:::|:iam:.*:(role|user|policy|instance-profile)\//

type Find = (context: AwsContext, tagged: string[]) => Promise<string[]>

const finders = {
  // what costs most goes first; only disk and security group wait for it
  async instance({ aws, names }) {
    const filters = [
      `Name=tag:Project,Values=${names.project}`,
      'Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down',
    ]
    const { Reservations } = await aws<{
      Reservations: { Instances: { InstanceId: string }[] }[]
    }>`ec2 describe-instances --filters ${filters}`
    return Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId))
  },
  async crawler(context, tagged) {
    const { aws } = context
    const { Crawlers } = await aws<{ Crawlers: { Name: string }[] }>`glue get-crawlers`
    return Crawlers.map(({ Name }) => Name).filter(
      name => crawlerIsOurs(name, context) || tagged.some(arn => arn.endsWith(`:crawler/${name}`)),
    )
  },
  async database(context) {
    const { aws } = context
    const { DatabaseList } = await aws<{
      DatabaseList: { Name: string; Parameters?: { Project?: string } }[]
    }>`glue get-databases`
    return DatabaseList.filter(database => databaseIsOurs(database, context)).map(({ Name }) => Name)
  },
  async workgroup(context, tagged) {
    const { aws, names } = context
    const found = (await workGroup(context)) && (await workGroupIsOurs(context)) ? [names.workgroup] : []
    for (const arn of tagged) {
      const name = /:athena:.*:workgroup\/(.+)$/.exec(arn)?.[1]
      if (name && !found.includes(name) && (await workGroup({ aws, names: { ...names, workgroup: name } }))) found.push(name)
    }
    return found
  },
  async bucket(context, tagged) {
    const { aws, names } = context
    const buckets = (await bucketExists(context)) && (await bucketIsOurs(context)) ? [names.bucket] : []
    for (const arn of tagged) {
      const name = /^arn:[^:]+:s3:::(.+)$/.exec(arn)?.[1]
      if (name && !buckets.includes(name) && (await bucketExists({ aws, names: { ...names, bucket: name } }))) buckets.push(name)
    }
    return buckets
  },
  async volume({ aws, names }) {
    // one that is attached goes with its instance
    const filters = [`Name=tag:Project,Values=${names.project}`, 'Name=status,Values=available']
    const { Volumes } = await aws<{ Volumes: { VolumeId: string }[] }>`ec2 describe-volumes --filters ${filters}`
    return Volumes.map(({ VolumeId }) => VolumeId)
  },
  async 'security group'({ aws, names }) {
    const { SecurityGroups } = await aws<{
      SecurityGroups: { GroupId: string }[]
    }>`ec2 describe-security-groups --filters ${`Name=tag:Project,Values=${names.project}`}`
    return SecurityGroups.map(({ GroupId }) => GroupId)
  },
  async 'key pair'({ aws, names }) {
    const { KeyPairs } = await aws<{
      KeyPairs: { KeyName: string }[]
    }>`ec2 describe-key-pairs --filters ${`Name=tag:Project,Values=${names.project}`}`
    return KeyPairs.map(({ KeyName }) => KeyName)
  },
  async user({ aws, names }) {
    const { Users } = await aws<{ Users: { UserName: string }[] }>`iam list-users --path-prefix ${names.path}`
    return Users.map(({ UserName }) => UserName)
  },
  async group({ aws, names }) {
    const { Groups } = await aws<{ Groups: { GroupName: string }[] }>`iam list-groups --path-prefix ${names.path}`
    return Groups.map(({ GroupName }) => GroupName)
  },
  async role({ aws, names }) {
    const { Roles } = await aws<{ Roles: { RoleName: string }[] }>`iam list-roles --path-prefix ${names.path}`
    return Roles.map(({ RoleName }) => RoleName)
  },
  async 'instance profile'({ aws, names }) {
    const { InstanceProfiles } = await aws<{
      InstanceProfiles: { InstanceProfileName: string; Path: string }[]
    }>`iam list-instance-profiles --path-prefix ${names.path}`
    return InstanceProfiles.filter(({ Path }) => Path.startsWith(names.path)).map(
      ({ InstanceProfileName }) => InstanceProfileName,
    )
  },
  async policy({ aws, names }) {
    const { Policies } = await aws<{
      Policies: { Arn: string; Path: string }[]
    }>`iam list-policies --scope Local --path-prefix ${names.path}`
    return Policies.filter(({ Path }) => Path.startsWith(names.path)).map(({ Arn }) => Arn)
  },
  async budget(context) {
    const found = await findBudget(context)
    return found && found !== 'denied' ? [context.names.budget] : []
  },
} satisfies Record<string, Find>

async function taggedArns(aws: Aws, project: string): Promise<string[]> {
  const { ResourceTagMappingList } = await aws<{
    ResourceTagMappingList: { ResourceARN: string; Tags: { Key: string; Value: string }[] }[]
  }>`resourcegroupstaggingapi get-resources --tag-filters ${`Key=Project,Values=${project}`}`
  // seen and not believed: what is named here gets deleted
  const isOurs = ({ Tags }: { Tags: { Key: string; Value: string }[] }): boolean =>
    Tags.some(({ Key, Value }) => Key === 'Project' && Value === project)
  return ResourceTagMappingList.filter(isOurs).map(({ ResourceARN }) => ResourceARN)
}

/**
 * What the lab has in other regions, by region. Asked only when no state file says which region it is in: with a wrong one everything
 * would seem deleted while an instance goes on costing elsewhere.
 */
export async function findElsewhere(context: AwsContext, unseen: Unseen): Promise<Record<string, Leftover[]>> {
  const { region } = context
  const found: Record<string, Leftover[]> = {}
  const others = (await regions(context, unseen)).filter(name => name !== region)
  const look = async (): Promise<void> => {
    for (let other = others.pop(); other; other = others.pop()) {
      const left = await findIn(other, context, unseen)
      if (left.length) found[other] = left
    }
  }
  await Promise.all([look(), look(), look(), look()])
  return found
}

async function regions({ aws }: AwsContext, unseen: Unseen): Promise<string[]> {
  try {
    const { Regions } = await aws<{ Regions: { RegionName: string }[] }>`ec2 describe-regions`
    return Regions.map(({ RegionName }) => RegionName)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    unseen('other regions', error.message)
    return []
  }
}

async function findIn(region: string, context: AwsContext, unseen: Unseen): Promise<Leftover[]> {
  const there = { ...context, aws: inRegion(context.aws, region), region }
  const unseenThere: Unseen = (what, why) => unseen(`${what} in ${region}`, why)
  try {
    const tagged = await taggedArns(there.aws, context.names.project)
    // the tagging service may name what is gone: what is found by asking counts
    const all = tagged.some(arn => !globalArn.test(arn)) ? await findLeftovers(there, unseenThere) : []
    return all.filter(({ kind }) => !globalKinds.has(kind))
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    unseenThere('anything', error.message)
    return []
  }
}

const globalArn = /:(s3|iam|budgets):/
const globalKinds = new Set<Kind>(['bucket', 'user', 'group', 'role', 'instance profile', 'policy', 'budget'])

/** The same CLI, told another region. */
const inRegion = (aws: Aws, region: string): Aws =>
  ((parts: TemplateStringsArray, ...values: never[]) =>
    aws([...parts.slice(0, -1), `${parts.at(-1)} --region `, ''] as unknown as TemplateStringsArray, ...values, region)) as Aws
