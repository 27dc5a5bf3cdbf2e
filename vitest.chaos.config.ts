import { defineConfig } from 'vitest/config';

/** Minutes of what `npm test` does for seconds. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts', 'test/store/many-writers.test.ts'],
    globalSetup: ['test/helpers/build-once.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    env: { HS_CHAOS_SECONDS: '120' },
  },
});
