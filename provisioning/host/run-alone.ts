import { parseArgs } from 'node:util'
import { errorMessage } from '../../lib/errors.ts'
import type { HostContext } from './context.ts'
import { openContext } from './open-context.ts'
import { preflight } from './preflight.ts'
import { runSteps, type Step } from './step.ts'

/** Runs one step as a script: `node provisioning/host/02-java.ts ec2-user@host --key FILE [--secure] [--dry-run]`. */
export function runAlone(step: Step<HostContext>): void {
  void main(step).catch((error: unknown) => {
    console.error(errorMessage(error))
    process.exitCode = 1
  })
}

async function main(step: Step<HostContext>): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      'ssh-config': { type: 'string' },
      secure: { type: 'boolean', default: false },
      kraft: { type: 'boolean', default: false },
      firewalled: { type: 'boolean', default: false },
      kafka: { type: 'string' },
      releases: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const [host] = positionals
  if (!host || positionals.length > 1) throw new Error(`Expected one host: node ${process.argv[1]} ec2-user@address --key FILE`)
  const dryRun = values['dry-run']
  const context = await openContext({ ...values, host, sshConfig: values['ssh-config'], version: values.kafka, dryRun })
  try {
    const warning = await preflight(context)
    if (warning) console.log(warning)
    await runSteps([step], context, { dryRun })
  } finally {
    await context.host.close()
  }
}
