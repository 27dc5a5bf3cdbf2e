/**
 * `npm run sim:s3 -- [--commits N] [--seed S] [--length N] [--rest MS] [--log FILE] [--jobs N]`: runs of the simulation of machines
 * on a service from seed S on, of some `--length` commits each, until there are N commits. A run that breaks a promise is
 * run again with its requests printed. With a log, which gets a line for each seed, the next call goes on behind its last.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inJobs, openLog } from './in-jobs.mjs';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    commits: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '1000' },
    rest: { type: 'string' },
    log: { type: 'string' },
    jobs: { type: 'string', default: '1' },
  },
});
const [most, first, length, jobs] = [values.commits, values.seed, values.length, values.jobs].map(Number);

const totals = {};
let broken = 0;
let seed = first;
function add(run) {
  for (const [key, value] of Object.entries({ ...run, ...run.faults, seeds: 1 })) {
    if (typeof value === 'number' && key !== 'seed') totals[key] = (totals[key] ?? 0) + value;
  }
  if (run.broken.length > 0) broken++;
  seed = Math.max(seed, run.seed + 1);
}

const options = { commits: length, ...(values.rest && { restMs: Number(values.rest) }) };
let simulation;
async function work(seed) {
  simulation ??= await loadTypeScript(root, "export { simulateS3 } from './test/s3/sim/simulate-s3.ts';");
  const { violations, trace, ...run } = await simulation.simulateS3(seed, options);
  if (violations.length > 0) {
    for (const line of trace) console.log(line);
    const again = await simulation.simulateS3(seed, { ...options, withStacks: true });
    for (const what of again.violations) console.log(`seed ${seed}: ${what}`);
  }
  return { ...run, broken: violations };
}

const log = openLog(values.log);
for (const run of log.earlier) add(run);
const began = { at: performance.now(), commits: totals.commits ?? 0 };
await inJobs(
  jobs,
  () => ((totals.commits ?? 0) < most ? seed++ : undefined),
  work,
  (run) => {
    log.add(run);
    add(run);
  },
);
if (process.send === undefined) {
  const seconds = (performance.now() - began.at) / 1000;
  console.log(
    Object.entries(totals)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  );
  const ran = (totals.commits ?? 0) - began.commits;
  if (ran > 0) console.log(`${(ran / seconds).toFixed(1)} commits a second`);
  console.log(`from seed ${first}: ${broken} seeds broke a promise`);
  process.exitCode = broken === 0 ? 0 : 1;
}
