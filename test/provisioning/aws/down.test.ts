import { beforeEach, describe, expect, it } from 'vitest'
import { type Aws, AwsError, words } from '../../../provisioning/aws/cli.ts'
import { takeDown } from '../../../provisioning/aws/down.ts'
import { readState, type State } from '../../../provisioning/aws/state.ts'
import { type FakeAws, fakeAws } from './fake-aws.ts'

const nothing = {
  'ec2 describe-regions': { Regions: [{ RegionName: 'us-east-1' }, { RegionName: 'eu-west-1' }, { RegionName: 'ap-south-1' }] },
  'ec2 describe-instances': { Reservations: [] },
  'ec2 describe-volumes': { Volumes: [] },
  'ec2 describe-security-groups': { SecurityGroups: [] },
  'ec2 describe-key-pairs': { KeyPairs: [] },
  'glue get-crawlers': { Crawlers: [] },
  'glue get-databases': { DatabaseList: [] },
  'athena list-work-groups': { WorkGroups: [] },
  's3api head-bucket': 'NotFound',
  'iam list-users': { Users: [] },
  'iam list-groups': { Groups: [] },
  'iam list-roles': { Roles: [] },
  'iam list-instance-profiles': { InstanceProfiles: [] },
  'iam list-policies': { Policies: [] },
  'resourcegroupstaggingapi get-resources': { ResourceTagMappingList: [] },
}

let said: string[]
beforeEach(() => {
  said = []
})

/** What is there at first and gone at the second look. */
const once = (first: object, then: object): object[] => [first, then]

function account(answers: Parameters<typeof fakeAws>[0] = {}, state: State = { region: 'us-east-1' }): FakeAws {
  const fake = fakeAws({ ...nothing, ...answers })
  Object.assign(fake.context.state, state)
  fake.context.say = line => void said.push(line)
  return fake
}

const go = (fake: FakeAws): Promise<boolean> => takeDown(fake.context, { dryRun: false, yes: true })

describe('down deletes only what is the lab’s', () => {
  const theirs = {
    DatabaseList: [{ Name: 'analytics' }, { Name: 'default' }, { Name: 'marked', Parameters: { Project: 'payroll' } }],
  }
  it('leaves a database and a crawler of the chosen name that it has not made', async () => {
    const fake = account({ 'glue get-databases': theirs, 'glue get-crawlers': { Crawlers: [{ Name: 'nightly' }] } })
    Object.assign(fake.context.names, { database: 'analytics', crawler: 'nightly' })
    expect(await go(fake)).toBe(true)
    expect(fake.changes).toEqual([])
  })

  it('takes what is noted as its own, though npm start has made both anew without a mark', async () => {
    const state = { region: 'us-east-1', databases: ['old', 'mine'], crawlers: ['my-crawler'] }
    const fake = account(
      {
        'glue get-databases': once(
          { DatabaseList: [{ Name: 'mine' }, { Name: 'old' }, { Name: 'theirs' }] },
          { DatabaseList: [] },
        ),
        'glue get-crawlers': once({ Crawlers: [{ Name: 'my-crawler' }, { Name: 'theirs' }] }, { Crawlers: [] }),
      },
      state,
    )
    expect(await go(fake)).toBe(true)
    expect(fake.changes).toEqual([
      'glue stop-crawler --name my-crawler',
      'glue delete-crawler --name my-crawler',
      'glue delete-database --name mine',
      'glue delete-database --name old',
    ])
    expect(readState(fake.context.dir)).toEqual({ account: '111122223333' })
  })
})

it('ends what costs most first', async () => {
  const fake = account({
    'ec2 describe-instances': once({ Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }] }, { Reservations: [] }),
    'glue get-crawlers': once({ Crawlers: [{ Name: 'quotes-crawler' }] }, { Crawlers: [] }),
    's3api head-bucket': 'NotFound',
    'ec2 wait': {},
  })
  expect(await go(fake)).toBe(true)
  expect(fake.changes[0]).toBe('ec2 terminate-instances --instance-ids i-1')
})

describe('a look-up that fails', () => {
  it.each([
    ['glue get-databases', 'database'],
    ['s3api head-bucket', 'bucket'],
    ['resourcegroupstaggingapi get-resources', 'tag'],
  ])('%s: the rest is deleted, nothing is called proved, the state stays', async (call, what) => {
    const fake = account({
      'ec2 describe-instances': once({ Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }] }, { Reservations: [] }),
      'ec2 wait': {},
      [call]: call.startsWith('s3api') ? 'Forbidden' : 'AccessDenied',
    })
    expect(await go(fake)).toBe(false)
    expect(fake.changes).toEqual(['ec2 terminate-instances --instance-ids i-1'])
    expect(said.join('\n')).toMatch(new RegExp(`NOT PROVED[^]*could not look for ${what}: `))
    expect(said.join('\n')).not.toContain('proved: nothing is left')
    expect(readState(fake.context.dir).region).toBe('us-east-1')
  })

  it('is no proof of an empty account, and fails a dry run, too', async () => {
    expect(await go(account({ 'iam list-users': 'AccessDenied' }))).toBe(false)
    expect(said.join('\n')).not.toContain('nothing is there')
    expect(await takeDown(account({ 'iam list-users': 'AccessDenied' }).context, { dryRun: true, yes: false })).toBe(false)
  })
})

describe('other regions', () => {
  /** The same account, in which one region answers nothing but an error. */
  function withoutRegion(fake: FakeAws, region: string): FakeAws {
    const { aws } = fake.context
    fake.context.aws = (async (parts: TemplateStringsArray, ...values: never[]) => {
      const args = words(parts, values)
      if (args[args.indexOf('--region') + 1] === region) throw new AwsError('OptInRequired', 'it must be enabled first')
      return aws(parts, ...values)
    }) as Aws
    return fake
  }

  it('that cannot be looked into are named and are no proof; the others are looked into', async () => {
    const fake = withoutRegion(account({}, {}), 'ap-south-1')
    expect(await go(fake)).toBe(false)
    expect(said.join('\n')).toContain('could not look for anything in ap-south-1: it must be enabled first')
    expect(said.join('\n')).not.toMatch(/eu-west-1|nothing is there|proved:/)
  })
  it('that nobody may list are no proof', async () => {
    expect(await go(account({ 'ec2 describe-regions': 'UnauthorizedOperation' }, {}))).toBe(false)
    expect(said.join('\n')).toContain('could not look for other regions')
  })
  it('are no matter when all of them answer', async () => expect(await go(account({}, {}))).toBe(true))
})
