/**
 * Builds `dist/`: `cli.js` for people and `index.js` for programs, as ESM in shared chunks, so that a
 * command loads only what it uses. Native modules stay outside. `--types` adds `dist/types`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const STALE_CHUNK_MS = 3_600_000;

/**
 * yargs brings translations, line wrapping and a look for its caller, which hs never uses and which
 * are two thirds of its start-up time (measured: bare node 98 ms, all of yargs 162, without these
 * 112). Help, messages and man pages come from the command table.
 */
const YARGS_PLATFORM = /[\\/]yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/;
const shims = join(root, 'scripts', 'shims');
let yargsIsLean = false;

const replaceModules = {
  name: 'replace-modules',
  setup(b) {
    b.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: join(shims, 'empty.mjs') }));
    b.onLoad({ filter: YARGS_PLATFORM }, () => {
      yargsIsLean = true;
      return { contents: "export { default } from './yargs-platform.mjs';", resolveDir: shims };
    });
  },
};

async function bundle(outdir) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { cli: 'commands/main.ts', index: 'src/index.ts' },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    external: ['lmdb', 'fs-native-extensions'],
    chunkNames: 'chunks/[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [replaceModules],
    // Bundled CommonJS packages (fs-extra, react) ask for node's own modules by require().
    banner: {
      js: "import{createRequire as hsRequire}from'node:module';const require=hsRequire(import.meta.url);",
    },
  });
  if (!yargsIsLean) throw new Error('yargs has moved its platform module: start-up would be slow');
  if (result.warnings.length > 0) process.exitCode = 1;
}

/** Builds aside and swaps in, so that a program that starts meanwhile finds a whole `dist/`. */
async function main() {
  const fresh = join(root, `.dist-${process.pid}`);
  try {
    mkdirSync(fresh, { recursive: true });
    await bundle(fresh);
    mkdirSync(join(dist, 'chunks'), { recursive: true });
    for (const name of readdirSync(join(fresh, 'chunks'))) {
      renameSync(join(fresh, 'chunks', name), join(dist, 'chunks', name));
    }
    for (const name of ['index.js', 'cli.js']) renameSync(join(fresh, name), join(dist, name));
    for (const name of readdirSync(join(dist, 'chunks'))) {
      const path = join(dist, 'chunks', name);
      // A program that was started before this build may still load its own chunks.
      if (statSync(path).mtimeMs < Date.now() - STALE_CHUNK_MS) rmSync(path, { force: true });
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

await main();

if (process.argv.includes('--types')) {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.types.json')],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
