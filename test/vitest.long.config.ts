import { defineConfig } from 'vitest/config'

/** `npm run test:long`: the full drills and fuzzing, one file at a time. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.long.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  },
})
