import { defineConfig } from 'vitest/config'
import { tally } from './helpers/tally.ts'

/** `npm test`: hermetic, loopback and temporary folders only. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    reporters: ['default', tally],
    // A machine of CI is busy with others; what fails twice has failed.
    retry: process.env.CI ? 1 : 0,
    maxWorkers: 3, // many tests wait for a process more than they compute
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  },
})
