/** How often a long wait says that it goes on. */
const everyMs = 15_000

/** Awaits `work`; while it takes long, says every 15 seconds that it goes on and since when. */
export async function withProgress<T>(
  say: (line: string) => void,
  what: string,
  work: PromiseLike<T>,
  intervalMs = everyMs,
): Promise<T> {
  const began = performance.now()
  const timer = setInterval(() => say(`  … ${what}: ${Math.round((performance.now() - began) / 1000)} s`), intervalMs)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
