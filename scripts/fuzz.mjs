/**
 * `npm run fuzz -- [--executions N] [--seed S] [--reader NAME]`: so many changed inputs in all, shared by the readers of
 * test/fuzz/readers.ts. An input that a reader treats wrongly is printed in base64; it belongs into fixtures/fuzz/NAME/.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { loadTypeScript } from './load-typescript.mjs';

/** Far above what the readers take, far below what an input without a limit would. */
const MOST_MEMORY_MIB = 768;
const PATIENCE_MS = 60_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    reader: { type: 'string', multiple: true },
  },
});
const { READERS, fixtureInputs, fuzz, takenBy } = await loadTypeScript(
  root,
  `export { READERS } from './test/fuzz/readers.ts';
   export { fixtureInputs } from './test/fuzz/corpus.ts';
   export { fuzz, takenBy } from './test/fuzz/fuzz.ts';`,
);
const chosen = READERS.map((reader, n) => ({ reader, n })).filter(
  ({ reader }) => values.reader?.includes(reader.name) ?? true,
);
if (chosen.length === 0) {
  console.error(`there is no such reader; there are: ${READERS.map((r) => r.name).join(', ')}`);
  process.exit(2);
}

// How many inputs were begun, the reader's number, the length of the input, and the input.
const shared = new SharedArrayBuffer(12 + 64 * 1024);
const [state, bytes] = [new Int32Array(shared, 0, 3), new Uint8Array(shared, 12)];
const watchdog = new Worker(
  `const { workerData: { shared, names, patience } } = require('node:worker_threads');
   const state = new Int32Array(shared, 0, 3);
   let before = -1;
   setInterval(() => {
     if (state[0] === before) {
       const input = Buffer.from(Buffer.from(shared, 12, state[2]));
       require('node:fs').writeSync(1, names[state[1]] + ': no end: ' + input.toString('base64') + '\\n');
       process.kill(process.pid, 'SIGKILL');
     }
     before = state[0];
   }, patience);`,
  { eval: true, workerData: { shared, names: READERS.map((r) => r.name), patience: PATIENCE_MS } },
);
watchdog.unref();
const peak = () => Math.round(process.resourceUsage().maxRSS / 1024);
// A stack for each refusal takes longer than the reading.
Error.stackTraceLimit = 0;

const fixtures = await fixtureInputs(root);
const weight = ({ reader }) => (reader.costly ? 0.1 : 1);
const share = Number(values.executions) / chosen.reduce((sum, c) => sum + weight(c), 0);
const total = { executions: 0, taken: 0, refused: 0, found: 0 };
const began = performance.now();
for (const { reader, n } of chosen) {
  const since = performance.now();
  const before = (input) => {
    state[1] = n;
    state[2] = input.length;
    bytes.set(input);
    state[0]++;
  };
  const executions = Math.ceil(share * weight({ reader }));
  const options = { executions, seed: Number(values.seed) * 1000 + n, before };
  const { tally, finding } = await fuzz(reader, await takenBy(reader, fixtures), options);
  for (const key of ['executions', 'taken', 'refused']) total[key] += tally[key];
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(
    `${reader.name.padEnd(36)} ${tally.taken} taken, ${tally.refused} refused, ${tally.outcomes} outcomes, ${seconds} s, ${peak()} MiB`,
  );
  if (finding !== undefined) {
    total.found++;
    console.log(`${reader.name}: ${finding.why}\n${finding.input.toString('base64')}`);
  }
  if (peak() > MOST_MEMORY_MIB) {
    total.found++;
    console.log(`${reader.name}: more than ${MOST_MEMORY_MIB} MiB of memory`);
    break;
  }
}
console.log(
  `${total.executions} executions of ${chosen.length} readers from seed ${values.seed}: ${total.taken} taken, ${total.refused} refused with an error of a type, ${total.found} findings; ${Math.round((performance.now() - began) / 1000)} s, at most ${peak()} MiB`,
);
process.exitCode = total.found === 0 ? 0 : 1;
