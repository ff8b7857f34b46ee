import { errorMessage, LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { callerCidr, parseCidr } from './caller.ts'
import { believed, unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { isTagged, type Tag, tagSpecification } from './names.ts'
import { defaultVpc } from './region.ts'
import { runAlone } from './run-alone.ts'

/** One rule of a security group as EC2 describes it: ports, and everybody they are open for. */
interface Permission {
  IpProtocol: string
  FromPort?: number
  ToPort?: number
  IpRanges?: { CidrIp: string }[]
  Ipv6Ranges?: { CidrIpv6: string }[]
  PrefixListIds?: { PrefixListId: string }[]
  UserIdGroupPairs?: { GroupId: string; UserId?: string }[]
}

interface Group {
  GroupId: string
  IpPermissions: Permission[]
  VpcId?: string
  Tags?: Tag[]
}

// ssh and Kafka; ZooKeeper's 2181 is never among them
const ports = [22, 9092]

/** A security group that lets in ssh and Kafka, from one address only; the rule follows when that address changes. */
export const securityGroup: Step<AwsContext> = {
  title: 'security group',
  skip: ({ options }) => (options.kafka === false ? 'no Kafka host' : undefined),
  async check(context) {
    const cidr = await wantedCidr(context)
    const group = await ownGroup(context)
    if (!group) return [`no security group ${context.names.securityGroup}`]
    return [
      ...ports.filter(port => !isOpen(group, port, cidr)).map(port => `port ${port} is closed for ${cidr}`),
      ...strangers(group, cidr).map(describeRule),
    ]
  },
  async apply(context) {
    const { aws, names, save } = context
    const cidr = await wantedCidr(context)
    const group = (await ownGroup(context)) ?? (await createGroup(context))
    for (const port of ports) {
      if (isOpen(group, port, cidr)) continue
      const open = () =>
        aws`ec2 authorize-security-group-ingress --group-id ${group.GroupId} --protocol tcp --port ${port} --cidr ${cidr}`
      await unless(['InvalidPermission.Duplicate'], believed(open, ['InvalidGroup.NotFound', 'InvalidSecurityGroupID.NotFound']))
    }
    for (const permission of strangers(group, cidr)) {
      const rule = JSON.stringify([permission])
      await unless(
        ['InvalidPermission.NotFound'],
        aws`ec2 revoke-security-group-ingress --group-id ${group.GroupId} --ip-permissions ${rule}`,
      )
    }
    save({ cidr })
    context.say(`${names.securityGroup}: ports ${ports.join(' and ')} for ${cidr}`)
  },
}

/** Who may come in: what was said, else this machine's address now; else, where nobody tells it, whoever might until now. */
async function wantedCidr({ options, state, say }: AwsContext): Promise<string> {
  if (options.cidr) return (options.cidr = parseCidr(options.cidr))
  try {
    return (options.cidr = await callerCidr())
  } catch (error) {
    if (!state.cidr) throw error
    say(`${errorMessage(error)}\nuntil then the rule stays as it is: ${state.cidr}`)
    return (options.cidr = state.cidr)
  }
}

/** The lab's security group by name and tag, undefined when there is none. */
export async function findGroup({ aws, names }: AwsContext): Promise<Group | undefined> {
  const filters = [`Name=group-name,Values=${names.securityGroup}`, `Name=tag:Project,Values=${names.project}`]
  return (await aws<{ SecurityGroups: Group[] }>`ec2 describe-security-groups --filters ${filters}`).SecurityGroups[0]
}

/**
 * The lab's security group in the default VPC, where the instance will be: names repeat from VPC to VPC. Throws LabError
 * SECURITY_GROUP when the group of that name there is somebody else's.
 */
export async function ownGroup({ aws, names, region }: AwsContext): Promise<Group | undefined> {
  const filters = [`Name=group-name,Values=${names.securityGroup}`]
  const { SecurityGroups } = await aws<{ SecurityGroups: Group[] }>`ec2 describe-security-groups --filters ${filters}`
  if (!SecurityGroups.length) return undefined
  const vpc = await defaultVpc(aws, region)
  const group = SecurityGroups.find(({ VpcId }) => VpcId === vpc)
  if (group && !isTagged(group.Tags, names))
    throw new LabError(
      'SECURITY_GROUP',
      `Security group ${names.securityGroup} (${group.GroupId}): it is there already and does not carry the tag Project=${names.project}, so its rules are not the lab's to change. Delete it if nobody needs it: aws ec2 delete-security-group --group-id ${group.GroupId}`,
    )
  return group
}

async function createGroup({ aws, names, ...context }: AwsContext): Promise<Group> {
  const vpc = await defaultVpc(aws, context.region)
  const tags = tagSpecification('security-group', names.securityGroup, names)
  const { GroupId } = await aws<{
    GroupId: string
  }>`ec2 create-security-group --group-name ${names.securityGroup} --description ${'tickerlake: ssh and Kafka for one address'} --vpc-id ${vpc} --tag-specifications ${tags}`
  return { GroupId, IpPermissions: [] }
}

/** Whether a port is open for just this address. */
export const isOpen = ({ IpPermissions }: Group, port: number, cidr: string): boolean =>
  IpPermissions.some(rule => isFor(rule, port) && rule.IpRanges?.some(({ CidrIp }) => CidrIp === cidr))

const isFor = ({ IpProtocol, FromPort, ToPort }: Permission, port: number): boolean =>
  IpProtocol === 'tcp' && FromPort === port && ToPort === port

/** Everything else that a group lets in, whoever opened it: other addresses, IPv6, other ports; one rule each, as `revoke` takes them. */
export function strangers({ IpPermissions }: Group, cidr: string): Permission[] {
  return IpPermissions.flatMap(rule => {
    const { IpProtocol, FromPort, ToPort } = rule
    const where = { IpProtocol, ...(FromPort !== undefined && { FromPort }), ...(ToPort !== undefined && { ToPort }) }
    const wanted = ports.some(port => isFor(rule, port))
    return [
      ...(rule.IpRanges ?? [])
        .filter(({ CidrIp }) => !wanted || CidrIp !== cidr)
        .map(({ CidrIp }) => ({ IpRanges: [{ CidrIp }] })),
      ...(rule.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => ({ Ipv6Ranges: [{ CidrIpv6 }] })),
      ...(rule.PrefixListIds ?? []).map(({ PrefixListId }) => ({ PrefixListIds: [{ PrefixListId }] })),
      ...(rule.UserIdGroupPairs ?? []).map(({ GroupId, UserId }) => ({
        UserIdGroupPairs: [{ GroupId, ...(UserId && { UserId }) }],
      })),
    ].map(who => ({ ...where, ...who }))
  })
}

/** A rule of `strangers` in words: `port 22 is open for 0.0.0.0/0`. */
export function describeRule({ IpProtocol, FromPort, ToPort, ...who }: Permission): string {
  const [name] = [who.IpRanges, who.Ipv6Ranges, who.PrefixListIds, who.UserIdGroupPairs].flatMap(list =>
    (list ?? []).map(entry => Object.values(entry)[0]),
  )
  const where =
    IpProtocol === '-1' ? 'everything' : FromPort === ToPort ? `port ${FromPort}` : `${IpProtocol} ports ${FromPort} to ${ToPort}`
  return `${where} is open for ${name}`
}

if (import.meta.main) runAlone(securityGroup)
