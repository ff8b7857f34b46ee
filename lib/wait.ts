import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from './errors.ts'

export interface WaitOptions {
  /** Give up after so many milliseconds; default 60,000. */
  timeoutMs?: number
  /** First pause between two looks in milliseconds; default 50. It grows by half each time, up to `maxIntervalMs`. */
  intervalMs?: number
  /** Longest pause in milliseconds; default 1,000. */
  maxIntervalMs?: number
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal
}

/** Looks again and again until `check` answers something else than undefined or false, and answers that.
 *  Throws `LabError` TIMEOUT with `what` in its text when the time is over; an error of `check` passes through. */
export async function waitFor<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 50, maxIntervalMs = 1000, signal } = options
  const deadline = performance.now() + timeoutMs
  let pause = intervalMs
  for (;;) {
    signal?.throwIfAborted()
    const answer = await check()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() >= deadline)
      throw new LabError(
        'TIMEOUT',
        `${what}: not there after ${Math.round(timeoutMs / 1000)} s. Look at what it waits for, or give it more time.`,
      )
    await sleep(pause, signal)
    pause = Math.min(pause * 1.5, maxIntervalMs)
  }
}

/** A pause that ends early, with the signal's reason, when the signal fires. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error
  })
}
