import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../../lib/errors.ts'
import { waitFor } from '../../lib/wait.ts'
import { sshOptions } from '../host/ssh.ts'
import { showHost } from '../host/set-up.ts'
import { runSteps } from '../host/step.ts'
import { quote } from '../host/script.ts'
import { securityGroup } from './02-security-group.ts'
import { findInstance, instance } from './03-instance.ts'
import { keyFile } from './01-key-pair.ts'
import type { AwsOptions } from './cli.ts'
import { type AwsContext, openAwsContext, type UpOptions } from './context.ts'
import { hostOptions } from './kafka-host.ts'
import { patient } from './patient.ts'
import { withProgress } from './progress.ts'
import { writeAwsSettings } from './settings.ts'

type Outer = Omit<AwsOptions, 'region'> & { waitForKafka?: (context: AwsContext) => Promise<void> }

/** `aws stop`: the instance stops and costs its disk only. */
export async function stop(options: { account?: string }, outer: Outer = {}): Promise<void> {
  const context = await openAwsContext(options, outer)
  const { aws, say, save } = context
  const found = await findInstance(context)
  if (!found) throw new LabError('INSTANCE', 'Instance: there is none. Make one: npx tickerlake aws up')
  if (found.State.Name === 'stopped') return say('it is stopped already')
  // one that is just being made refuses to stop
  if (found.State.Name === 'pending') await aws`ec2 wait instance-running --instance-ids ${found.InstanceId}`
  if (found.State.Name !== 'stopping') await aws`ec2 stop-instances --instance-ids ${found.InstanceId}`
  await aws`ec2 wait instance-stopped --instance-ids ${found.InstanceId}`
  save({ instanceId: found.InstanceId, stoppedAt: new Date().toISOString() })
  say("stopped: only its disk costs, and its address is somebody else's soon; start it again: npx tickerlake aws start")
}

/** `aws start`: the instance runs again under another address; the firewall rule follows yours, the settings follow its. */
export async function start(options: UpOptions, outer: Outer = {}): Promise<void> {
  const context = await openAwsContext(options, outer)
  const { account, region, save } = context
  if (!(await findInstance(context))) throw new LabError('INSTANCE', 'Instance: there is none. Make one: npx tickerlake aws up')
  save({ account, region })
  const before = context.state.address
  await runSteps([securityGroup, instance].map(patient), context, { say: context.say })
  if (context.state.address !== before) context.say(`the address is now ${context.state.address}`)
  await (outer.waitForKafka ?? waitForKafka)(context)
  context.say(`use it: source ${quote(await writeAwsSettings(context))}`)
}

/** Kafka starts by itself at boot; this waits until it answers under the new address. */
async function waitForKafka(context: AwsContext): Promise<void> {
  const options = hostOptions(context)
  if (!existsSync(join(context.dir, 'secrets.json')))
    throw new LabError('INSTANCE', 'Kafka: it was not installed to its end on this instance. Run: npx tickerlake aws up')
  const serves = waitFor('Kafka on the instance', () => showHost(options, () => {}).catch(() => false), {
    timeoutMs: 240_000,
    intervalMs: 1000,
    maxIntervalMs: 3000,
  })
  await withProgress(context.say, 'waiting for Kafka', serves)
  await showHost(options, context.say)
}

/** `aws ssh`: a shell on the instance, or one command there, its words as they were given. Answers its exit code. */
export async function ssh(command: string[], options: { account?: string; sshConfig?: string }): Promise<number> {
  const context = await openAwsContext(options, { say: () => {} })
  const { dir } = context
  const found = await findInstance(context)
  if (!found) throw new LabError('INSTANCE', 'Instance: there is none. Make one: npx tickerlake aws up')
  if (!found.PublicIpAddress)
    throw new LabError('INSTANCE', `Instance: it is ${found.State.Name} and has no address. Run: npx tickerlake aws start`)
  const known = {
    keyFile: keyFile(dir),
    knownHosts: join(dir, 'known_hosts'),
    alias: found.InstanceId,
    ...(options.sshConfig && { configFile: options.sshConfig }),
  }
  const args = [
    ...sshOptions(known),
    `ec2-user@${found.PublicIpAddress}`,
    ...(command.length ? ['--', command.map(quote).join(' ')] : []),
  ]
  return spawnSync('ssh', args, { stdio: 'inherit' }).status ?? 255
}
