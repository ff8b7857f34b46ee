/** When a lesson's loop ends. */
export interface Limit {
  /** After so many items; default no limit. */
  records?: number
  /** After so many seconds; default 30. */
  seconds?: number
}

export interface Taken {
  records: number
  why: 'records' | 'seconds' | 'stop' | 'end'
}

/** Feeds `each` from an endless source until a limit, or until the notebook's Stop button; then closes the source. Stop is no error. */
export async function take<T>(
  source: AsyncIterable<T>,
  limit: Limit,
  each: (item: T, number: number) => unknown,
): Promise<Taken> {
  const { records = Infinity, seconds = 30 } = limit
  const iterator = source[Symbol.asyncIterator]()
  const stop = await stopSignal(seconds)
  const stopped = new Promise<'stopped'>(resolve =>
    stop.signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
  )
  let taken = 0
  try {
    while (taken < records) {
      const next = await Promise.race([iterator.next(), stopped])
      if (next === 'stopped') return { records: taken, why: stop.signal.reason as 'seconds' | 'stop' }
      if (next.done) return { records: taken, why: 'end' }
      await each(next.value, ++taken)
    }
    return { records: taken, why: 'records' }
  } finally {
    stop.done()
    // A source that waits for its next item cannot close before it comes: one second, then the cell ends without it.
    await Promise.race([iterator.return?.(), new Promise(resolve => setTimeout(resolve, 1000).unref())])
  }
}

/** A signal for one cell, and what ends the watching for it. */
export interface Stop {
  signal: AbortSignal
  done(): void
}

/**
 * Fires after `seconds`, or on the notebook's Stop button (SIGINT): the first Stop ends the work politely, a second one is tslab's own.
 * It must be awaited: a SIGINT listener added in the synchronous part of a cell makes the next Stop end the whole kernel.
 */
export async function stopSignal(seconds: number = 30): Promise<Stop> {
  await new Promise(resolve => setImmediate(resolve))
  const controller = new AbortController()
  const others = process.listeners('SIGINT')
  const onStop = () => end('stop')
  const timer = setTimeout(() => end('seconds'), seconds * 1000)
  for (const listener of others) process.off('SIGINT', listener)
  process.on('SIGINT', onStop)
  function end(reason: string): void {
    clearTimeout(timer)
    if (process.listeners('SIGINT').includes(onStop)) {
      process.off('SIGINT', onStop)
      for (const listener of others) process.on('SIGINT', listener)
    }
    controller.abort(reason)
  }
  return { signal: controller.signal, done: () => end('done') }
}

/** The items of a source as an array, `most` of them (default 1,000): a cell has no `for await`, and an endless source is cut off. */
export async function collect<T>(source: AsyncIterable<T>, most: number = 1000): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) if (items.push(item) >= most) break
  return items
}
