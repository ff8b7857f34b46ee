import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { LabError } from '../../lib/errors.ts'
import { quote } from '../host/script.ts'
import { runSteps, type StepCounts } from '../host/step.ts'
import { ownKeyPair } from './01-key-pair.ts'
import { ownGroup } from './02-security-group.ts'
import { findInstance } from './03-instance.ts'
import { ownBucketExists } from './04-bucket.ts'
import { ownCatalog, scheduleLines } from './06-catalog.ts'
import { ownWorkGroup } from './07-workgroup.ts'
import { parseCidr } from './caller.ts'
import type { AwsOptions } from './cli.ts'
import { type AwsContext, openAwsContext, type UpOptions } from './context.ts'
import { setUpKafka } from './kafka-host.ts'
import { patient } from './patient.ts'
import { priceLines } from './prices.ts'
import { hostType, refuseWithoutServices } from './region.ts'
import { writeAwsSettings } from './settings.ts'
import { awsSteps } from './steps.ts'

type Outer = Omit<AwsOptions, 'region'> & {
  /** Puts Kafka on the instance; tests have another way. */
  setUpKafka?: (context: AwsContext) => Promise<void>
}

/** `aws plan`: what exists, what would be made, what it costs. Changes nothing. */
export async function plan(options: UpOptions, outer: Outer = {}): Promise<StepCounts> {
  return planned(await openPlanned(options, outer))
}

/** `aws up`: makes what is missing and installs Kafka. A crash in the middle is repaired by running it again. */
export async function up(options: UpOptions & { yes: boolean }, outer: Outer = {}): Promise<StepCounts> {
  const context = await openPlanned(options, outer)
  const { say } = context
  if (options.yes) introduce(context)
  else {
    const { changed } = await planned(context)
    if (changed) await agree(`Make this in account ${context.account}, ${context.region}? (yes/no) `)
  }
  context.save({
    account: context.account,
    region: context.region,
    secure: options.secure ?? false,
  })
  const counts = await runSteps(awsSteps.map(patient), context, { say })
  if (options.kafka !== false) await (outer.setUpKafka ?? setUpKafka)(context)
  const settings = await writeAwsSettings(context)
  say(`${counts.changed} changed, ${counts.ok} ok, ${counts.skipped} skipped`)
  for (const line of await scheduleLines(context)) say(line)
  say(`use it: source ${quote(settings)}\nwhen done: npx tickerlake aws down`)
  return counts
}

async function openPlanned(options: UpOptions, outer: Outer): Promise<AwsContext> {
  const context = await openAwsContext(options, outer)
  // choices of the first time hold until `down`
  context.options.secure ||= context.state.secure ?? existsSync(join(context.dir, 'ca.pem'))
  if (options.cidr) parseCidr(options.cidr)
  await refuseWithoutServices(context)
  await refuseWhatIsSomebodyElses(context)
  if (options.kafka !== false && !(await findInstance(context))) context.hostType = await hostType(context)
  return context
}

/** Before anything is made: what has the lab's names and not its marks would be changed, and deleted by `down`. */
async function refuseWhatIsSomebodyElses(context: AwsContext): Promise<void> {
  if (context.options.kafka !== false) {
    await ownKeyPair(context)
    await ownGroup(context)
  }
  await ownBucketExists(context)
  await ownWorkGroup(context)
  await ownCatalog(context)
}

const introduce = ({ say, account, region, caller }: AwsContext): void =>
  say(`account ${account}, region ${region}, as ${caller}`)

async function planned(context: AwsContext): Promise<StepCounts> {
  const { say, options, region } = context
  introduce(context)
  const counts = await runSteps(awsSteps, context, { dryRun: true, say })
  const type = options.kafka === false ? undefined : (context.hostType ?? (await findInstance(context))?.InstanceType)
  say(`${counts.changed} would change, ${counts.ok} ok, ${counts.skipped} skipped`)
  for (const line of [...priceLines(type, region), ...(await scheduleLines(context))]) say(line)
  return counts
}

/** Asks a person; anything but yes ends the program. */
export async function agree(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new LabError('YES', 'Nobody to ask: there is no terminal. Say --yes to go ahead.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question).finally(() => terminal.close())
  if (!/^y(es)?$/i.test(answer.trim())) throw new LabError('YES', 'Not done, as you said.')
}
