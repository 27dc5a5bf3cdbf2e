/**
 * `npm run sim -- [--seeds N] [--seed S] [--once] [--mutant NAME] [--json]`: N runs of the simulation from seed S on. Of
 * one that breaks a promise, as little as still does is printed, with every operation; the same seed is the same run.
 * With a mutant of test/mutants/table.ts, a run must break one.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadSimulation } from './load-simulation.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    once: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [seeds, first] = [values.seeds, values.seed].map(Number);
const { runSeeds, linesOf } = await loadSimulation(root, values.mutant);

// Most errors of a run are answers that somebody expects.
const { stackTraceLimit } = Error;
const since = process.cpuUsage();
let at;
process.exitCode = 70;
process.on('exit', (code) => {
  if (code === 70) console.log(`seed ${at}: it never ended: everybody waits, and nothing is left to happen`);
});
const report = await runSeeds({
  ...{ first, seeds, once: values.once },
  begun(seed) {
    at = seed;
    Error.stackTraceLimit = seeds === 1 ? stackTraceLimit : 0;
  },
  ...(!values.json && {
    failed(run) {
      for (const line of linesOf(run)) console.log(line);
      console.log(
        `seed ${run.scenario.seed} broke a promise: npm run sim -- --seed ${run.scenario.seed}${values.mutant === undefined ? '' : ` --mutant ${values.mutant}`}`,
      );
    },
  }),
});
const { user, system } = process.cpuUsage(since);
const cpuMs = (user + system) / 1000;

function print({ ends, operations, coverage, broken, seeds: done }) {
  const by = { calls: 0 };
  for (const [end, n] of Object.entries(ends)) {
    const how = end.slice(end.indexOf(' ') + 1);
    by[how] = (by[how] ?? 0) + n;
    by.calls += n;
  }
  const { pairs, phases, triples } = coverage;
  for (const [what, counts] of [
    ['call', pairs],
    ['phase', phases],
  ]) {
    const rows = {};
    for (const [pair, n] of Object.entries(counts)) {
      const [one, fault] = pair.split(' × ');
      rows[one] ??= {};
      rows[one][fault] = n;
    }
    console.log(`faults by ${what}`);
    console.table(rows);
  }
  console.log(
    `ends: ${Object.entries(by)
      .sort((a, b) => b[1] - a[1])
      .map(([how, n]) => `${how} ${n}`)
      .join(', ')}`,
  );
  console.log(
    `${done} seeds from ${first}: ${operations} operations, ${triples} of call × fault × phase, ${(cpuMs / done).toFixed(1)} ms of processor time a seed; ${broken.length} seeds broke a promise`,
  );
}
if (values.json) console.log(JSON.stringify({ ...report, cpuMs }));
else print(report);
process.exitCode = report.broken.length === 0 ? 0 : 1;
