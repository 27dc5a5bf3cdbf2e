/**
 * `npm run sim -- [--seeds N] [--seed S] [--once] [--mutant NAME] [--json] [--jobs N] [--log FILE]`: N runs of the simulation from
 * seed S on. Of one that breaks a promise, as little as still does is printed, with every operation; the same seed is
 * the same run. With a mutant of test/mutants/table.ts, a run must break one. With a log, which gets a line for each
 * thousand seeds, the next call goes on behind its last until there are N.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inJobs, openLog } from './in-jobs.mjs';
import { loadSimulation } from './load-simulation.mjs';

const MOST_A_TASK = 1000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    once: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    log: { type: 'string' },
  },
});
const [seeds, first, jobs] = [values.seeds, values.seed, values.jobs].map(Number);
let simulation;

// Most errors of a run are answers that somebody expects.
const { stackTraceLimit } = Error;
let at;
process.exitCode = 70;
process.on('exit', (code) => {
  if (code === 70) console.log(`seed ${at}: it never ended: everybody waits, and nothing is left to happen`);
});

async function work(task) {
  simulation ??= await loadSimulation(root, values.mutant);
  const { runSeeds, linesOf } = simulation;
  const since = process.cpuUsage();
  const report = await runSeeds({
    ...{ ...task, once: values.once },
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
  return { first: task.first, ...report, cpuMs: (user + system) / 1000 };
}

/** Adds numbers to numbers and lists to lists. */
function add(total, more) {
  for (const [key, value] of Object.entries(more)) {
    if (typeof value === 'number') total[key] = (total[key] ?? 0) + value;
    else if (Array.isArray(value)) total[key] = [...(total[key] ?? []), ...value];
    else if (typeof value === 'object') {
      total[key] ??= {};
      add(total[key], value);
    } else total[key] = value;
  }
}

function print({ ends, operations, coverage, broken, seeds: done, cpuMs }) {
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
    `${done} seeds from ${first}: ${operations} operations, ${Object.keys(triples).length} of call × fault × phase, ${(cpuMs / done).toFixed(1)} ms of processor time a seed; ${broken.length} seeds broke a promise`,
  );
}

const total = { seeds: 0 };
const log = openLog(values.log);
let seed = first;
for (const { first: from, ...report } of log.earlier) {
  add(total, report);
  seed = Math.max(seed, from + report.seeds);
}
let left = seeds - total.seeds;
const began = { at: performance.now(), seeds: total.seeds };
await inJobs(
  jobs,
  () => {
    if (left <= 0 || (values.once && total.broken?.length > 0)) return undefined;
    // What is neither shared nor kept is one task.
    const most = values.log === undefined ? Math.ceil(seeds / jobs) : MOST_A_TASK;
    const task = { first: seed, seeds: Math.min(most, left) };
    seed += task.seeds;
    left -= task.seeds;
    return task;
  },
  work,
  (result) => {
    log.add(result);
    const { first: _, ...report } = result;
    add(total, report);
  },
);
if (process.send === undefined) {
  if (values.json) console.log(JSON.stringify(total));
  else print(total);
  const ran = total.seeds - began.seeds;
  const seconds = (performance.now() - began.at) / 1000;
  if (!values.json && ran > 0) console.log(`${(ran / seconds).toFixed(1)} seeds a second`);
  process.exitCode = total.broken.length === 0 ? 0 : 1;
}
