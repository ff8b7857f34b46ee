import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line that any CI can count: `tests: 3055 passed, 0 failed, 2 skipped`. */
export const tally: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      if (module.errors().length) count.failed++ // a file that could not be loaded has no tests to count
      for (const test of module.children.allTests()) count[test.result().state]++
    }
    console.log(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`)
  },
}
