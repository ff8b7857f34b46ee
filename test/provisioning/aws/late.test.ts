import { expect, it } from 'vitest'
import { securityGroup } from '../../../provisioning/aws/02-security-group.ts'
import { instance } from '../../../provisioning/aws/03-instance.ts'
import { bucket } from '../../../provisioning/aws/04-bucket.ts'
import { readAccessKey, user } from '../../../provisioning/aws/09-user.ts'
import { AwsError, believed } from '../../../provisioning/aws/cli.ts'
import { fakeAws } from './fake-aws.ts'

/** How often a change was tried. */
const tries = (changes: string[], operation: string): number =>
  changes.filter(change => change.split(' ')[1] === operation).length

it('a bucket of the name of one that was deleted just now is tried again until S3 takes it', async () => {
  const { context, changes } = fakeAws({ 's3api head-bucket': 'NotFound', 's3api create-bucket': ['OperationAborted', {}] })
  await bucket.apply(context)
  expect(tries(changes, 'create-bucket')).toBe(2)
  expect(changes.at(-1)).toContain('put-bucket-lifecycle-configuration')
})

it('a bucket that is refused for another reason is tried once', async () => {
  const { context, changes } = fakeAws({ 's3api head-bucket': 'NotFound', 's3api create-bucket': 'TooManyBuckets' })
  await expect(bucket.apply(context)).rejects.toMatchObject({ code: 'TooManyBuckets' })
  expect(tries(changes, 'create-bucket')).toBe(1)
})

it('a rule for a security group made just now, which EC2 does not know yet, is tried again', async () => {
  const { context, changes } = fakeAws({
    'ec2 describe-vpcs': { Vpcs: [{ VpcId: 'vpc-1' }] },
    'ec2 describe-security-groups': { SecurityGroups: [] },
    'ec2 create-security-group': { GroupId: 'sg-1' },
    'ec2 authorize-security-group-ingress': ['InvalidGroup.NotFound', {}],
  })
  await securityGroup.apply(context)
  expect(tries(changes, 'authorize-security-group-ingress')).toBe(3)
  expect(context.state.cidr).toBe('203.0.113.7/32')
})

it('an instance in a security group that EC2 does not know yet is tried again under the same token', async () => {
  const running = { InstanceId: 'i-1', State: { Name: 'running' }, PublicIpAddress: '198.51.100.1', LaunchTime: '2026-11-21' }
  const { context, changes } = fakeAws({
    'ec2 describe-vpcs': { Vpcs: [{ VpcId: 'vpc-1' }] },
    'ec2 describe-security-groups': {
      SecurityGroups: [{ GroupId: 'sg-1', VpcId: 'vpc-1', Tags: [{ Key: 'Project', Value: 'tickerlake' }], IpPermissions: [] }],
    },
    'ec2 describe-instances': [{ Reservations: [] }, { Reservations: [{ Instances: [running] }] }],
    'ec2 run-instances': ['InvalidGroup.NotFound', { Instances: [running] }],
    'ec2 wait': {},
  })
  context.save({ imageId: 'ami-1', instanceType: 't3.micro' })
  await instance.apply(context)
  const tokens = changes.map(change => /--client-token (\S+)/.exec(change)?.[1])
  expect(tokens).toEqual([context.state.clientToken, context.state.clientToken])
})

it('an access key for a user made just now, whom IAM does not know yet, is tried again', async () => {
  const key = { AccessKeyId: 'AKIAEXAMPLE', SecretAccessKey: 'secret' }
  const { context, changes } = fakeAws({ 'iam create-access-key': ['NoSuchEntity', { AccessKey: key }] }, { user: true })
  await user.apply(context)
  expect(tries(changes, 'create-access-key')).toBe(2)
  expect(readAccessKey(context.dir)).toEqual(key)
})

it('a user whose groups IAM does not know yet is in none', async () => {
  const { context } = fakeAws({ 'iam list-access-keys': { AccessKeyMetadata: [] } }, { user: true })
  expect(await user.check(context)).toContain('the user is not in its group')
})

it('patience ends with the last error, and only the named codes are waited for', async () => {
  let count = 0
  const refuse = async (): Promise<never> => {
    count++
    throw new AwsError('Late', 'not yet')
  }
  await expect(believed(refuse, ['Late'], 600)).rejects.toMatchObject({ code: 'Late' })
  expect(count).toBe(2)
  await expect(believed(refuse, ['Other'])).rejects.toMatchObject({ code: 'Late' })
  expect(count).toBe(3)
})
