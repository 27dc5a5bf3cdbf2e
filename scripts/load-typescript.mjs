import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { removeSync } from 'fs-extra/esm';

let loads = 0;

/** A module of these lines of TypeScript, their paths relative to the project at `root`; the caller removes it. */
export async function bundleTypeScript(root, contents, plugins = []) {
  const outfile = join(root, `.loaded-${process.pid}-${++loads}.mjs`);
  await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    plugins,
    logLevel: 'warning',
  });
  return outfile;
}

/** What these lines of TypeScript export, their paths relative to the project at `root`. */
export async function loadTypeScript(root, contents, plugins = []) {
  const outfile = await bundleTypeScript(root, contents, plugins);
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    removeSync(outfile);
  }
}
