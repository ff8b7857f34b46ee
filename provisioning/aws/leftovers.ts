import { bucketExists, bucketIsOurs } from './04-bucket.ts'
import { workGroup } from './07-workgroup.ts'
import { ifThere } from './cli.ts'
import type { AwsContext } from './context.ts'

/** Something of the lab that exists on AWS. */
export interface Leftover {
  kind:
    | 'crawler'
    | 'database'
    | 'workgroup'
    | 'bucket'
    | 'user'
    | 'group'
    | 'role'
    | 'instance'
    | 'volume'
    | 'security group'
    | 'key pair'
    | 'budget'
    | 'tagged resource'
  /** The id or name that deletes it. */
  name: string
}

type Find = (context: AwsContext) => Promise<string[]>

/** Everything the lab has on AWS, in the order in which it must be deleted: by name and `lesson-*`, by tag, and by IAM path. */
export async function findLeftovers(context: AwsContext): Promise<Leftover[]> {
  const found: Leftover[] = []
  for (const [kind, find] of Object.entries(finders) as [Leftover['kind'], Find][]) {
    for (const name of await find(context)) found.push({ kind, name })
  }
  const named = new Set(found.map(({ name }) => name))
  for (const arn of await taggedArns(context)) {
    const name = arn.split(/[:/]/).at(-1) as string
    // EC2 goes on naming what is gone for an hour; what exists of these kinds was found above
    if (!named.has(name) && !/:ec2:|:glue:|:athena:|:s3:|:iam:/.test(arn)) found.push({ kind: 'tagged resource', name: arn })
  }
  return found
}

const finders: Partial<Record<Leftover['kind'], Find>> = {
  async crawler({ aws, names }) {
    const { Crawlers } = await aws<{ Crawlers: { Name: string }[] }>`glue get-crawlers`
    return Crawlers.map(({ Name }) => Name).filter(name => name === names.crawler || name.startsWith('lesson-'))
  },
  async database({ aws, names }) {
    const { DatabaseList } = await aws<{ DatabaseList: { Name: string }[] }>`glue get-databases`
    return DatabaseList.map(({ Name }) => Name).filter(name => name === names.database || name.startsWith('lesson_'))
  },
  async workgroup(context) {
    return (await workGroup(context)) ? [context.names.workgroup] : []
  },
  async bucket(context) {
    const { aws, names } = context
    const buckets = (await bucketExists(context)) && (await bucketIsOurs(context)) ? [names.bucket] : []
    for (const arn of await taggedArns(context)) {
      const name = /^arn:[^:]+:s3:::(.+)$/.exec(arn)?.[1]
      // the tagging service goes on naming a deleted bucket for a while
      if (name && !buckets.includes(name) && (await bucketExists({ aws, names: { ...names, bucket: name } }))) buckets.push(name)
    }
    return buckets
  },
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
  async budget({ aws, account, names }) {
    return (await ifThere(aws`budgets describe-budget --account-id ${account} --budget-name ${names.budget}`))
      ? [names.budget]
      : []
  },
}

async function taggedArns({ aws, names }: AwsContext): Promise<string[]> {
  const filter = `Key=Project,Values=${names.project}`
  const { ResourceTagMappingList } = await aws<{
    ResourceTagMappingList: { ResourceARN: string }[]
  }>`resourcegroupstaggingapi get-resources --tag-filters ${filter}`
  return ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN)
}
