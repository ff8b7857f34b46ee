import { parseArgs } from 'node:util'
import { errorMessage } from '../../lib/errors.ts'
import { runSteps, type Step } from '../host/step.ts'
import { type AwsContext, openAwsContext } from './context.ts'
import { patient } from './patient.ts'

/** Runs one step as a script: `node provisioning/aws/04-bucket.ts --account 123456789012 [--dry-run]`. */
export function runAlone(step: Step<AwsContext>): void {
  void main(step).catch((error: unknown) => {
    console.error(errorMessage(error))
    process.exitCode = 1
  })
}

async function main(step: Step<AwsContext>): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      account: text,
      cidr: text,
      email: text,
      'crawl-schedule': text,
      'no-kafka': { type: 'boolean', default: false },
      user: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const { account, cidr, email, user, 'crawl-schedule': crawlSchedule, 'no-kafka': without, 'dry-run': dryRun } = values
  const context = await openAwsContext({ account, cidr, email, user, crawlSchedule, kafka: !without })
  if (!dryRun) context.save({ account: context.account, region: context.region })
  await runSteps([patient(step)], context, { dryRun })
}
