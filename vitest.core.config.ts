import { defineConfig } from 'vitest/config';

/** The tests of core alone, which is pure: nothing is built for them, and they share a worker. */
export default defineConfig({
  test: {
    include: ['test/core/**/*.test.ts'],
    setupFiles: ['test/helpers/property-seed.ts'],
    pool: 'threads',
    isolate: false,
    testTimeout: 60_000,
  },
});
