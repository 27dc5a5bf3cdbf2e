import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { type Mutant, mutate } from './mutant.js';
import { runHarness, runSimulation } from './run-harness.js';
import { MUTANTS } from './table.js';

const ROOT = join(import.meta.dirname, '../..');
/** A cheap one of each layer; `npm run mutants` runs all. */
const SAMPLE = ['guard-skips-members', 'object-directory-not-synced', 'unlinked-lease-counts'];

const sourceOf = ({ file }: Mutant) => readFile(join(ROOT, 'src', file), 'utf8');

describe('the table of mutants', () => {
  it('names each once, of at least forty', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(MUTANTS.map((m) => m.name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS)('can make $name of the sources as they are', async (mutant) => {
    const mutated = mutate(mutant, await sourceOf(mutant));
    await transform(mutated, { loader: 'ts' });
  });

  it.each(MUTANTS)('names a test that is there for $name', async ({ caughtBy: { file, test } }) => {
    expect(await readFile(join(ROOT, file), 'utf8')).toContain(test);
  });

  it('is refused a text that is not there exactly once', async () => {
    const mutant = { ...MUTANTS[0]!, edits: [{ from: 'import', to: '' }] };
    const source = await sourceOf(mutant);
    expect(() => mutate(mutant, source)).toThrow(`mutant '${mutant.name}'`);
  });
});

it.each(SAMPLE)(
  '%s is caught by its test, which passes without it',
  async (name) => {
    const mutant = MUTANTS.find((m) => m.name === name)!;
    const without = await runHarness(ROOT, mutant.caughtBy);
    expect(without.result, without.output).toBe('passed');
    const withIt = await runHarness(ROOT, mutant.caughtBy, mutant);
    expect(withIt.result, withIt.output).toBe('failed');
  },
  900_000,
);

it('one is caught by the simulation', async () => {
  const mutant = MUTANTS.find((m) => m.seeds !== undefined)!;
  const { result, output } = await runSimulation(ROOT, mutant);
  expect(result, output).toBe('failed');
}, 900_000);
