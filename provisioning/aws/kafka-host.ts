import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from '../../lib/errors.ts'
import type { HostContext } from '../host/context.ts'
import { type HostOptions, openContext } from '../host/open-context.ts'
import { setUpHost } from '../host/set-up.ts'
import { keyFile } from './01-key-pair.ts'
import type { AwsContext } from './context.ts'
import { withProgress } from './progress.ts'

/** How the scripts of provisioning/host reach the instance. The security group lets in one address only, so plain is fine. */
export function hostOptions({ state, dir, options }: AwsContext): HostOptions {
  if (!state.address) throw new LabError('HOST', 'Kafka host: it has no address yet. Run: npx tickerlake aws up')
  return {
    host: `ec2-user@${state.address}`,
    key: keyFile(dir),
    secure: options.secure ?? state.secure ?? false,
    kraft: false,
    firewalled: true,
    dir,
    ...(state.instanceId && { alias: state.instanceId }),
    ...(options.sshConfig && { sshConfig: options.sshConfig }),
    ...(options.releases && { releases: options.releases }),
  }
}

/** The instance as a host of provisioning/host; nothing is sent yet. */
export const hostContext = (context: AwsContext): Promise<HostContext> => openContext(hostOptions(context))

/** Installs Kafka on the instance. */
export async function setUpKafka(context: AwsContext): Promise<void> {
  const { say } = context
  await withProgress(say, 'waiting until the instance lets one in', waitForSsh(context))
  await withProgress(say, 'installing Kafka', setUpHost({ ...hostOptions(context), dryRun: false }, say))
}

/** A new instance takes half a minute until it lets one in, and may refuse the key before it has read it. */
async function waitForSsh(context: AwsContext): Promise<void> {
  const { host } = await hostContext(context)
  const [end, endOfRefusals] = [Date.now() + 180_000, Date.now() + 30_000]
  try {
    for (;;) {
      try {
        await host.run`true`
        return
      } catch (error) {
        const refused = /Permission denied/.test(String(error))
        if (refused && Date.now() > endOfRefusals)
          throw new LabError(
            'HOST',
            `Instance ${context.state.instanceId}: it does not know the key in ${context.dir}. It was made with another one, which is lost or on another computer. Take it down and make it anew: npx tickerlake aws down`,
            { cause: error },
          )
        if (Date.now() > end || /HOST IDENTIFICATION/.test(String(error))) throw error
        await sleep(2000)
      }
    }
  } finally {
    await host.close()
  }
}
