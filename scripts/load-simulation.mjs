import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTypeScript } from './load-typescript.mjs';

/** The simulation's timers in place of the real ones, so that nothing waits for real time. */
const timers = (root) => ({
  name: 'timers',
  setup(build) {
    build.onResolve({ filter: /^node:timers\/promises$/ }, () => ({
      path: join(root, 'test/sim/timers.ts'),
    }));
  },
});

/** The sources with one deliberate fault of test/mutants/table.ts. */
async function mutation(root, name) {
  const { MUTANTS, mutate } = await loadTypeScript(
    root,
    `export { MUTANTS } from './test/mutants/table.ts';
     export { mutate } from './test/mutants/mutant.ts';`,
  );
  const mutant = MUTANTS.find((m) => m.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant '${name}'`);
  const target = join(root, 'src', mutant.file);
  return {
    name: 'mutant',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) =>
        path === target
          ? { contents: mutate(mutant, await readFile(path, 'utf8')), loader: 'ts' }
          : undefined,
      );
    },
  };
}

/** What test/sim/run-seeds.ts exports, over the sources as they are or with a mutant. */
export async function loadSimulation(root, mutant) {
  const plugins = [timers(root), ...(mutant === undefined ? [] : [await mutation(root, mutant)])];
  return loadTypeScript(root, "export { linesOf, runSeeds } from './test/sim/run-seeds.ts';", plugins);
}
