import { defineConfig } from 'vitest/config'
import { tally } from './helpers/tally.ts'

/** `npm run test:peers`: other people's clients and servers, one file at a time. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.peers.ts'],
    pool: 'forks',
    reporters: ['default', tally],
    // A machine of CI is busy with others; what fails twice has failed.
    retry: process.env.CI ? 1 : 0,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  },
})
