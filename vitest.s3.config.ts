import { defineConfig } from 'vitest/config';

/** What needs a real S3 service. */
export default defineConfig({
  test: {
    include: ['test/service/**/*.test.ts'],
    globalSetup: ['test/helpers/build-once.ts', 'test/service/start-service.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
