import { join } from 'node:path';
import { build } from 'esbuild';

const root = new URL('../../..', import.meta.url).pathname;

/** Builds the harness program beside the dependencies that it imports; returns its path. */
export async function buildHarness(): Promise<string> {
  const outfile = join(root, 'node_modules/.cache/hs-ui-harness', `main-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'test/ui/harness/main.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    logLevel: 'error',
  });
  return outfile;
}
