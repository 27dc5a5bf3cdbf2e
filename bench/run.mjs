/**
 * `npm run bench [NAME...]`: ratios against a named peer within one run, alternating, medians of nine or
 * more. Prints one line for each; says with its status whether all targets were met. Never a test.
 */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here)
  .filter((f) => f.endsWith('.mjs') && !['run.mjs', 'lib.mjs', 'scale-files.mjs'].includes(f))
  .map((f) => f.slice(0, -'.mjs'.length));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such measurement: ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}

let met = true;
for (const name of asked.length > 0 ? asked : names) {
  const { run } = await import(`./${name}.mjs`);
  if (!(await run())) met = false;
}
process.exit(met ? 0 : 1);
