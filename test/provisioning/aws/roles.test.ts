import { expect, it } from 'vitest'
import { roles } from '../../../provisioning/aws/05-roles.ts'
import { policy, trust } from '../../../provisioning/aws/policies.ts'
import { type FakeAws, fakeAws } from './fake-aws.ts'

const names = ['crawler', 'sink', 'analyst'] as const

/** An account with the three roles, asked for one after the other; the crawler's trusts these. */
function made(trusted: object): FakeAws {
  const { context } = fakeAws()
  return fakeAws({
    'iam get-role': [trusted, trust('sink', context), trust('analyst', context)].map(document => ({
      Role: { AssumeRolePolicyDocument: document },
    })),
    'iam get-role-policy': names.map(name => ({ PolicyDocument: policy(name, context) })),
  })
}

it('has nothing to change on the roles it made', async () => {
  const { context } = fakeAws()
  expect(await roles.check(made(trust('crawler', context)).context)).toEqual([])
})

it('mends a role that trusts EC2 in place of Glue, and nothing else', async () => {
  const { context } = fakeAws()
  const ec2 = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } }] }
  expect(await roles.check(made(ec2).context)).toEqual(['role tickerlake-crawler trusts others'])
  const fake = made(ec2)
  await roles.apply(fake.context)
  expect(fake.changes.filter(change => change.startsWith('iam update-assume-role-policy'))).toEqual([
    `iam update-assume-role-policy --role-name tickerlake-crawler --policy-document ${JSON.stringify(trust('crawler', context))}`,
  ])
  expect(fake.changes.join('\n')).not.toMatch(/tickerlake-(sink|analyst)/)
})
