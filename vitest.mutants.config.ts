import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutate } from './test/mutants/mutant.js';
import { MUTANTS } from './test/mutants/table.js';

const name = process.env.HS_MUTANT;
const mutant = MUTANTS.find((m) => m.name === name);
if (name !== undefined && mutant === undefined) throw new Error(`there is no mutant '${name}'`);
const target = mutant && fileURLToPath(new URL(`src/${mutant.file}`, import.meta.url));

/** Runs a test on the sources with the fault that HS_MUTANT names, or without one. */
export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (code: string, id: string) =>
        mutant !== undefined && id === target ? { code: mutate(mutant, code), map: null } : undefined,
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/property-seed.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 300_000,
  },
});
