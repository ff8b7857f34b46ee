import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Step } from '../host/step.ts'
import { believed, ifThere, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { policy, type PolicyName } from './policies.ts'
import { runAlone } from './run-alone.ts'
import { writePrivate } from './state.ts'

interface AccessKey {
  AccessKeyId: string
  SecretAccessKey: string
}

const policies: PolicyName[] = ['sink', 'analyst', 'learner']

/**
 * The tutorial's IAM user with access keys, only on request: keys that never expire are the usual way to lose an account. Its rights
 * hang on a group, because a user may carry only 2,048 characters of them.
 */
export const user: Step<AwsContext> = {
  title: 'IAM user',
  skip: ({ options }) => (options.user ? undefined : 'not asked for (--user)'),
  async check(context) {
    const missing = await missingPolicies(context)
    const keys = await keyIds(context)
    if (!keys) return [`no user ${context.names.user}`]
    const own = readAccessKey(context.dir)
    return [
      ...missing.map(name => `the group has no policy ${name}`),
      ...((await isMember(context)) ? [] : ['the user is not in its group']),
      ...(own && keys.includes(own.AccessKeyId) ? [] : ['no access key that is known here']),
      ...keys.filter(id => id !== own?.AccessKeyId).map(id => `access key ${id}, whose secret is not here, is to be deleted`),
    ]
  },
  async apply(context) {
    const { aws, names, dir } = context
    const { group, user, path, project } = names
    await unless(['EntityAlreadyExists'], aws`iam create-group --group-name ${group} --path ${path}`)
    for (const name of await missingPolicies(context)) {
      const document = JSON.stringify(policy(name, context))
      await believed(() => aws`iam put-group-policy --group-name ${group} --policy-name ${name} --policy-document ${document}`)
    }
    const tags = `Key=Project,Value=${project}`
    await unless(['EntityAlreadyExists'], aws`iam create-user --user-name ${user} --path ${path} --tags ${tags}`)
    await believed(() => aws`iam add-user-to-group --group-name ${group} --user-name ${user}`)
    const own = readAccessKey(dir)
    const keys = (await keyIds(context)) ?? []
    // a key whose secret nobody has (a crash between the call and the file) is of no use
    for (const id of keys.filter(id => id !== own?.AccessKeyId)) {
      await aws`iam delete-access-key --user-name ${user} --access-key-id ${id}`
    }
    if (own && keys.includes(own.AccessKeyId)) return
    const made = await believed(() => aws<{ AccessKey: AccessKey }>`iam create-access-key --user-name ${user}`)
    writePrivate(keyFile(dir), JSON.stringify(made.AccessKey))
  },
}

const keyFile = (dir: string): string => join(dir, 'access-key.json')

/** The user's access key, when there is one. */
export function readAccessKey(dir: string): AccessKey | undefined {
  try {
    return JSON.parse(readFileSync(keyFile(dir), 'utf8')) as AccessKey
  } catch {
    return undefined // none, or damaged: as good as none
  }
}

async function missingPolicies(context: AwsContext): Promise<PolicyName[]> {
  const { aws, names } = context
  const missing: PolicyName[] = []
  for (const name of policies) {
    const found = await ifThere(
      aws<{ PolicyDocument: unknown }>`iam get-group-policy --group-name ${names.group} --policy-name ${name}`,
    )
    if (!isDeepStrictEqual(found?.PolicyDocument, policy(name, context))) missing.push(name)
  }
  return missing
}

async function isMember({ aws, names }: AwsContext): Promise<boolean> {
  const found = await ifThere(aws<{ Groups: { GroupName: string }[] }>`iam list-groups-for-user --user-name ${names.user}`)
  return found?.Groups.some(({ GroupName }) => GroupName === names.group) ?? false
}

/** The user's access keys; undefined when there is no user. */
async function keyIds({ aws, names }: AwsContext): Promise<string[] | undefined> {
  const found = await ifThere(
    aws<{ AccessKeyMetadata: { AccessKeyId: string }[] }>`iam list-access-keys --user-name ${names.user}`,
  )
  return found?.AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)
}

if (import.meta.main) runAlone(user)
