/**
 * `npm run sim -- [--seeds N] [--seed S] [--operations N]`: N runs of the simulation from seed S on; one that breaks a
 * promise is run again as short as it still does, and its operations are printed.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    operations: { type: 'string', default: '1500' },
  },
});
const [seeds, first, operations] = [values.seeds, values.seed, values.operations].map(Number);
const { simulate } = await loadTypeScript(root, "export { simulate } from './test/sim/simulation.ts';");

/** The shortest run of the seed that still fails, by halves. */
async function shortest(failed) {
  let found = failed;
  for (let [low, high] = [0, operations]; high - low > 20; ) {
    const middle = Math.floor((low + high) / 2);
    const run = await simulate(failed.seed, middle);
    if (run.violations.length > 0) [found, high] = [run, middle];
    else low = middle;
  }
  return found;
}

const totals = { commands: 0, acknowledged: 0, kills: 0, failures: 0 };
let broken = 0;
for (let seed = first; seed < first + seeds; seed++) {
  const run = await simulate(seed, operations);
  for (const key of Object.keys(totals)) totals[key] += run[key];
  if (run.violations.length === 0) continue;
  broken++;
  const { trace, violations } = await shortest(run);
  for (const { n, process, operation, path, outcome } of trace)
    console.log(`${n} ${process} ${operation} ${path} ${outcome}`);
  for (const what of violations) console.log(`seed ${seed}: ${what}`);
}
const { commands, acknowledged, kills, failures } = totals;
console.log(
  `${seeds} seeds from ${first}: ${commands} commands, ${acknowledged} acknowledged artifacts, ${kills} kills, ${failures} failed operations; ${broken} seeds broke a promise`,
);
process.exitCode = broken === 0 ? 0 : 1;
