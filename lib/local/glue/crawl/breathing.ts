/** Answers a function to be awaited in long loops: it gives the event loop back every few milliseconds, so that brokers and queries go on meanwhile. */
export function breathing(everyMs = 5): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < everyMs) return
    await new Promise(done => setImmediate(done))
    last = performance.now()
  }
}
