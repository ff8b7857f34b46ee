import { describe, expect, it } from 'vitest'
import { keyPair } from '../../../provisioning/aws/01-key-pair.ts'
import { findGroup, securityGroup } from '../../../provisioning/aws/02-security-group.ts'
import { bucket } from '../../../provisioning/aws/04-bucket.ts'
import { workgroup } from '../../../provisioning/aws/07-workgroup.ts'
import { type FakeAws, fakeAws } from './fake-aws.ts'

const ours = [{ Key: 'Project', Value: 'tickerlake' }]
const theirs = [{ Key: 'Project', Value: 'payroll' }]
const open = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
const group = (GroupId: string, VpcId: string, Tags?: object[]) => ({ GroupId, VpcId, Tags, IpPermissions: [open] })
const groups = (...SecurityGroups: object[]) => ({
  'ec2 describe-vpcs': { Vpcs: [{ VpcId: 'vpc-default' }] },
  'ec2 describe-security-groups': { SecurityGroups },
})

function named(fake: FakeAws, more: Partial<FakeAws['context']['names']>): FakeAws {
  return { ...fake, context: { ...fake.context, names: { ...fake.context.names, ...more } } }
}

describe('of the same name and without the tag', () => {
  const cases = {
    'a key pair': [keyPair, () => fakeAws({ 'ec2 describe-key-pairs': { KeyPairs: [{ Tags: theirs }] } })],
    'a key pair without any tag': [keyPair, () => fakeAws({ 'ec2 describe-key-pairs': { KeyPairs: [{}] } })],
    'a security group': [securityGroup, () => fakeAws(groups(group('sg-theirs', 'vpc-default', theirs)))],
    'a bucket': [
      bucket,
      () =>
        named(fakeAws({ 's3api head-bucket': {}, 's3api get-bucket-tagging': { TagSet: theirs } }), {
          bucket: 'theirs',
          bucketIsOurs: false,
        }),
    ],
    'a work group': [
      workgroup,
      () =>
        named(
          fakeAws({
            'athena list-work-groups': { WorkGroups: [{ Name: 'team' }] },
            'athena get-work-group': { WorkGroup: {} },
            'athena list-tags-for-resource': { Tags: theirs },
          }),
          { workgroup: 'team' },
        ),
    ],
  } as const

  it.each(Object.entries(cases))('%s is refused by plan and by up, and left as it is', async (_, [step, account]) => {
    const { context, changes } = account()
    await expect(step.check(context)).rejects.toThrow('does not carry the tag Project=tickerlake')
    await expect(step.apply(context)).rejects.toThrow('does not carry the tag Project=tickerlake')
    expect(changes).toEqual([])
  })
})

describe('a security group of that name in another VPC', () => {
  it('is not looked at: one is made in the default VPC', async () => {
    const { context, changes, answers } = fakeAws(groups(group('sg-other', 'vpc-other', ours)))
    answers['ec2 create-security-group'] = { GroupId: 'sg-new' }
    expect(await securityGroup.check(context)).toEqual(['no security group tickerlake-kafka'])
    await securityGroup.apply(context)
    expect(changes[0]).toContain('create-security-group')
    expect(changes[0]).toContain('--vpc-id vpc-default')
    expect(changes.join('\n')).not.toMatch(/sg-other|revoke/)
  })

  it('does not stand in the way of the own one', async () => {
    const { context, changes } = fakeAws(groups(group('sg-other', 'vpc-other'), group('sg-own', 'vpc-default', ours)))
    expect(await securityGroup.check(context)).toContain('port 443 is open for 0.0.0.0/0')
    await securityGroup.apply(context)
    expect(changes.filter(change => change.includes('revoke'))).toHaveLength(1)
    expect(changes.join('\n')).not.toContain('sg-other')
  })

  it('is found by its tag where only that counts', async () => {
    const asked: string[] = []
    const { context } = fakeAws(groups())
    const { aws } = context
    context.aws = ((parts: TemplateStringsArray, ...values: never[]) => {
      asked.push(...values.flat().map(String))
      return aws(parts, ...values)
    }) as typeof aws
    await findGroup(context)
    expect(asked).toContain('Name=tag:Project,Values=tickerlake')
  })
})

it("the lab's own key pair, whose private half is lost, is replaced", async () => {
  const { context, changes } = fakeAws({ 'ec2 describe-key-pairs': { KeyPairs: [{ Tags: ours }] } })
  await keyPair.apply(context)
  expect(changes.map(change => change.split(' ')[1])).toEqual(['delete-key-pair', 'import-key-pair'])
  expect(changes[1]).toContain('ResourceType=key-pair,Tags=[{Key=Project,Value=tickerlake}')
})
