/**
 * `npm run sim:s3 -- [--commits N] [--seed S] [--length N] [--rest MS] [--log FILE]`: runs of the simulation of machines on a service
 * from seed S on, of some `--length` commits each, until there are N commits. A run that breaks a promise is run again
 * with its requests printed. With a log, which gets a line for each seed, the next call goes on behind its last.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    commits: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '1000' },
    rest: { type: 'string' },
    log: { type: 'string' },
  },
});
const [most, first, length] = [values.commits, values.seed, values.length].map(Number);
const { simulateS3 } = await loadTypeScript(
  root,
  "export { simulateS3 } from './test/s3/sim/simulate-s3.ts';",
);

const totals = {};
function add(run) {
  for (const [key, value] of Object.entries({ ...run, ...run.faults, seeds: 1 })) {
    if (typeof value === 'number' && key !== 'seed') totals[key] = (totals[key] ?? 0) + value;
  }
}

const options = { commits: length, ...(values.rest && { restMs: Number(values.rest) }) };
let seed = first;
let broken = 0;
const { log } = values;
const lines = log !== undefined && existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
for (const run of lines.map((line) => JSON.parse(line))) {
  add(run);
  if (run.broken.length > 0) broken++;
  seed = Math.max(seed, run.seed + 1);
}
for (; (totals.commits ?? 0) < most; seed++) {
  const { violations, trace, ...run } = await simulateS3(seed, options);
  add(run);
  if (log !== undefined) appendFileSync(log, `${JSON.stringify({ ...run, broken: violations })}\n`);
  if (violations.length === 0) continue;
  broken++;
  for (const line of trace) console.log(line);
  const again = await simulateS3(seed, { ...options, withStacks: true });
  for (const what of again.violations) console.log(`seed ${seed}: ${what}`);
}
console.log(
  Object.entries(totals)
    .map(([what, count]) => `${count} ${what}`)
    .join(', '),
);
console.log(`from seed ${first}: ${broken} seeds broke a promise`);
process.exitCode = broken === 0 ? 0 : 1;
