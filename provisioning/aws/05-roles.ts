import { isDeepStrictEqual } from 'node:util'
import type { Step } from '../host/step.ts'
import { believed, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { policy, trust } from './policies.ts'
import { runAlone } from './run-alone.ts'

const roleNames = ['crawler', 'sink', 'analyst'] as const

/** One role for each job, each with the rights of that job and no more (policies/). */
export const roles: Step<AwsContext> = {
  title: 'roles',
  async check(context) {
    const differs: string[] = []
    for (const role of roleNames) {
      // asks for both in one call: without the role there is no policy either
      if (!(await hasPolicy(context, role))) differs.push(`role ${context.names.roles[role]} is missing or has other rights`)
    }
    return differs
  },
  async apply(context) {
    const { aws, names } = context
    for (const role of roleNames) {
      if (await hasPolicy(context, role)) continue
      await createRole(context, role)
      const document = JSON.stringify(policy(role, context))
      await believed(
        () => aws`iam put-role-policy --role-name ${names.roles[role]} --policy-name ${role} --policy-document ${document}`,
      )
    }
  },
}

async function createRole(context: AwsContext, role: (typeof roleNames)[number]): Promise<void> {
  const { aws, names, region } = context
  const document = JSON.stringify(trust(role, context))
  const tags = [`Key=Project,Value=${names.project}`, `Key=Region,Value=${region}`]
  await unless(
    ['EntityAlreadyExists'],
    aws`iam create-role --role-name ${names.roles[role]} --path ${names.path} --assume-role-policy-document ${document} --tags ${tags}`,
  )
}

/** Notes on AWS, before it is made, that a bucket will be the lab's: its tag comes a moment after it, and a state file can be lost. */
export async function noteBucket(context: AwsContext): Promise<void> {
  const { aws, names } = context
  await createRole(context, 'crawler')
  await believed(() => aws`iam tag-role --role-name ${names.roles.crawler} --tags ${`Key=Bucket,Value=${names.bucket}`}`)
}

async function hasPolicy(context: AwsContext, role: (typeof roleNames)[number]): Promise<boolean> {
  const { aws, names } = context
  const found = await ifThere(
    aws<{ PolicyDocument: unknown }>`iam get-role-policy --role-name ${names.roles[role]} --policy-name ${role}`,
  )
  return isDeepStrictEqual(found?.PolicyDocument, policy(role, context))
}

/** The ARN the crawler reads with. */
export const crawlerRoleArn = ({ account, partition, names }: AwsContext): string =>
  `arn:${partition}:iam::${account}:role${names.path}${names.roles.crawler}`

if (import.meta.main) runAlone(roles)
