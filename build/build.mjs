/**
 * Builds `dist/`: the program `cli.cjs`, the library `index.js` and its types. `--no-types` saves the time of
 * the types; HS_PLAIN_BUILD=1 leaves out all that only makes the program start faster (README.md beside this).
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fs from 'fs-extra';
import { buildFastProgram } from './fast-program.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const STALE_CHUNK_MS = 3_600_000;
const types = !process.argv.includes('--no-types');
const plain = (process.env.HS_PLAIN_BUILD ?? '') !== '';

const common = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  jsx: 'automatic',
  chunkNames: '[name]-[hash]',
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
};

/** Our own code alone, readable, with its names; the packages stay where npm put them. */
async function bundleOwn(entryPoints, outdir) {
  const { warnings } = await build({ ...common, entryPoints, outdir, packages: 'external', keepNames: true });
  if (warnings.length > 0) process.exitCode = 1;
}

async function buildPlainProgram(outdir) {
  await bundleOwn({ main: 'commands/main.ts' }, outdir);
  await fs.writeFile(join(outdir, 'cli.cjs'), "import('./main.js');\n");
}

/**
 * The library's types twice, since TypeScript reads the format of a module from the package.json beside it:
 * Node loads `index.js` for `require` as well as for `import`, and TypeScript must believe both.
 */
async function emitTypes(outdir) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.types.json'), '--outDir', join(outdir, 'types')];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the types could not be made');
  await fs.copy(join(outdir, 'types'), join(outdir, 'types-cjs'));
  await fs.writeJson(join(outdir, 'types-cjs', 'package.json'), { type: 'commonjs' });
}

/** Another build may do the same at this moment; then its directory stands, or this one's. */
async function swapDirectory(from, to) {
  await fs.remove(to);
  try {
    await fs.rename(from, to);
  } catch (e) {
    if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST') throw e;
  }
}

/** Puts what was built in place, so that a program that starts meanwhile finds a whole `dist/`. */
async function swapIn(fresh) {
  await fs.ensureDir(dist);
  if (types)
    for (const name of ['types', 'types-cjs']) await swapDirectory(join(fresh, name), join(dist, name));
  const entries = ['index.js', 'cli.cjs'];
  const chunks = (await fs.readdir(fresh)).filter((name) => !entries.includes(name));
  for (const name of [...chunks, ...entries]) await fs.rename(join(fresh, name), join(dist, name));
  for (const name of await fs.readdir(dist)) {
    const path = join(dist, name);
    if (!/\.(c?js|map|cache)$/.test(name) || chunks.includes(name) || entries.includes(name)) continue;
    // A program that was started before this build may still load its own chunks.
    const { mtimeMs } = await fs.stat(path);
    if (mtimeMs < Date.now() - STALE_CHUNK_MS) await fs.remove(path);
  }
}

const fresh = join(root, `.dist-${process.pid}`);
try {
  await (plain ? buildPlainProgram(fresh) : buildFastProgram(common, fresh));
  await bundleOwn({ index: 'src/index.ts' }, fresh);
  if (types) await emitTypes(fresh);
  await swapIn(fresh);
} catch (e) {
  // esbuild has shown its errors already, where they are.
  if (!Array.isArray(e.errors)) throw e;
  process.exitCode = 1;
} finally {
  await fs.remove(fresh);
}
