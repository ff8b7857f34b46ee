import { createInterface } from 'node:readline/promises'
import { LabError } from '../../lib/errors.ts'
import { quote } from '../host/script.ts'
import { runSteps, type StepCounts } from '../host/step.ts'
import { findInstance } from './03-instance.ts'
import type { AwsOptions } from './cli.ts'
import { type AwsContext, openAwsContext, type UpOptions } from './context.ts'
import { setUpKafka } from './kafka-host.ts'
import { priceLines } from './prices.ts'
import { freeTierType, refuseWithoutServices } from './region.ts'
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
  if (!options.yes) {
    const { changed } = await planned(context)
    if (changed) await agree(`Make this in account ${context.account}, ${context.region}? (yes/no) `)
  }
  context.save({
    account: context.account,
    region: context.region,
    secure: options.secure ?? false,
  })
  const counts = await runSteps(awsSteps, context, { say })
  if (options.kafka !== false) await (outer.setUpKafka ?? setUpKafka)(context)
  const settings = await writeAwsSettings(context)
  say(`${counts.changed} changed, ${counts.ok} ok, ${counts.skipped} skipped`)
  say(`use it: source ${quote(settings)}\nwhen done: npx tickerlake aws down`)
  return counts
}

async function openPlanned(options: UpOptions, outer: Outer): Promise<AwsContext> {
  const context = await openAwsContext(options, outer)
  // choices of the first time hold until `down`
  context.options.secure ||= context.state.secure ?? false
  await refuseWithoutServices(context.aws, context.region)
  return context
}

async function planned(context: AwsContext): Promise<StepCounts> {
  const { say, state, options, aws, region } = context
  say(`account ${context.account}, region ${region}, as ${context.caller}`)
  const counts = await runSteps(awsSteps, context, { dryRun: true, say })
  const type =
    options.kafka === false
      ? undefined
      : ((await findInstance(context))?.InstanceType ?? state.instanceType ?? (await freeTierType(aws, region)))
  say(`${counts.changed} would change, ${counts.ok} ok, ${counts.skipped} skipped`)
  for (const line of priceLines(type)) say(line)
  return counts
}

/** Asks a person; anything but yes ends the program. */
export async function agree(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new LabError('YES', 'Nobody to ask: there is no terminal. Say --yes to go ahead.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question).finally(() => terminal.close())
  if (!/^y(es)?$/i.test(answer.trim())) throw new LabError('YES', 'Not done, as you said.')
}
