import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '../../lib/errors.ts'
import type { AwsOptions } from './cli.ts'
import { AwsError, isMissing } from './cli.ts'
import { openAwsContext, type AwsContext } from './context.ts'
import { emptyBucket } from './empty-bucket.ts'
import { findLeftovers, type Leftover } from './leftovers.ts'
import { forget } from './state.ts'
import { agree } from './up.ts'

/**
 * `aws down`: deletes everything in the order of its dependencies, goes on after errors, then proves by tag, path and name that
 * nothing is left. Works without the state file. Answers true when nothing is left.
 */
export async function down(
  options: { account?: string; dryRun: boolean; yes: boolean },
  outer: Omit<AwsOptions, 'region'> = {},
): Promise<boolean> {
  const context = await openAwsContext(options, outer)
  const { say, dir } = context
  const found = await findLeftovers(context)
  if (!found.length) {
    if (!options.dryRun) forget(dir)
    say('nothing is there')
    return true
  }
  say(
    `${options.dryRun ? 'would delete' : 'delete'} in account ${context.account}, ${context.region}:\n${found.map(({ kind, name }) => `  ${kind} ${name}`).join('\n')}`,
  )
  if (options.dryRun) return true
  if (!options.yes) await agree('Delete all of this, with what is in it? (yes/no) ')
  const problems: string[] = []
  for (const leftover of found) {
    try {
      await remove[leftover.kind](context, leftover.name)
    } catch (error) {
      if (error instanceof AwsError && isMissing(error.code)) continue
      problems.push(`${leftover.kind} ${leftover.name}: ${errorMessage(error)}`)
      say(`failed, going on: ${problems.at(-1)}`)
    }
  }
  const left = await findLeftovers(context)
  if (left.length) {
    say(
      `LEFT, and it may cost:\n${left.map(({ kind, name }) => `  ${kind} ${name}`).join('\n')}\nrun it again: npx tickerlake aws down`,
    )
    return false
  }
  forget(dir)
  say('proved: nothing is left')
  return true
}

type Remove = (context: AwsContext, name: string) => Promise<unknown>

const remove: Record<Leftover['kind'], Remove> = {
  async crawler({ aws }, name) {
    await aws`glue stop-crawler --name ${name}`.catch(
      ignore('CrawlerNotRunningException', 'CrawlerStoppingException', 'EntityNotFoundException'),
    )
    await retry(['CrawlerRunningException', 'SchedulerTransitioningException'], () => aws`glue delete-crawler --name ${name}`)
  },
  database: ({ aws }, name) => aws`glue delete-database --name ${name}`, // its tables go with it
  workgroup: ({ aws }, name) => aws`athena delete-work-group --work-group ${name} --recursive-delete-option`,
  async bucket({ aws }, name) {
    await emptyBucket(aws, name)
    await aws`s3api delete-bucket --bucket ${name}`
  },
  async user({ aws }, name) {
    const keys = await aws<{ AccessKeyMetadata: { AccessKeyId: string }[] }>`iam list-access-keys --user-name ${name}`
    for (const { AccessKeyId } of keys.AccessKeyMetadata)
      await aws`iam delete-access-key --user-name ${name} --access-key-id ${AccessKeyId}`
    const { Groups } = await aws<{ Groups: { GroupName: string }[] }>`iam list-groups-for-user --user-name ${name}`
    for (const { GroupName } of Groups) await aws`iam remove-user-from-group --group-name ${GroupName} --user-name ${name}`
    await aws`iam delete-user --user-name ${name}`
  },
  async group({ aws }, name) {
    const { PolicyNames } = await aws<{ PolicyNames: string[] }>`iam list-group-policies --group-name ${name}`
    for (const policy of PolicyNames) await aws`iam delete-group-policy --group-name ${name} --policy-name ${policy}`
    await aws`iam delete-group --group-name ${name}`
  },
  async role({ aws }, name) {
    const { PolicyNames } = await aws<{ PolicyNames: string[] }>`iam list-role-policies --role-name ${name}`
    for (const policy of PolicyNames) await aws`iam delete-role-policy --role-name ${name} --policy-name ${policy}`
    await aws`iam delete-role --role-name ${name}`
  },
  async instance({ aws }, name) {
    await aws`ec2 terminate-instances --instance-ids ${name}`
    await aws`ec2 wait instance-terminated --instance-ids ${name}`
  },
  volume: ({ aws }, name) => aws`ec2 delete-volume --volume-id ${name}`,
  'security group': ({ aws }, name) => retry(['DependencyViolation'], () => aws`ec2 delete-security-group --group-id ${name}`),
  'key pair': ({ aws }, name) => aws`ec2 delete-key-pair --key-name ${name}`,
  budget: ({ aws, account }, name) => aws`budgets delete-budget --account-id ${account} --budget-name ${name}`,
  // found by its tag, of a kind the lab does not make: somebody else's, or a leftover of a later version
  'tagged resource': ({ say }, name) =>
    Promise.resolve(say(`${name} carries the lab's tag but is not of a kind the lab makes; delete it by hand`)),
}

const ignore =
  (...codes: string[]) =>
  (error: unknown): void => {
    if (!(error instanceof AwsError && codes.includes(error.code))) throw error
  }

async function retry(codes: string[], call: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await call()
      return
    } catch (error) {
      if (tries === 24 || !(error instanceof AwsError && codes.includes(error.code))) throw error
      await sleep(5000)
    }
  }
}
