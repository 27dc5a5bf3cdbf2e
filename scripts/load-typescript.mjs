import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { removeSync } from 'fs-extra/esm';

/** What these lines of TypeScript export, their paths relative to the project at `root`. */
export async function loadTypeScript(root, contents) {
  const outfile = join(root, `.loaded-${process.pid}.mjs`);
  try {
    await build({
      absWorkingDir: root,
      stdin: { contents, resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      packages: 'external',
      logLevel: 'warning',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    removeSync(outfile);
  }
}
