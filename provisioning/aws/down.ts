import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '../../lib/errors.ts'
import type { AwsOptions } from './cli.ts'
import { AwsError, isMissing } from './cli.ts'
import { openAwsContext, type AwsContext } from './context.ts'
import { findElsewhere, findLeftovers, type Leftover, type Unseen } from './leftovers.ts'
import { remove } from './remove.ts'
import { forget } from './state.ts'
import { agree } from './up.ts'

/**
 * `aws down`: deletes everything in the order of its dependencies, goes on after errors, then proves by tag, path and name that
 * nothing is left. Works without the state file. Answers true when nothing is left.
 */
export async function down(options: Choices & { account?: string }, outer: Omit<AwsOptions, 'region'> = {}): Promise<boolean> {
  return takeDown(await openAwsContext(options, outer), options)
}

interface Choices {
  dryRun: boolean
  yes: boolean
}

/** The same in an account and region that are opened already. */
export async function takeDown(context: AwsContext, options: Choices): Promise<boolean> {
  const { say, dir, account, region } = context
  const place = `account ${account}, ${region}`
  const unseen = new Map<string, string>()
  const note: Unseen = (what, why) => void unseen.set(what, why)
  const elsewhere = context.state.region ? {} : await findElsewhere(context, note)
  const here = new Map<string, string>()
  const found = await findLeftovers(context, (what, why) => void here.set(what, why))
  if (found.length) say(`${options.dryRun ? 'would delete' : 'delete'} in ${place}:\n${list(found)}`)
  if (options.dryRun) return sayUnseen([...unseen, ...here], context) && nothingIn(elsewhere, context)
  if (found.length && !options.yes) await agree('Delete all of this, with what is in it? (yes/no) ')
  if (found.length) context.save({ account }) // with the names that the roles know, which go now
  const problems = await removeAll(found, context)
  const left = found.length ? await findWhatStays(context, problems, here) : []
  if (left.length) say(`LEFT, and it may cost:\n${list(left)}\nrun it again: npx tickerlake aws down`)
  const seen = sayUnseen([...unseen, ...here], context)
  if (!nothingIn(elsewhere, context) || left.length || !seen) return false
  forget(dir, { account })
  say(found.length ? 'proved: nothing is left' : `nothing is there (${place})`)
  return true
}

/** Says what nobody could look for; answers true when all was seen. */
function sayUnseen(unseen: [string, string][], { say }: AwsContext): boolean {
  const lines = unseen.map(([what, why]) => `  could not look for ${what}: ${why}`)
  if (lines.length) say(`NOT PROVED that nothing is left:\n${lines.join('\n')}\nthen run it again: npx tickerlake aws down`)
  return lines.length === 0
}

const list = (leftovers: Leftover[]): string => leftovers.map(({ kind, name }) => `  ${kind} ${name}`).join('\n')

/** Deletes one after the other and answers how many could not be. */
async function removeAll(found: Leftover[], context: AwsContext): Promise<number> {
  let problems = 0
  for (const { kind, name } of found) {
    try {
      await remove[kind](context, name)
    } catch (error) {
      if (error instanceof AwsError && isMissing(error.code)) continue
      problems++
      context.say(`failed, going on: ${kind} ${name}: ${errorMessage(error)}`)
    }
  }
  return problems
}

/** What is still there; where every call succeeded AWS may need a moment to believe it. */
async function findWhatStays(context: AwsContext, problems: number, unseen: Map<string, string>): Promise<Leftover[]> {
  for (let tries = 1; ; tries++) {
    unseen.clear()
    const left = await findLeftovers(context, (what, why) => void unseen.set(what, why))
    const byHand = left.every(({ kind }) => kind === 'tagged resource')
    if (!left.length || problems || byHand || tries === 6) return left
    await sleep(5000)
  }
}

function nothingIn(elsewhere: Record<string, Leftover[]>, { say }: AwsContext): boolean {
  for (const [region, left] of Object.entries(elsewhere))
    say(`LEFT in ${region}:\n${list(left)}\ntake it down there: AWS_REGION=${region} npx tickerlake aws down`)
  return Object.keys(elsewhere).length === 0
}
