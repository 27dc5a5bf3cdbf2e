/**
 * Writes `man/*.1` and `commands/summaries.ts` from the commands, and the fields in hs-ledger(7) from their
 * schemas, and lists all pages in package.json.
 */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirSync } from 'fs-extra/esm';
import { loadTypeScript } from './load-typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const man = join(root, 'man');

const {
  default: pages,
  summaries,
  withLedgerFields,
} = await loadTypeScript(
  root,
  `import { groups } from './commands/groups.ts';
  import { loadSummaries, tableOf } from './src/cli/command-table.ts';
  import { withLedgerFields } from './src/cli/help/ledger-fields.ts';
  import { manPages } from './src/cli/help/man.ts';
  export { withLedgerFields };
  export const summaries = await loadSummaries(groups);
  export default await manPages(tableOf(groups, summaries));`,
);
ensureDirSync(man);
for (const name of readdirSync(man)) {
  if (name.endsWith('.1') && !pages.has(name)) rmSync(join(man, name));
}
for (const [name, text] of pages) writeFileSync(join(man, name), text);
const ledger = join(man, 'hs-ledger.7');
writeFileSync(ledger, withLedgerFields(readFileSync(ledger, 'utf8')));
writeFileSync(join(root, 'commands', 'summaries.ts'), summariesModule(summaries));
listPages();

function listPages() {
  const path = join(root, 'package.json');
  const text = readFileSync(path, 'utf8');
  const pages = readdirSync(man)
    .filter((name) => /\.[1-8]$/.test(name))
    .sort()
    .map((name) => `\n    "./man/${name}"`);
  const updated = text.replace(/"man": \[[^\]]*\]/, () => `"man": [${pages.join(',')}\n  ]`);
  if (updated !== text) writeFileSync(path, updated);
}

function summariesModule(summaries) {
  const rows = Object.entries(summaries).map(
    ([name, { class: commandClass, summary, hidden }]) => `  ${/^\w+$/.test(name) ? name : quoted(name)}: {
    class: ${quoted(commandClass)},
    summary: ${quoted(summary)},
${hidden ? '    hidden: true,\n' : ''}  },
`,
  );
  return `import type { CommandSummaries } from '../src/cli/command-table.js';

/** Made by \`npm run man\` from the commands, so that nothing loads a command to list it. Do not edit. */
export const summaries: CommandSummaries = {
${rows.join('')}};
`;
}

function quoted(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
