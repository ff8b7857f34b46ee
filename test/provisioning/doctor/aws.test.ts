import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Config, loadConfig } from '../../../lib/config.ts'
import { examineAws } from '../../../provisioning/doctor/aws.ts'
import type { Finding } from '../../../provisioning/doctor/finding.ts'
import type { Leftover } from '../../../provisioning/aws/leftovers.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { wrongs } from './look.ts'

const account = '123456789012'
const address = '203.0.113.9'
const rule = (port: number, cidr: string) => ({ FromPort: port, ToPort: port, IpProtocol: 'tcp', IpRanges: [{ CidrIp: cidr }] })
const mine = '198.51.100.7/32'
const instance = {
  InstanceId: 'i-1',
  InstanceType: 't3.micro',
  ImageId: 'ami-1',
  LaunchTime: '2026-11-20T00:00:00Z',
  PublicIpAddress: address,
  State: { Name: 'running' },
}
const glueTrust = { Statement: [{ Effect: 'Allow', Principal: { Service: 'glue.amazonaws.com' }, Action: 'sts:AssumeRole' }] }
const reading = {
  Statement: [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-quotes/quotes/*' },
    { Effect: 'Allow', Action: ['s3:List*'], Resource: ['arn:aws:s3:::my-quotes'] },
  ],
}

type Answers = Record<string, unknown>

/** What the CLI answers about a lab that is well, by service and operation. A string is the code of an error. */
const well: Answers = {
  'sts get-caller-identity': { Account: account, Arn: `arn:aws:iam::${account}:user/admin` },
  'iam list-role-tags': { Tags: [] },
  'iam get-role': { Role: { AssumeRolePolicyDocument: glueTrust } },
  'iam list-role-policies': { PolicyNames: ['crawler'] },
  'iam get-role-policy': { PolicyDocument: reading },
  'iam list-attached-role-policies': { AttachedPolicies: [] },
  'ec2 describe-instances': { Reservations: [{ Instances: [instance] }] },
  'ec2 describe-security-groups': { SecurityGroups: [{ GroupId: 'sg-1', IpPermissions: [rule(22, mine), rule(9092, mine)] }] },
}

const usual: Leftover[] = [
  { kind: 'crawler', name: 'quotes-crawler' },
  { kind: 'instance', name: 'i-1' },
]

const unlisted = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_PROFILE']
beforeEach(() => {
  for (const name of unlisted) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_REGION', 'us-east-1')
})
afterEach(() => vi.unstubAllEnvs())

/** What the doctor says of an account that answers like this, with `state` in LAB_DIR. */
async function seen(change: Answers = {}, { state = {}, config = {}, cidr = mine, things = usual } = {}): Promise<Finding[]> {
  const dir = temporaryFolder()
  mkdirSync(join(dir, 'aws'), { recursive: true })
  writeFileSync(
    join(dir, 'aws', 'state.json'),
    JSON.stringify({ account, region: 'us-east-1', address, instanceId: 'i-1', ...state }),
  )
  vi.stubEnv('LAB_DIR', dir)
  const settings: Config = {
    ...loadConfig({
      LAB_DIR: dir,
      LAB_KAFKA: `${address}:9092`,
      LAB_BUCKET: 'my-quotes',
      LAB_CRAWLER_ROLE: `arn:aws:iam::${account}:role/r`,
    }),
    ...config,
  }
  return examineAws(settings, {
    command: fakeCli({ ...well, ...change }),
    myCidr: async () => cidr,
    leftovers: async () => things,
  })
}

function fakeCli(answers: Answers): string {
  const dir = temporaryFolder()
  for (const [call, answer] of Object.entries(answers))
    writeFileSync(join(dir, call), typeof answer === 'string' ? answer : JSON.stringify(answer))
  const command = join(dir, 'aws')
  writeFileSync(
    command,
    `#!/bin/sh
[ "$1" = --version ] && { echo aws-cli/2.9.19; exit; }
answer=$(cat '${dir}'/"$1 $2" 2>/dev/null) || answer=UnknownOperation
case "$answer" in
  {*) echo "$answer" ;;
  *) echo "An error occurred ($answer) when calling $2: no" >&2; exit 254 ;;
esac
`,
  )
  chmodSync(command, 0o755)
  return command
}

it('finds nothing wrong in an account that is well, and tells what it costs and how to end it', async () => {
  const findings = await seen()
  expect(wrongs(findings)).toEqual([])
  const text = findings.map(({ symptom }) => symptom).join('\n')
  expect(text).toContain('role r trusts Glue and may read s3://my-quotes/quotes/')
  expect(text).toMatch(
    /instance i-1 \(t3\.micro\) runs at 203\.0\.113\.9 and costs \$0\.0163 an hour; end it: npx tickerlake aws stop/,
  )
  expect(text).toMatch(/on AWS now: .*crawler quotes-crawler: \$0\.073 to \$0\.147 a crawl.*end it all: npx tickerlake aws down/)
})

const stopped = { Reservations: [{ Instances: [{ ...instance, State: { Name: 'stopped' }, PublicIpAddress: undefined }] }] }
it.each<[string, Answers, Parameters<typeof seen>[1], RegExp]>([
  ['root keys', { 'sts get-caller-identity': { Account: account, Arn: `arn:aws:iam::${account}:root` } }, {}, /root user's keys/],
  ['no credentials', { 'sts get-caller-identity': 'ExpiredToken' }, {}, /no AWS credentials|AWS refuses the keys/],
  [
    'another account',
    {},
    { state: { account: '999999999999' } },
    /keys belong to account 123456789012 .* the lab is in 999999999999/,
  ],
  ['another region', {}, { state: { region: 'eu-west-1' } }, /AWS_REGION is us-east-1, the lab is in eu-west-1/],
  [
    'an address that changed',
    {},
    { state: { address: '203.0.113.1' } },
    /has address 203\.0\.113\.9, the lab goes to 203\.0\.113\.1.*aws start/,
  ],
  [
    'an instance that nobody uses',
    {},
    { config: { kafka: { kind: 'embedded' } } },
    /runs and costs \$0\.0163 an hour, and LAB_KAFKA is embedded/,
  ],
  [
    "one's own address that changed",
    {},
    { cidr: '198.51.100.99/32' },
    /port 22 and 9092 are closed for your address 198\.51\.100\.99\/32; port 22 is open for 198\.51\.100\.7\/32/,
  ],
  [
    'a rule for the world',
    {
      'ec2 describe-security-groups': {
        SecurityGroups: [{ GroupId: 'sg-1', IpPermissions: [rule(22, mine), rule(9092, '0.0.0.0/0')] }],
      },
    },
    {},
    /port 9092 is open for 0\.0\.0\.0\/0.*more than one address/,
  ],
  ['no role', { 'iam get-role': 'NoSuchEntity' }, {}, /there is no role r/],
  [
    'a role that does not trust Glue',
    {
      'iam get-role': {
        Role: { AssumeRolePolicyDocument: { Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } } } },
      },
    },
    {},
    /does not trust Glue.*names ec2\.amazonaws\.com/,
  ],
  [
    'a role that may not read',
    { 'iam get-role-policy': { PolicyDocument: { Statement: [reading.Statement[1]] } } },
    {},
    /lacks s3:GetObject on arn:aws:s3:::my-quotes\/quotes\/\*\..*AWSGlueServiceRole/,
  ],
  [
    'a role that may do everything',
    {
      'iam list-attached-role-policies': { AttachedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }] },
      'iam get-policy': { Policy: { DefaultVersionId: 'v1' } },
      'iam get-policy-version': { PolicyVersion: { Document: { Statement: [] } } },
    },
    {},
    /has AdministratorAccess/,
  ],
  [
    'a disk that was left',
    {},
    { things: [{ kind: 'volume', name: 'vol-1' }] },
    /volume vol-1: \$0\.00011 per GiB and hour.*a disk without an instance/,
  ],
  [
    'things nobody remembers',
    { 'ec2 describe-instances': stopped },
    { state: { account: undefined } },
    /instance i-1: stopped, \$0\.0009 an hour.*this folder knows nothing of it/,
  ],
])('finds %s', async (_, change, place, words) =>
  expect(wrongs(await seen(change, place))).toEqual([expect.stringMatching(words)]),
)

it.each([
  ['half of the world', rule(9092, '0.0.0.0/1'), /9092 is open for 0\.0\.0\.0\/1.*more than one address/],
  [
    'the world by IPv6',
    { ...rule(9092, mine), Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
    /9092 is open for ::\/0.*more than one address/,
  ],
  ['somebody else', rule(9092, '192.0.2.4/32'), /9092 is open for 192\.0\.2\.4\/32.*others than you/],
  ['another port', rule(2181, mine), /port 2181 is open/],
])('finds a rule for %s', async (_, extra, words) => {
  const SecurityGroups = [{ GroupId: 'sg-1', IpPermissions: [rule(22, mine), rule(9092, mine), extra] }]
  expect(wrongs(await seen({ 'ec2 describe-security-groups': { SecurityGroups } }, {}))).toEqual([expect.stringMatching(words)])
})

it('skips what the user may not see', async () => {
  const findings = await seen({
    'iam get-role': 'AccessDenied',
    'ec2 describe-instances': 'UnauthorizedOperation',
  })
  expect(findings.map(({ state }) => state)).toEqual(['ok', 'skipped', 'skipped', 'skipped'])
})

it('skips an account that the lab does not use, and a machine without the CLI', async () => {
  const config = loadConfig({ LAB_DIR: temporaryFolder() })
  expect(await examineAws(config)).toMatchObject([
    { state: 'skipped', symptom: expect.stringContaining('LAB_CLOUD does not name it') },
  ])
  expect(await examineAws({ ...config, cloud: { kind: 'aws' } }, { command: '/nowhere/aws' })).toMatchObject([
    { state: 'skipped', symptom: expect.stringContaining('AWS CLI') },
  ])
})
