/**
 * Builds `dist/`: `cli.js` for people and `index.js` for programs, as ESM in chunks, so that a command
 * loads only what it uses. Native modules stay outside. `--types` adds `dist/types`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const shims = join(root, 'scripts', 'shims');
const STALE_CHUNK_MS = 3_600_000;

/** What every command needs, and the command whose start-up is measured. */
const START = [
  'src/cli/main.ts',
  'src/cli/process-host.ts',
  'src/fsx/node-disk.ts',
  'commands/plumbing/hash-object.ts',
];

/**
 * hs takes only the parser of yargs, since help, messages and man pages come from its own table; the
 * platform module behind it would bring translations and line wrapping, a third of the start-up time
 * (bare node 100 ms, all of yargs 162, this 115).
 */
const YARGS_PLATFORM = /[\\/]yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/;
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

/** Sends every import of a module that is in the core chunk there, whoever imports it. */
function fromCore(members, coreFile) {
  return {
    name: 'from-core',
    setup(b) {
      b.onResolve({ filter: /^\.{1,2}\// }, ({ importer, path }) => {
        const source = resolve(dirname(importer), path.replace(/\.js$/, '.ts'));
        return members.has(source) ? { path: `./${coreFile}`, external: true } : undefined;
      });
    },
  };
}

async function bundle(options) {
  const { plugins = [], ...rest } = options;
  const result = await build({
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    external: ['lmdb', 'fs-native-extensions'],
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    // Bundled CommonJS packages (fs-extra, react) ask for node's own modules by require().
    banner: {
      js: "import{createRequire as hsRequire}from'node:module';const require=hsRequire(import.meta.url);",
    },
    ...rest,
    plugins: [...plugins, replaceModules],
  });
  if (result.warnings.length > 0) process.exitCode = 1;
  return result.metafile;
}

/**
 * esbuild makes a chunk for each set of commands that share a module: hash-object alone would load
 * dozens of files, at a millisecond each. So what it needs is one chunk, and the others are cut around it.
 */
async function buildProgram(outdir) {
  const probe = await bundle({ entryPoints: START, outdir, write: false });
  const members = new Set();
  for (const output of Object.values(probe.outputs)) {
    if (output.entryPoint === undefined || !START.includes(output.entryPoint)) continue;
    addInputs(probe, output.entryPoint, members);
  }
  members.delete(resolve(root, 'commands/plumbing/hash-object.ts'));
  const modules = [...members].map((m) => `export * from './${relative(root, m)}';`).sort();
  const core = await bundle({
    stdin: { contents: modules.join('\n'), resolveDir: root, sourcefile: 'core.ts', loader: 'ts' },
    entryNames: 'core-[hash]',
    outdir,
  });
  if (!yargsIsLean) throw new Error('yargs has moved its platform module: start-up would be slow');
  const [coreFile] = Object.entries(core.outputs).find(([, o]) => o.entryPoint !== undefined);
  await bundle({
    entryPoints: { cli: 'commands/main.ts' },
    outdir,
    plugins: [fromCore(members, basename(coreFile))],
  });
  await bundle({ entryPoints: { index: 'src/index.ts' }, outdir });
}

/** The project's own modules that `file` imports statically, itself included. */
function addInputs(metafile, file, members) {
  const path = resolve(root, file);
  if (members.has(path) || file.includes('node_modules') || !file.endsWith('.ts')) return;
  members.add(path);
  for (const { path: next, kind } of metafile.inputs[file].imports) {
    if (kind === 'import-statement' && metafile.inputs[next] !== undefined)
      addInputs(metafile, next, members);
  }
}

/** Builds aside and swaps in, so that a program that starts meanwhile finds a whole `dist/`. */
async function main() {
  const fresh = join(root, `.dist-${process.pid}`);
  try {
    await buildProgram(fresh);
    mkdirSync(dist, { recursive: true });
    const entries = ['index.js', 'cli.js'];
    const chunks = readdirSync(fresh).filter((name) => !entries.includes(name));
    for (const name of [...chunks, ...entries]) renameSync(join(fresh, name), join(dist, name));
    for (const name of readdirSync(dist)) {
      const path = join(dist, name);
      if (!name.endsWith('.js') || chunks.includes(name) || entries.includes(name)) continue;
      // A program that was started before this build may still load its own chunks.
      if (statSync(path).mtimeMs < Date.now() - STALE_CHUNK_MS) rmSync(path, { force: true });
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (e) {
  // esbuild has shown its errors already, where they are.
  if (!Array.isArray(e.errors)) throw e;
  process.exit(1);
}

if (process.argv.includes('--types')) {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.types.json')],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
