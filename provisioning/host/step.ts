import { LabError } from '../../lib/errors.ts'

/** One step of setting something up: it looks first, and changes only what differs. */
export interface Step<Context> {
  title: string
  /** Why this step has nothing to do here (another mode, a container), else undefined. */
  skip?(context: Context): Promise<string | undefined> | string | undefined
  /** What is not yet as it should be, in words; empty when all is well. Changes nothing. */
  check(context: Context): Promise<string[]>
  /** Brings it about. Running it twice does no harm. */
  apply(context: Context): Promise<void>
}

export interface StepCounts {
  changed: number
  ok: number
  skipped: number
}

/** Runs steps in order. With `dryRun` nothing is applied. Throws LabError STEP when a step did not bring about what it checks. */
export async function runSteps<Context>(
  steps: Step<Context>[],
  context: Context,
  { dryRun = false, say = console.log as (line: string) => void } = {},
): Promise<StepCounts> {
  const counts = { changed: 0, ok: 0, skipped: 0 }
  for (const step of steps) {
    const began = performance.now()
    const skipped = await step.skip?.(context)
    const differs = skipped ? [] : await step.check(context)
    if (skipped) counts.skipped++
    else if (differs.length) counts.changed++
    else counts.ok++
    if (skipped || !differs.length || dryRun) {
      say(
        skipped
          ? `skipped  ${step.title}: ${skipped}`
          : differs.length
            ? `would    ${step.title}: ${differs.join(', ')}`
            : `ok       ${step.title}`,
      )
      continue
    }
    await step.apply(context)
    const left = await step.check(context)
    if (left.length)
      throw new LabError(
        'STEP',
        `${step.title}: applied, but still ${left.join(', ')}. Run it again; if it stays, look at the host's journal.`,
      )
    say(`changed  ${step.title}: ${differs.join(', ')} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  }
  return counts
}
