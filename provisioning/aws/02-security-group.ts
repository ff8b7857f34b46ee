import type { Step } from '../host/step.ts'
import { callerCidr, parseCidr } from './caller.ts'
import { unless } from './cli.ts'
import type { AwsContext } from './context.ts'
import { tagSpecification } from './names.ts'
import { defaultVpc } from './region.ts'
import { runAlone } from './run-alone.ts'

interface Group {
  GroupId: string
  IpPermissions: { FromPort?: number; ToPort?: number; IpProtocol: string; IpRanges: { CidrIp: string }[] }[]
}

// ssh and Kafka; ZooKeeper's 2181 is never among them
const ports = [22, 9092]

/** A security group that lets in ssh and Kafka, from one address only; the rule follows when that address changes. */
export const securityGroup: Step<AwsContext> = {
  title: 'security group',
  skip: ({ options }) => (options.kafka === false ? 'no Kafka host' : undefined),
  async check(context) {
    const cidr = await wantedCidr(context)
    const group = await findGroup(context)
    if (!group) return [`no security group ${context.names.securityGroup}`]
    return ports.flatMap(port => {
      const open = openFor(group, port)
      return [
        ...(open.includes(cidr) ? [] : [`port ${port} is closed for ${cidr}`]),
        ...open.filter(other => other !== cidr).map(other => `port ${port} is open for ${other}`),
      ]
    })
  },
  async apply(context) {
    const { aws, names, save } = context
    const cidr = await wantedCidr(context)
    const group = (await findGroup(context)) ?? (await createGroup(context))
    for (const port of ports) {
      if (!openFor(group, port).includes(cidr)) {
        await unless(
          ['InvalidPermission.Duplicate'],
          aws`ec2 authorize-security-group-ingress --group-id ${group.GroupId} --protocol tcp --port ${port} --cidr ${cidr}`,
        )
      }
      for (const other of openFor(group, port)) {
        if (other !== cidr)
          await unless(
            ['InvalidPermission.NotFound'],
            aws`ec2 revoke-security-group-ingress --group-id ${group.GroupId} --protocol tcp --port ${port} --cidr ${other}`,
          )
      }
    }
    save({ cidr })
    context.say(`${names.securityGroup}: ports ${ports.join(' and ')} for ${cidr}`)
  },
}

/** Who may come in: what was said, else this machine's address now. */
async function wantedCidr({ options }: AwsContext): Promise<string> {
  return (options.cidr &&= parseCidr(options.cidr)) ?? (options.cidr = await callerCidr())
}

/** The lab's security group, undefined when there is none. */
export async function findGroup({ aws, names }: AwsContext): Promise<Group | undefined> {
  const filters = [`Name=group-name,Values=${names.securityGroup}`]
  return (await aws<{ SecurityGroups: Group[] }>`ec2 describe-security-groups --filters ${filters}`).SecurityGroups[0]
}

async function createGroup({ aws, names, ...context }: AwsContext): Promise<Group> {
  const vpc = await defaultVpc(aws, context.region)
  const tags = tagSpecification('security-group', names.securityGroup, names)
  const { GroupId } = await aws<{
    GroupId: string
  }>`ec2 create-security-group --group-name ${names.securityGroup} --description ${'tickerlake: ssh and Kafka for one address'} --vpc-id ${vpc} --tag-specifications ${tags}`
  return { GroupId, IpPermissions: [] }
}

const openFor = ({ IpPermissions }: Group, port: number): string[] =>
  IpPermissions.filter(({ FromPort, ToPort }) => FromPort === port && ToPort === port).flatMap(({ IpRanges }) =>
    IpRanges.map(({ CidrIp }) => CidrIp),
  )

if (import.meta.main) runAlone(securityGroup)
