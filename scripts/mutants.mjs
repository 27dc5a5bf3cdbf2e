/**
 * Runs the mutants of test/mutants/table.ts, or those named, or with `--part K/N` every Nth of them, each against the
 * test that must catch it, those with `seeds` against the simulation too, and says which survive. First each of these tests
 * must pass on the sources as they are.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { MUTANTS, runHarness, runSimulation } = await loadTypeScript(
  root,
  `export { MUTANTS } from './test/mutants/table.ts';
   export { runHarness, runSimulation } from './test/mutants/run-harness.ts';`,
);
const { values, positionals: names } = parseArgs({
  options: { part: { type: 'string', default: '0/1' } },
  allowPositionals: true,
});
const [part, parts] = values.part.split('/').map(Number);
if (!(Number.isInteger(part) && part >= 0 && part < parts)) {
  console.error(`there is no part '${values.part}': the first of ten is 0/10`);
  process.exit(2);
}
const unknown = names.filter((name) => !MUTANTS.some((m) => m.name === name));
if (unknown.length > 0) {
  console.error(`there is no mutant ${unknown.join(', ')}`);
  process.exit(2);
}
const chosen = MUTANTS.filter(({ name }, n) =>
  names.length === 0 ? n % parts === part : names.includes(name),
);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

let bad = 0;
const harnesses = new Map(chosen.map(({ caughtBy }) => [JSON.stringify(caughtBy), caughtBy]));
for (const harness of harnesses.values()) {
  const { result, output } = await runHarness(root, harness);
  if (result === 'passed') continue;
  bad++;
  console.log(`unfit     ${harness.file}: '${harness.test}' ${result} without a fault\n${output}`);
}
let caught = 0;
for (const mutant of chosen) {
  const since = performance.now();
  const runs = [[mutant.caughtBy.file, await runHarness(root, mutant.caughtBy, mutant)]];
  if (mutant.seeds !== undefined) runs.push(['test/sim', await runSimulation(root, mutant)]);
  for (const [where, { result, output }] of runs) {
    const verdict = { failed: 'caught', passed: 'SURVIVED', broken: 'BROKEN' }[result];
    console.log(`${verdict.padEnd(9)} ${mutant.name.padEnd(40)} ${seconds(since)}  ${where}`);
    if (result === 'broken') console.log(output);
  }
  if (runs.every(([, { result }]) => result === 'failed')) caught++;
}
console.log(`${caught} of ${chosen.length} mutants caught`);
process.exitCode = caught === chosen.length && bad === 0 ? 0 : 1;
