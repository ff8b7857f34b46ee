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
      differs.push(...(await differences(context, role)))
    }
    return differs
  },
  async apply(context) {
    const { aws, names } = context
    for (const role of roleNames) {
      const differs = await differences(context, role)
      if (!differs.length) continue
      await createRole(context, role)
      if (differs.some(difference => difference.endsWith(' trusts others'))) {
        const trusted = JSON.stringify(trust(role, context))
        await aws`iam update-assume-role-policy --role-name ${names.roles[role]} --policy-document ${trusted}`
      }
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
export const noteBucket = (context: AwsContext): Promise<void> => note(context, { Bucket: context.names.bucket })

/** Notes names on the crawler's role, which `down` asks when there is no state file. */
export async function note(context: AwsContext, values: Record<string, string>): Promise<void> {
  const { aws, names } = context
  await createRole(context, 'crawler')
  const tags = Object.entries(values).map(([key, value]) => `Key=${key},Value=${value}`)
  await believed(() => aws`iam tag-role --role-name ${names.roles.crawler} --tags ${tags}`)
}

/** What a role lacks or has too much: itself, who may take it on, its rights. */
async function differences(context: AwsContext, role: (typeof roleNames)[number]): Promise<string[]> {
  const { aws, names } = context
  const name = names.roles[role]
  const found = await ifThere(aws<{ Role: { AssumeRolePolicyDocument: unknown } }>`iam get-role --role-name ${name}`)
  if (!found) return [`no role ${name}`]
  return [
    ...(isDeepStrictEqual(found.Role.AssumeRolePolicyDocument, trust(role, context)) ? [] : [`role ${name} trusts others`]),
    ...((await hasPolicy(context, role)) ? [] : [`role ${name} has other rights`]),
  ]
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
