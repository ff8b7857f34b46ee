import { setImmediate } from 'node:timers/promises'

/** Runs long work, which yields now and then, to its end at once. */
export function atOnce<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const turnMs = 5

/** Runs it so that everything else has its turns. */
export async function inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
  for (let last = performance.now(); ;) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - last < turnMs) continue
    await setImmediate()
    last = performance.now()
  }
}
