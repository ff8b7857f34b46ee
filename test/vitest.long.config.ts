import { defineConfig } from 'vitest/config'
import { tally } from './helpers/tally.ts'

/** `npm run test:long`: the full drills and fuzzing, one file at a time. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.long.ts'],
    pool: 'forks',
    reporters: ['default', tally],
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  },
})
