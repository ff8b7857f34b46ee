import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseCidr } from '../../../provisioning/aws/caller.ts'
import { down } from '../../../provisioning/aws/down.ts'
import { readState, saveState } from '../../../provisioning/aws/state.ts'
import { plan, up } from '../../../provisioning/aws/up.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const saved = { ...process.env }
let dir: string
let changes: string
let cli: string

/** An account with nothing in it: look-ups say "not there", changes are noted and refused. */
function emptyAccount({ arn = 'arn:aws:iam::111122223333:user/ada', extra = '' } = {}): void {
  const folder = temporaryFolder()
  cli = join(folder, 'aws')
  changes = join(folder, 'changes')
  const missing = `echo 'An error occurred (NoSuchEntity) when calling it: not there' >&2; exit 254`
  const answers: [string, string][] = [
    ['sts get-caller-identity', `echo '{"Account":"111122223333","Arn":"${arn}"}'`],
    ['glue get-databases', `echo '{"DatabaseList":[]}'`],
    ['glue get-crawlers', `echo '{"Crawlers":[]}'`],
    ['athena list-work-groups', `echo '{"WorkGroups":[{"Name":"primary"}]}'`],
    ['ec2 describe-security-groups', `echo '{"SecurityGroups":[]}'`],
    ['ec2 describe-instances', `echo '{"Reservations":[]}'`],
    ['ec2 describe-volumes', `echo '{"Volumes":[]}'`],
    [
      'ec2 describe-instance-types',
      `echo '{"InstanceTypes":[{"InstanceType":"t3.small","MemoryInfo":{"SizeInMiB":2048},"ProcessorInfo":{"SupportedArchitectures":["x86_64"]}},{"InstanceType":"t3.micro","MemoryInfo":{"SizeInMiB":1024},"ProcessorInfo":{"SupportedArchitectures":["x86_64"]}}]}'`,
    ],
    ['ec2 describe-regions', `echo '{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"eu-west-1"}]}'`],
    ['ec2 describe-vpcs', `echo '{"Vpcs":[{"VpcId":"vpc-1"}]}'`],
    ['ssm get-parameter', `echo '{"Parameter":{"Value":"ami-1"}}'`],
    ['iam list-role-tags', missing],
    ['iam list-policies', `echo '{"Policies":[]}'`],
    ['iam list-instance-profiles', `echo '{"InstanceProfiles":[]}'`],
    ['iam list-users', `echo '{"Users":[]}'`],
    ['iam list-groups', `echo '{"Groups":[]}'`],
    ['iam list-roles', `echo '{"Roles":[]}'`],
    ['resourcegroupstaggingapi get-resources', `echo '{"ResourceTagMappingList":[]}'`],
  ]
  const cases = answers.map(([call, answer]) => `  '${call}') ${answer} ;;`).join('\n')
  const keys = `  'ec2 describe-key-pairs') case "$*" in *--filters*) echo '{"KeyPairs":[]}' ;; *) ${missing} ;; esac ;;`
  const reads = `  *' 'get-*|*' 'head-*|*' 'describe-*) ${missing} ;;`
  writeFileSync(
    cli,
    `#!/bin/bash\ncase "$1 $2" in\n  --version*) echo aws-cli/1.0.0 ;;\n${extra}\n${cases}\n${keys}\n  's3api head-bucket') echo 'An error occurred (404) when' >&2; exit 254 ;;\n${reads}\n  *) echo "$*" >> '${changes}'; echo 'An error occurred (Denied) when' >&2; exit 254 ;;\nesac\n`,
  )
  chmodSync(cli, 0o755)
}

beforeEach(() => {
  dir = temporaryFolder()
  Object.assign(process.env, { LAB_DIR: dir, AWS_REGION: 'us-east-1' })
  for (const name of ['AWS_ENDPOINT_URL', 'LAB_BUCKET', 'AWS_DEFAULT_REGION']) delete process.env[name]
  emptyAccount()
})
afterEach(() => {
  process.env = { ...saved }
})

const choices = { account: '111122223333', cidr: '203.0.113.7/32' }
const outer = (said: string[] = []) => ({ command: cli, say: (line: string) => void said.push(line) })

describe('plan', () => {
  it('says what would be made and what it costs, and changes nothing', async () => {
    const said: string[] = []
    expect(await plan(choices, outer(said))).toEqual({ changed: 8, ok: 0, skipped: 1 })
    const text = said.join('\n')
    expect(text).toContain('t3.micro')
    expect(text).toMatch(/\$0\.0163 an hour, \$0\.13 a day of 8 hours, \$11\.88 a forgotten month/)
    expect(text).toContain('would    bucket: no bucket tickerlake-111122223333-us-east-1')
    expect(existsSync(changes)).toBe(false)
    expect(existsSync(join(dir, 'aws'))).toBe(false)
  })

  it('leaves out the host when there is to be none', async () => {
    const said: string[] = []
    expect(await plan({ ...choices, kafka: false }, outer(said))).toEqual({ changed: 5, ok: 0, skipped: 4 })
    expect(said.join('\n')).not.toContain('an hour')
  })
})

describe('refuses', () => {
  it('an account it was not told about, or another one', async () => {
    await expect(plan({ cidr: choices.cidr }, outer())).rejects.toThrow('--account 111122223333')
    await expect(plan({ ...choices, account: '999999999999' }, outer())).rejects.toThrow('expected 999999999999')
  })
  it('another account than the lab of this folder is in, which down would forget', async () => {
    const state = { account: '999999999999', region: 'us-east-1', clientToken: 'x' }
    saveState(join(dir, 'aws'), {}, state)
    await expect(down({ ...choices, dryRun: false, yes: true }, outer())).rejects.toThrow(
      'is in 999999999999, you said 111122223333. Take that one down first, or use another LAB_DIR',
    )
    expect(readState(join(dir, 'aws'))).toEqual(state)
    rmSync(join(dir, 'aws'), { recursive: true })
    saveState(join(dir, 'aws'), {}, { account: '999999999999' }) // all that `down` remembers
    expect(await down({ ...choices, dryRun: false, yes: true }, outer())).toBe(true)
  })
  it("the root user's keys", async () => {
    emptyAccount({ arn: 'arn:aws:iam::111122223333:root' })
    await expect(plan(choices, outer())).rejects.toThrow("root user's keys")
  })
  it("the lab's own user", async () => {
    emptyAccount({ arn: 'arn:aws:iam::111122223333:user/tickerlake/tickerlake-learner' })
    await expect(down({ ...choices, dryRun: false, yes: true }, outer())).rejects.toThrow("lab's own user")
  })
  it('a region it cannot know, and another than the lab is in', async () => {
    delete process.env.AWS_REGION
    await expect(plan(choices, outer())).rejects.toThrow('AWS region: not set')
    saveState(join(dir, 'aws'), {}, { region: 'eu-west-1', account: '111122223333' })
    process.env.AWS_REGION = 'us-east-1'
    await expect(plan(choices, outer())).rejects.toThrow('the lab is in eu-west-1')
  })
  it.each([
    ['athena list-work-groups', 'Could not connect to the endpoint URL: x', 'Athena: does not answer in us-east-1'],
    ['glue get-databases', 'Could not connect to the endpoint URL: x', 'Glue: does not answer in us-east-1'],
    ['ssm get-parameter', 'An error occurred (ParameterNotFound) when', 'Amazon Linux 2023: us-east-1 has no image of it'],
    ['sts get-caller-identity', 'Could not connect to the endpoint URL: x', 'AWS region us-east-1: its address does not answer'],
    [
      'sts get-caller-identity',
      'An error occurred (InvalidClientTokenId) when',
      'A region that must be enabled first answers the same',
    ],
  ])('a region where %s fails, before anything is made', async (call, words, sentence) => {
    emptyAccount({ extra: `  '${call}') echo '${words}' >&2; exit 255 ;;` })
    await expect(up({ ...choices, yes: true }, outer())).rejects.toThrow(sentence)
    expect(existsSync(changes)).toBe(false)
    expect(existsSync(join(dir, 'aws'))).toBe(false)
  })
  it.each([
    ['ec2 describe-vpcs', '{"Vpcs":[]}', 'Default VPC: us-east-1 has none. Make one: aws ec2 create-default-vpc'],
    ['ec2 describe-instance-types', '{"InstanceTypes":[]}', 'Instance types: us-east-1 has none of the free tier'],
  ])('a region where %s finds nothing, before anything is made', async (call, answer, sentence) => {
    emptyAccount({ extra: `  '${call}') echo '${answer}' ;;` })
    await expect(up({ ...choices, yes: true }, outer())).rejects.toThrow(sentence)
    expect(existsSync(changes)).toBe(false)
  })
  it('a region whose name is none', async () => {
    process.env.AWS_REGION = 'us east 1'
    await expect(plan(choices, outer())).rejects.toThrow('expected a name such as us-east-1, got "us east 1"')
  })
  it('another region than the roles of a lab without a state file say', async () => {
    emptyAccount({ extra: `  'iam list-role-tags') echo '{"Tags":[{"Key":"Region","Value":"eu-west-1"}]}' ;;` })
    await expect(plan(choices, outer())).rejects.toThrow('Say: export AWS_REGION=eu-west-1')
  })
  it('to go on without a yes where nobody can be asked', async () => {
    await expect(up({ ...choices, yes: false }, outer())).rejects.toThrow('--yes')
    expect(existsSync(changes)).toBe(false)
  })
  it('a bucket that belongs to somebody else', async () => {
    emptyAccount({ extra: "  's3api head-bucket') echo 'An error occurred (403) when' >&2; exit 254 ;;" })
    await expect(plan(choices, outer())).rejects.toThrow('belongs to another account')
  })
  it.each([
    '0.0.0.0/0',
    '10.0.0.0/8',
    '203.0.113.7',
    '203.0.113.7/31',
    '0.0.0.0/32',
    '300.1.1.1/32',
    'everybody',
    '::/0',
    '2001:db8::1/128',
    '2001:db8::/32',
    '1.2.3.4/32/0',
    '01.2.3.4/32',
    ' 1.2.3.4/32',
    '1.2.3.4/032',
    '',
    "1.2.3.4/32; rm -rf '",
  ])('--cidr %s', cidr => expect(() => parseCidr(cidr)).toThrow('--cidr'))
})

it('finds nothing to delete in an empty account, and deletes nothing', async () => {
  const said: string[] = []
  expect(await down({ ...choices, dryRun: false, yes: true }, outer(said))).toBe(true)
  expect(said.at(-1)).toBe('nothing is there (account 111122223333, us-east-1)')
  expect(existsSync(changes)).toBe(false)
})

it("never deletes a bucket that is there and not the lab's", async () => {
  process.env.LAB_BUCKET = 'my-precious-bucket'
  emptyAccount({ extra: "  's3api head-bucket') echo '{}' ;;\n  's3api get-bucket-tagging') echo '{\"TagSet\":[]}' ;;" })
  expect(await down({ ...choices, dryRun: false, yes: true }, outer())).toBe(true)
  expect(existsSync(changes)).toBe(false)
})

it('says what is in another region when no state file tells where the lab is', async () => {
  const elsewhere = `case "$*" in *eu-west-1*) echo '{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:ec2:eu-west-1:111122223333:instance/i-1","Tags":[{"Key":"Project","Value":"tickerlake"}]}]}' ;; *) echo '{"ResourceTagMappingList":[]}' ;; esac ;;`
  const instance = `case "$*" in *eu-west-1*) echo '{"Reservations":[{"Instances":[{"InstanceId":"i-1"}]}]}' ;; *) echo '{"Reservations":[]}' ;; esac ;;`
  emptyAccount({
    extra: `  'resourcegroupstaggingapi get-resources') ${elsewhere}\n  'ec2 describe-instances') ${instance}`,
  })
  const said: string[] = []
  expect(await down({ ...choices, dryRun: false, yes: true }, outer(said))).toBe(false)
  expect(said.join('\n')).toMatch(/LEFT in eu-west-1:\n {2}instance i-1\ntake it down there/)
  expect(existsSync(changes)).toBe(false)
})

it('does not take what the tagging service still names for something that is there', async () => {
  const elsewhere = `case "$*" in *eu-west-1*) echo '{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:ec2:eu-west-1:111122223333:instance/i-1","Tags":[{"Key":"Project","Value":"tickerlake"}]}]}' ;; *) echo '{"ResourceTagMappingList":[]}' ;; esac ;;`
  emptyAccount({ extra: `  'resourcegroupstaggingapi get-resources') ${elsewhere}` })
  expect(await down({ ...choices, dryRun: false, yes: true }, outer())).toBe(true)
})

it('finds what had names of its own by tag and parameter, when these names are forgotten', async () => {
  const arns = ['glue:us-east-1:111122223333:crawler/mine', 'athena:us-east-1:111122223333:workgroup/mine']
  const tagged = JSON.stringify({
    ResourceTagMappingList: arns.map(arn => ({ ResourceARN: `arn:aws:${arn}`, Tags: [{ Key: 'Project', Value: 'tickerlake' }] })),
  })
  emptyAccount({
    extra: [
      `  'resourcegroupstaggingapi get-resources') case "$*" in *eu-west-1*) echo '{"ResourceTagMappingList":[]}' ;; *) echo '${tagged}' ;; esac ;;`,
      `  'glue get-crawlers') echo '{"Crawlers":[{"Name":"mine"},{"Name":"theirs"}]}' ;;`,
      `  'glue get-databases') echo '{"DatabaseList":[{"Name":"mine","Parameters":{"Project":"tickerlake"}},{"Name":"theirs"}]}' ;;`,
      `  'athena list-work-groups') echo '{"WorkGroups":[{"Name":"primary"},{"Name":"mine"},{"Name":"theirs"}]}' ;;`,
      `  'athena get-work-group') echo '{"WorkGroup":{}}' ;;`,
    ].join('\n'),
  })
  const said: string[] = []
  await down({ ...choices, dryRun: true, yes: false }, outer(said))
  expect(said.at(-1)).toBe('would delete in account 111122223333, us-east-1:\n  crawler mine\n  database mine\n  workgroup mine')
})

it('names what carries its tag and is of a kind it does not make', async () => {
  const address = `echo '{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:ec2:us-east-1:111122223333:elastic-ip/eipalloc-1","Tags":[{"Key":"Project","Value":"tickerlake"}]}]}' ;;`
  emptyAccount({ extra: `  'resourcegroupstaggingapi get-resources') ${address}` })
  const said: string[] = []
  expect(await down({ ...choices, dryRun: false, yes: true }, outer(said))).toBe(false)
  expect(said.join('\n')).toContain('delete it by hand')
  expect(existsSync(changes)).toBe(false)
})

it('finds by the note on the role what npm start has made anew without a mark, when the state is lost', async () => {
  const tags = ['Databases,old mine', 'Crawlers,my-crawler', 'Workgroup,team'].map(text => text.split(','))
  const noted = JSON.stringify({ Tags: tags.map(([Key, Value]) => ({ Key, Value })) })
  emptyAccount({
    extra: [
      `  'iam list-role-tags') echo '${noted}' ;;`,
      `  'glue get-crawlers') echo '{"Crawlers":[{"Name":"my-crawler"},{"Name":"theirs"}]}' ;;`,
      `  'glue get-databases') echo '{"DatabaseList":[{"Name":"mine"},{"Name":"old"},{"Name":"theirs"}]}' ;;`,
    ].join('\n'),
  })
  const said: string[] = []
  await down({ ...choices, dryRun: true, yes: false }, outer(said))
  expect(said.at(-1)).toMatch(/:\n {2}crawler my-crawler\n {2}database mine\n {2}database old$/)
  await plan(choices, outer(said))
  for (const word of ['no database mine', 'no crawler my-crawler', 'no work group team']) expect(said.join('\n')).toContain(word)
})

it('remembers the account after down, and no more', async () => {
  saveState(join(dir, 'aws'), {}, { account: '111122223333', region: 'us-east-1', clientToken: 'x' })
  expect(await down({ dryRun: false, yes: true }, outer())).toBe(true)
  expect(readState(join(dir, 'aws'))).toEqual({ account: '111122223333' })
  expect(await down({ dryRun: false, yes: true }, outer())).toBe(true)
})

it('goes on without a budget where it has no right to one', async () => {
  emptyAccount({ extra: "  'budgets describe-budget') echo 'An error occurred (AccessDeniedException) when' >&2; exit 255 ;;" })
  const said: string[] = []
  expect(await plan(choices, outer(said))).toEqual({ changed: 7, ok: 1, skipped: 1 })
  expect(said.join('\n')).toContain('the root user has to open billing')
})

it('goes on after an error and says what is left', async () => {
  emptyAccount({
    extra: `  'glue get-crawlers') echo '{"Crawlers":[{"Name":"quotes-crawler"},{"Name":"lesson-4"},{"Name":"somebody-elses"}]}' ;;\n  'glue get-databases') echo '{"DatabaseList":[{"Name":"lesson_04"},{"Name":"theirs"}]}' ;;`,
  })
  const said: string[] = []
  expect(await down({ ...choices, dryRun: false, yes: true }, outer(said))).toBe(false)
  expect(said.join('\n')).toMatch(
    /LEFT, and it may cost:\n {2}crawler quotes-crawler\n {2}crawler lesson-4\n {2}database lesson_04\n/,
  )
  expect(readFileSync(changes, 'utf8')).toContain('glue delete-database --name lesson_04')
  expect(readFileSync(changes, 'utf8')).not.toMatch(/theirs|somebody/)
})
