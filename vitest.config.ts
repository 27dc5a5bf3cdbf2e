import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: ['test/chaos/**', 'test/service/**'],
    globalSetup: ['test/helpers/build-once.ts'],
    setupFiles: ['test/helpers/property-seed.ts'],
    pool: 'forks',
    // Most tests wait for programs that they started: four at once keep two cores busy (149 s instead of 245).
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
