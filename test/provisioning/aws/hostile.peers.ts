import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { S3 } from '@aws-sdk/client-s3'
import { type Cli, type Moto, motoProblem, startCli, startMoto } from '../../helpers/moto.ts'
import { skipUnless } from '../../helpers/peers.ts'
import { AwsDrill } from './drill.ts'
import { killAndRepair } from './kill.ts'

// a busy machine needs ten times what an idle one does
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 600_000 })

const problem = motoProblem()
const skip = skipUnless(problem === undefined, problem ?? '')

let moto: Moto
let cli: Cli
let drill: AwsDrill

describe.skipIf(skip)('an account in which others are at work too', () => {
  beforeAll(async () => {
    moto = await startMoto()
    cli = (await startCli(1)) as Cli
  })
  afterAll(() => {
    moto?.close()
    cli?.close()
  })
  beforeEach(async context => {
    await moto.reset()
    drill = new AwsDrill(moto, cli)
    context.onTestFinished(() => {
      drill.remove()
      for (const name of ['LAB_BUCKET', 'LAB_WORKGROUP']) delete process.env[name]
      process.env.AWS_REGION = 'us-east-1'
    })
  })

  const s3 = (): S3 => new S3({ endpoint: moto.endpoint, region: 'us-east-1', forcePathStyle: true })

  it('down takes a running crawler, 1,500 versions, delete markers, uploads, lessons, and what was added by hand', async () => {
    await drill.up()
    const aws = await drill.cli()
    const Bucket = 'tickerlake-123456789012-us-east-1'
    const client = s3()
    await client.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })
    for (let count = 0; count < 1500; count += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => client.putObject({ Bucket, Key: `quotes/${(count + index) % 700}`, Body: 'x' })),
      )
    await Promise.all(Array.from({ length: 40 }, (_, index) => client.deleteObject({ Bucket, Key: `quotes/${index}` })))
    for (const Key of ['quotes/half', '-x', 'file:///etc/passwd', "it's <a> \u00e4 & b"])
      await client.createMultipartUpload({ Bucket, Key })
    await aws`glue start-crawler --name quotes-crawler`
    const role = 'arn:aws:iam::123456789012:role/tickerlake/tickerlake-crawler'
    const targets = JSON.stringify({ S3Targets: [{ Path: `s3://${Bucket}/lesson-03/` }] })
    for (const name of ['lesson-03-crawler', 'theirs'])
      await aws`glue create-crawler --name ${name} --role ${role} --database-name lesson_03 --targets ${targets}`
    for (const name of ['lesson_03', 'theirs']) await aws`glue create-database --database-input ${JSON.stringify({ Name: name })}`
    await addByHand(drill)
    expect(await drill.down(), drill.said.join('\n')).toBe(true)
    expect(await aws`s3api list-buckets`).toMatchObject({ Buckets: [] })
    expect(await aws`glue get-crawlers`).toMatchObject({ Crawlers: [{ Name: 'theirs' }] })
    expect(await aws`glue get-databases`).toMatchObject({ DatabaseList: [{ Name: 'theirs' }] })
    for (const [kind, list] of [
      ['Users', 'list-users'],
      ['Groups', 'list-groups'],
      ['Roles', 'list-roles'],
      ['InstanceProfiles', 'list-instance-profiles'],
      ['Policies', 'list-policies --scope Local'],
    ] as const)
      expect(await aws`iam ${list.split(' ')}`, kind).toMatchObject({ [kind]: [] })
  })

  it("refuses a bucket and a work group that are not the lab's, and down leaves them", async () => {
    await s3().createBucket({ Bucket: 'my-precious-bucket' })
    const aws = await drill.cli()
    process.env.LAB_BUCKET = 'my-precious-bucket'
    for (const attempt of [drill.plan, drill.up])
      await expect(attempt()).rejects.toThrow('does not carry the tag Project=tickerlake')
    delete process.env.LAB_BUCKET
    await aws`athena create-work-group --name team --configuration ${'{}'}`
    process.env.LAB_WORKGROUP = 'team'
    for (const attempt of [drill.plan, drill.up])
      await expect(attempt()).rejects.toThrow('Athena work group team: it is there already')
    expect(drill.changes(), 'nothing was made before').toEqual([])
    expect(await aws`ec2 describe-instances`).toMatchObject({ Reservations: [] })
    process.env.LAB_BUCKET = 'my-precious-bucket'
    expect(await drill.down()).toBe(true)
    for (const name of ['LAB_BUCKET', 'LAB_WORKGROUP']) delete process.env[name]
    expect(await aws`s3api list-buckets`).toMatchObject({ Buckets: [{ Name: 'my-precious-bucket' }] })
    expect(await aws`athena get-work-group --work-group team`).toMatchObject({ WorkGroup: { Name: 'team' } })
  })

  it("refuses a key pair and a security group that are not the lab's, and leaves them; of another VPC it takes no notice", async () => {
    const aws = await drill.cli()
    const { Vpc } = await aws<{ Vpc: { VpcId: string } }>`ec2 create-vpc --cidr-block 10.9.0.0/16`
    const description = ['--description', 'payroll']
    const { GroupId: other } = await aws<{
      GroupId: string
    }>`ec2 create-security-group --group-name tickerlake-kafka ${description} --vpc-id ${Vpc.VpcId}`
    await aws`ec2 authorize-security-group-ingress --group-id ${other} --protocol tcp --port 443 --cidr 0.0.0.0/0`
    const { KeyMaterial } = await aws<{ KeyMaterial: string }>`ec2 create-key-pair --key-name tickerlake`
    expect(KeyMaterial).toContain('PRIVATE KEY')
    for (const attempt of [drill.plan, drill.up])
      await expect(attempt()).rejects.toThrow('Key pair tickerlake: it is there already')
    await aws`ec2 delete-key-pair --key-name tickerlake`
    const { GroupId: same } = await aws<{
      GroupId: string
    }>`ec2 create-security-group --group-name tickerlake-kafka ${description}`
    for (const attempt of [drill.plan, drill.up])
      await expect(attempt()).rejects.toThrow(`Security group tickerlake-kafka (${same}): it is there already`)
    expect(drill.changes(), 'nothing was made or changed before').toEqual([])
    await aws`ec2 delete-security-group --group-id ${same}`
    await drill.up()
    expect(await drill.down()).toBe(true)
    expect(await aws`ec2 describe-security-groups --group-ids ${other}`).toMatchObject({
      SecurityGroups: [{ VpcId: Vpc.VpcId, IpPermissions: [{ FromPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] }],
    })
  })

  it('closes what somebody opened in the security group', async () => {
    await drill.up()
    const aws = await drill.cli()
    const { SecurityGroups } = await aws<{
      SecurityGroups: { GroupId: string }[]
    }>`ec2 describe-security-groups --filters Name=group-name,Values=tickerlake-kafka`
    const group = SecurityGroups[0]?.GroupId ?? ''
    await aws`ec2 authorize-security-group-ingress --group-id ${group} --protocol -1 --cidr 0.0.0.0/0`
    await aws`ec2 authorize-security-group-ingress --group-id ${group} --protocol tcp --port 2181 --cidr 203.0.113.7/32`
    const v6 = JSON.stringify([{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }])
    await aws`ec2 authorize-security-group-ingress --group-id ${group} --ip-permissions ${v6}`
    await drill.plan()
    const said = drill.said.join('\n')
    for (const words of ['everything is open for 0.0.0.0/0', 'port 2181 is open for 203.0.113.7/32', 'port 22 is open for ::/0'])
      expect(said).toContain(words)
    expect(await drill.up()).toMatchObject({ changed: 1 })
    expect(await drill.plan()).toMatchObject({ changed: 0 })
  })

  it('does not say that nothing is left while the lab is in another region', async () => {
    await drill.up()
    drill.loseState()
    process.env.AWS_REGION = 'eu-west-1'
    await expect(drill.down()).rejects.toThrow('AWS region: the lab is in us-east-1, as its roles say')
    const aws = await drill.cli()
    for (const role of ['crawler', 'sink', 'analyst']) {
      await aws`iam delete-role-policy --role-name ${`tickerlake-${role}`} --policy-name ${role}`
      await aws`iam delete-role --role-name ${`tickerlake-${role}`}`
    }
    expect(await drill.down()).toBe(false)
    expect(drill.said.join('\n')).toMatch(/LEFT in us-east-1:[\s\S]*take it down there: AWS_REGION=us-east-1/)
    process.env.AWS_REGION = 'us-east-1'
    expect(await drill.down()).toBe(true)
    await drill.expectNothing()
  })

  it('takes a damaged state file for a lost one, and secrets cut off for none', async () => {
    await drill.up()
    writeFileSync(join(drill.dir, 'aws', 'state.json'), '{"account":"12')
    writeFileSync(join(drill.dir, 'aws', 'access-key.json'), '{"AccessKeyId":')
    expect(await drill.up()).toMatchObject({ skipped: 0 })
    expect(drill.read('aws.env')).toMatch(/AWS_SECRET_ACCESS_KEY='\S{20,}'/)
    expect(await drill.down()).toBe(true)
    await drill.expectNothing()
  })

  it('kill -9 of the command at any moment is repaired by up', () => killAndRepair(moto, cli, drill))
})

/** What people add in the console: policies on the lab's roles and users, a password, an instance profile. */
async function addByHand(drill: AwsDrill): Promise<void> {
  const aws = await drill.cli()
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
  })
  const { Policy } = await aws<{
    Policy: { Arn: string }
  }>`iam create-policy --policy-name by-hand --path /tickerlake/ --policy-document ${document}`
  await aws`iam create-policy-version --policy-arn ${Policy.Arn} --policy-document ${document}`
  await aws`iam attach-role-policy --role-name tickerlake-sink --policy-arn ${Policy.Arn}`
  await aws`iam attach-user-policy --user-name tickerlake-learner --policy-arn ${Policy.Arn}`
  await aws`iam attach-group-policy --group-name tickerlake-learners --policy-arn ${Policy.Arn}`
  await aws`iam put-user-policy --user-name tickerlake-learner --policy-name inline --policy-document ${document}`
  await aws`iam create-login-profile --user-name tickerlake-learner --password ${'Secret-123456'}`
  await aws`iam create-access-key --user-name tickerlake-learner`
  await aws`iam create-instance-profile --instance-profile-name by-hand --path /tickerlake/`
  await aws`iam add-role-to-instance-profile --instance-profile-name by-hand --role-name tickerlake-sink`
}
