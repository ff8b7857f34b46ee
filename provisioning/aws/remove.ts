import { setTimeout as sleep } from 'node:timers/promises'
import { type Aws, AwsError, isMissing } from './cli.ts'
import type { AwsContext } from './context.ts'
import { emptyBucket } from './empty-bucket.ts'
import type { Leftover } from './leftovers.ts'

type Remove = (context: AwsContext, name: string) => Promise<unknown>

/** Deletes one thing of each kind, with what hangs on it, also what somebody added by hand. */
export const remove: Record<Leftover['kind'], Remove> = {
  async crawler({ aws }, name) {
    await aws`glue stop-crawler --name ${name}`.catch(
      ignore('CrawlerNotRunningException', 'CrawlerStoppingException', 'EntityNotFoundException'),
    )
    await retry(['CrawlerRunningException', 'SchedulerTransitioningException'], () => aws`glue delete-crawler --name ${name}`)
  },
  database: ({ aws }, name) => aws`glue delete-database --name ${name}`, // its tables go with it
  workgroup: ({ aws }, name) => aws`athena delete-work-group --work-group ${name} --recursive-delete-option`,
  bucket: ({ aws }, name) =>
    // somebody may still be writing
    retry(['BucketNotEmpty'], async () => {
      await emptyBucket(aws, name)
      await aws`s3api delete-bucket --bucket ${name}`
    }),
  async instance({ aws, save }, name) {
    await aws`ec2 terminate-instances --instance-ids ${name}`
    save({ clientToken: undefined, address: undefined, createdAt: undefined, stoppedAt: undefined, stoppedMs: undefined })
    await aws`ec2 wait instance-terminated --instance-ids ${name}`
  },
  volume: ({ aws }, name) => aws`ec2 delete-volume --volume-id ${name}`,
  'security group': ({ aws }, name) => retry(['DependencyViolation'], () => aws`ec2 delete-security-group --group-id ${name}`),
  'key pair': ({ aws }, name) => aws`ec2 delete-key-pair --key-name ${name}`,
  async user({ aws }, name) {
    const keys = await aws<{ AccessKeyMetadata: { AccessKeyId: string }[] }>`iam list-access-keys --user-name ${name}`
    for (const { AccessKeyId } of keys.AccessKeyMetadata)
      await aws`iam delete-access-key --user-name ${name} --access-key-id ${AccessKeyId}`
    const { Groups } = await aws<{ Groups: { GroupName: string }[] }>`iam list-groups-for-user --user-name ${name}`
    for (const { GroupName } of Groups) await aws`iam remove-user-from-group --group-name ${GroupName} --user-name ${name}`
    await dropPolicies(aws, 'user', name)
    await dropLogins(aws, name)
    await aws`iam delete-user --user-name ${name}`
  },
  async group({ aws }, name) {
    const { Users } = await aws<{ Users: { UserName: string }[] }>`iam get-group --group-name ${name}`
    for (const { UserName } of Users) await aws`iam remove-user-from-group --group-name ${name} --user-name ${UserName}`
    await dropPolicies(aws, 'group', name)
    await aws`iam delete-group --group-name ${name}`
  },
  async role({ aws }, name) {
    const { InstanceProfiles } = await aws<{
      InstanceProfiles: { InstanceProfileName: string }[]
    }>`iam list-instance-profiles-for-role --role-name ${name}`
    for (const { InstanceProfileName } of InstanceProfiles)
      await aws`iam remove-role-from-instance-profile --instance-profile-name ${InstanceProfileName} --role-name ${name}`
    await dropPolicies(aws, 'role', name)
    await aws`iam delete-role --role-name ${name}`
  },
  async 'instance profile'({ aws }, name) {
    const { InstanceProfile } = await aws<{
      InstanceProfile: { Roles: { RoleName: string }[] }
    }>`iam get-instance-profile --instance-profile-name ${name}`
    for (const { RoleName } of InstanceProfile.Roles)
      await aws`iam remove-role-from-instance-profile --instance-profile-name ${name} --role-name ${RoleName}`
    await aws`iam delete-instance-profile --instance-profile-name ${name}`
  },
  async policy({ aws }, arn) {
    const { PolicyUsers, PolicyGroups, PolicyRoles } = await aws<{
      PolicyUsers: { UserName: string }[]
      PolicyGroups: { GroupName: string }[]
      PolicyRoles: { RoleName: string }[]
    }>`iam list-entities-for-policy --policy-arn ${arn}`
    for (const { UserName } of PolicyUsers) await aws`iam detach-user-policy --user-name ${UserName} --policy-arn ${arn}`
    for (const { GroupName } of PolicyGroups) await aws`iam detach-group-policy --group-name ${GroupName} --policy-arn ${arn}`
    for (const { RoleName } of PolicyRoles) await aws`iam detach-role-policy --role-name ${RoleName} --policy-arn ${arn}`
    const { Versions } = await aws<{
      Versions: { VersionId: string; IsDefaultVersion: boolean }[]
    }>`iam list-policy-versions --policy-arn ${arn}`
    for (const { VersionId } of Versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion))
      await aws`iam delete-policy-version --policy-arn ${arn} --version-id ${VersionId}`
    await aws`iam delete-policy --policy-arn ${arn}`
  },
  budget: ({ aws, account }, name) => aws`budgets delete-budget --account-id ${account} --budget-name ${name}`,
  // found by its tag, of a kind the lab does not make: somebody else's, or a leftover of a later version
  'tagged resource': ({ say }, name) =>
    Promise.resolve(say(`${name} carries the lab's tag but is not of a kind the lab makes; delete it by hand`)),
}

/** Takes all policies off a user, group or role: IAM deletes none that has one. */
async function dropPolicies(aws: Aws, kind: 'user' | 'group' | 'role', name: string): Promise<void> {
  const who = [`--${kind}-name`, name]
  const { PolicyNames } = await aws<{ PolicyNames: string[] }>`iam ${`list-${kind}-policies`} ${who}`
  for (const policy of PolicyNames) await aws`iam ${`delete-${kind}-policy`} ${who} --policy-name ${policy}`
  const { AttachedPolicies } = await aws<{
    AttachedPolicies: { PolicyArn: string }[]
  }>`iam ${`list-attached-${kind}-policies`} ${who}`
  for (const { PolicyArn } of AttachedPolicies) await aws`iam ${`detach-${kind}-policy`} ${who} --policy-arn ${PolicyArn}`
}

/** Takes away what lets a person in as a user: the console's password, and second factors. */
async function dropLogins(aws: Aws, name: string): Promise<void> {
  await aws`iam delete-login-profile --user-name ${name}`.catch(ignore('NoSuchEntity'))
  const { MFADevices } = await aws<{ MFADevices: { SerialNumber: string }[] }>`iam list-mfa-devices --user-name ${name}`
  for (const { SerialNumber } of MFADevices) {
    await aws`iam deactivate-mfa-device --user-name ${name} --serial-number ${SerialNumber}`
    if (SerialNumber.startsWith('arn:')) await aws`iam delete-virtual-mfa-device --serial-number ${SerialNumber}`
  }
}

const ignore =
  (...codes: string[]) =>
  (error: unknown): void => {
    if (!(error instanceof AwsError && codes.includes(error.code))) throw error
  }

/** Repeats a call for five minutes while one of the codes comes: a crawler that is told to stop takes its time. */
export async function retry(codes: string[], call: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await call()
      return
    } catch (error) {
      // a try that failed may have deleted it all the same
      if (tries > 1 && error instanceof AwsError && isMissing(error.code)) return
      if (tries === 60 || !(error instanceof AwsError && codes.includes(error.code))) throw error
      await sleep(5000)
    }
  }
}
