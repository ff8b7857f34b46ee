import { waitFor } from '../../lib/wait.ts'
import type { Step } from '../host/step.ts'
import type { AwsContext } from './context.ts'

/** AWS may tell for some seconds how things were before a change: after it a step looks for half a minute until all is well. */
export function patient(step: Step<AwsContext>): Step<AwsContext> {
  let applied = false
  return {
    ...step,
    async check(context) {
      let differs = await step.check(context)
      if (!applied || !differs.length) return differs
      const settled = async (): Promise<boolean> => (differs = await step.check(context)).length === 0
      await waitFor(step.title, settled, { timeoutMs: 30_000, intervalMs: 2000, maxIntervalMs: 5000 }).catch(() => {})
      return differs
    },
    async apply(context) {
      await step.apply(context)
      applied = true
    },
  }
}
