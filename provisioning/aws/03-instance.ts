import { randomUUID } from 'node:crypto'
import { LabError } from '../../lib/errors.ts'
import type { Step } from '../host/step.ts'
import { ownGroup } from './02-security-group.ts'
import { believed } from './cli.ts'
import type { AwsContext } from './context.ts'
import { tagSpecification } from './names.ts'
import type { State } from './state.ts'
import { freeTierType, latestImage } from './region.ts'
import { runAlone } from './run-alone.ts'

/** An instance as EC2 describes it, as far as the lab looks. */
export interface Instance {
  InstanceId: string
  InstanceType: string
  ImageId: string
  LaunchTime: string
  PublicIpAddress?: string
  State: { Name: string }
  /** `User initiated (2026-11-21 12:00:00 GMT)` of one that was stopped. */
  StateTransitionReason?: string
  PrivateIpAddress?: string
  BlockDeviceMappings?: { Ebs?: { AttachTime?: string } }[]
}

/** The instance that will run Kafka: the smallest of the free tier, Amazon Linux 2023, 8 GiB encrypted, IMDSv2 only. */
export const instance: Step<AwsContext> = {
  title: 'instance',
  skip: ({ options }) => (options.kafka === false ? 'no Kafka host' : undefined),
  async check(context) {
    const found = await findInstance(context)
    if (!found) return ['no instance']
    if (found.State.Name !== 'running') return [`the instance is ${found.State.Name}`]
    return context.state.instanceId === found.InstanceId && context.state.address === found.PublicIpAddress
      ? []
      : ['the instance is not noted']
  },
  async apply(context) {
    const { aws, save } = context
    let found = await findInstance(context)
    if (found?.State.Name === 'stopping') await aws`ec2 wait instance-stopped --instance-ids ${found.InstanceId}`
    if (found && ['stopped', 'stopping'].includes(found.State.Name))
      await aws`ec2 start-instances --instance-ids ${found.InstanceId}`
    found ??= await runInstance(context)
    if (['terminated', 'shutting-down'].includes(found.State.Name)) {
      // the token of an instance that is gone answers with that one
      save({ clientToken: undefined })
      found = await runInstance(context)
    }
    save({ instanceId: found.InstanceId, ...runsAgain(found, context.state) })
    await aws`ec2 wait instance-running --instance-ids ${found.InstanceId}`
    const running = await findInstance(context)
    if (!running?.PublicIpAddress)
      throw new LabError('INSTANCE', `Instance ${found.InstanceId}: it has no public address. Does the default subnet give one?`)
    save({ address: running.PublicIpAddress, createdAt: context.state.createdAt ?? madeAt(running) })
  },
}

/** When the instance was made: LaunchTime is its last start, its disk is as old as it is. */
export const madeAt = ({ LaunchTime, BlockDeviceMappings = [] }: Instance): string =>
  [LaunchTime, ...BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.AttachTime ?? [])].sort(
    (a, b) => Date.parse(a) - Date.parse(b),
  )[0] as string

/** When a stopped instance was stopped, as EC2 or else the lab remembers it. */
export function stoppedSince({ State, StateTransitionReason }: Instance, state: State): string | undefined {
  if (!['stopped', 'stopping'].includes(State.Name)) return undefined
  const said = /\((\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})/.exec(StateTransitionReason ?? '')
  return said ? `${said[1]}T${said[2]}Z` : state.stoppedAt
}

/** A stopped instance that is started costs more again: for how long it did not is kept. */
function runsAgain(found: Instance, state: State): State {
  const since = stoppedSince(found, state)
  if (!since) return {}
  return { stoppedAt: undefined, stoppedMs: (state.stoppedMs ?? 0) + Math.max(0, Date.now() - Date.parse(since)) }
}

/** The lab's instance by its tag; the terminated ones do not count. */
export async function findInstance({ aws, names }: Pick<AwsContext, 'aws' | 'names'>): Promise<Instance | undefined> {
  const filters = [
    `Name=tag:Project,Values=${names.project}`,
    `Name=tag:Name,Values=${names.instance}`,
    'Name=instance-state-name,Values=pending,running,stopping,stopped',
  ]
  const { Reservations } = await aws<{ Reservations: { Instances: Instance[] }[] }>`ec2 describe-instances --filters ${filters}`
  const found = Reservations.flatMap(({ Instances }) => Instances)
  if (found.length > 1)
    throw new LabError(
      'INSTANCE',
      `Instances: ${found.length} carry the tag Project=${names.project} (${found.map(({ InstanceId }) => InstanceId).join(', ')}). Terminate all but one, or take everything down.`,
    )
  return found[0]
}

async function runInstance(context: AwsContext): Promise<Instance> {
  const { aws, names, state, save, region } = context
  if (!state.imageId) save({ imageId: await latestImage(aws, region) })
  if (!state.instanceType) save({ instanceType: await freeTierType(aws, region) })
  // a token whose instance is gone would bring that one back, terminated
  if (!state.clientToken || state.instanceId) save({ clientToken: randomUUID(), instanceId: undefined })
  const group = await ownGroup(context)
  if (!group) throw new LabError('INSTANCE', 'Security group: it is not there. Run: npx tickerlake aws up')
  const disk = JSON.stringify([
    { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true } },
  ])
  const tags = ['instance', 'volume'].map(type => tagSpecification(type, names.instance, names))
  // T instances are "unlimited" by default: surplus credits cost extra
  const credits = state.instanceType?.startsWith('t') ? ['--credit-specification', 'CpuCredits=standard'] : []
  const run = () => aws<{ Instances: Instance[] }>`ec2 run-instances --count 1
    --image-id ${state.imageId ?? ''} --instance-type ${state.instanceType ?? ''} --key-name ${names.key} --security-group-ids ${group.GroupId}
    --associate-public-ip-address --metadata-options HttpTokens=required,HttpEndpoint=enabled --block-device-mappings ${disk}
    ${credits} --client-token ${state.clientToken ?? ''} --tag-specifications ${tags}`
  const { Instances } = await believed(run, ['InvalidGroup.NotFound', 'InvalidKeyPair.NotFound'])
  return Instances[0] as Instance
}

if (import.meta.main) runAlone(instance)
