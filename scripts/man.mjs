/** Writes `man/*.1` from the command table and the fields in hs-ledger(7) from their schemas, and lists all pages in package.json. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const man = join(root, 'man');
const bundle = join(root, `.man-${process.pid}.mjs`);

try {
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `import { registry } from './commands/registry.ts';
        import { withLedgerFields } from './src/cli/help/ledger-fields.ts';
        import { manPages } from './src/cli/help/man.ts';
        export { withLedgerFields };
        export default await manPages(registry);`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
  const { default: pages, withLedgerFields } = await import(pathToFileURL(bundle).href);
  mkdirSync(man, { recursive: true });
  for (const name of readdirSync(man)) {
    if (name.endsWith('.1') && !pages.has(name)) rmSync(join(man, name));
  }
  for (const [name, text] of pages) writeFileSync(join(man, name), text);
  const ledger = join(man, 'hs-ledger.7');
  writeFileSync(ledger, withLedgerFields(readFileSync(ledger, 'utf8')));
  listPages();
} finally {
  rmSync(bundle, { force: true });
}

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
