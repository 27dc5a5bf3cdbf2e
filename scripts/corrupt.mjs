/**
 * `npm run corrupt -- [--bytes N|all] [--seed S] [--store NAME] [--log FILE]`: damages each file of small stores in turn, has
 * N bytes of each flipped among other things, and asks fsck and every reading command. A wrong answer, an error without
 * a code, and damage that fsck does not find are printed. With a log, which gets a line for each file, the next call
 * leaves out what is in it.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { removeSync } from 'fs-extra/esm';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', multiple: true },
    log: { type: 'string' },
  },
});
const { STORES, corrupt, filesBelow } = await loadTypeScript(
  root,
  `export { STORES } from './test/corruption/stores.ts';
   export { corrupt } from './test/corruption/corruption.ts';
   export { filesBelow } from './test/corruption/damage.ts';`,
);
const names = values.store ?? Object.keys(STORES);
const unknown = names.filter((name) => !(name in STORES));
if (unknown.length > 0) {
  console.error(`there is no store ${unknown.join(', ')}; there are: ${Object.keys(STORES).join(', ')}`);
  process.exit(2);
}
const most = values.bytes === 'all' ? Number.MAX_SAFE_INTEGER : Number(values.bytes);
const seed = Number(values.seed);

const { log } = values;
const written = log !== undefined && existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
const done = new Map(
  written
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter((line) => line.most === most && line.seed === seed)
    .map((line) => [`${line.store} ${line.path}`, line]),
);

let bad = 0;
const total = { files: 0, cases: 0, found: 0, right: 0, refused: 0 };
for (const store of names) {
  const dir = mkdtempSync(join(tmpdir(), 'hs-corrupt-'));
  try {
    const made = await STORES[store](dir);
    const paths = await filesBelow(made.root);
    for (const path of paths.filter((p) => made.files?.(p) ?? true)) {
      const tally =
        done.get(`${store} ${path}`) ?? (await corrupt(made, { most, seed, files: (p) => p === path }));
      if (log !== undefined && !done.has(`${store} ${path}`))
        appendFileSync(log, `${JSON.stringify({ store, path, most, seed, ...tally })}\n`);
      total.files++;
      for (const key of ['cases', 'found', 'right', 'refused']) total[key] += tally[key];
      for (const fault of tally.faults) console.log(`${store}: ${fault}`);
      bad += tally.faults.length;
    }
  } finally {
    removeSync(dir);
  }
}
console.log(
  `${total.files} files of ${names.length} stores, seed ${seed}: ${total.cases} cases, ${total.found} found by fsck; ${total.right} answers unchanged, ${total.refused} refused with an error of a type, ${bad} wrong`,
);
process.exitCode = bad === 0 ? 0 : 1;
