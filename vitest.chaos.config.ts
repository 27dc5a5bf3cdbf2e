import { defineConfig } from 'vitest/config';

/** Minutes of what `npm test` does for seconds; HS_CHAOS_SECONDS, HS_CHAOS_COMMITS and HS_CHAOS_SEED say how long, from which seed. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts', 'test/store/many-writers.test.ts'],
    globalSetup: ['test/helpers/build-once.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 0,
    env: { HS_CHAOS_SECONDS: process.env.HS_CHAOS_SECONDS ?? '120' },
  },
});
