/**
 * Builds `dist/`: `cli.cjs` for people and `index.js` with its types for programs, in chunks, so that a
 * command loads only what it uses. Native modules stay outside. `--no-types` saves the time of the types.
 *
 * The program's chunks are scripts that the loader, `cli.cjs`, runs with what V8 compiled of them here, in
 * the warm-up; the library is ESM.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { build, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const shims = join(root, 'scripts', 'shims');
const STALE_CHUNK_MS = 3_600_000;
const TARGET = 'node20.19';
const types = !process.argv.includes('--no-types');

/**
 * esbuild makes a chunk for each set of commands that share a module: a command would load dozens of
 * files, at a millisecond each. So what every command needs is one file, what every command on a store
 * needs is another, each with all that it imports, and the chunks of the others are cut around them.
 */
const TIERS = {
  core: [
    'src/cli/main.ts',
    'src/cli/process-host.ts',
    'src/fsx/node-disk.ts',
    // The command whose start-up is measured.
    'src/ops/payload/hash-file.ts',
  ],
  store: [
    'src/ops/session/open-session.ts',
    'src/ops/recovery/finish-dead-leases.ts',
    'src/ops/naming/resolve-artifact.ts',
    'src/ops/guard/read-gate.ts',
    'src/ops/put/register-artifact.ts',
    'src/ops/govern/pins.ts',
  ],
};

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
    // A script cannot wait at its top, as Ink does for its debugger, and its layout engine for WebAssembly.
    b.onLoad({ filter: /[\\/]ink[\\/]build[\\/]reconciler\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('isDev()', 'false'),
    }));
    b.onResolve({ filter: /^yoga-layout$/ }, () => ({ path: join(shims, 'yoga-layout.mjs') }));
    b.onResolve({ filter: /[\\/]gc-preview\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: join(shims, 'gc-preview.mjs') } : undefined,
    );
    b.onResolve({ filter: /^string-width$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: join(shims, 'string-width.mjs') } : undefined,
    );
    // It makes opening files wait for others to be closed; of fs-extra hs uses what opens none.
    b.onResolve({ filter: /^graceful-fs$/ }, () => ({ path: 'node:fs', external: true }));
    // The compiled part stays where npm put it; what looks for it would look beside the bundle.
    b.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      /fs-native-extensions[\\/]index\.js$/.test(importer)
        ? { path: join(shims, 'load-fs-native-extensions.cjs') }
        : undefined,
    );
    b.onLoad({ filter: YARGS_PLATFORM }, () => {
      yargsIsLean = true;
      return { contents: "export { default } from './yargs-platform.mjs';", resolveDir: shims };
    });
  },
};

/** Sends every import of a module that is in a tier to the tier's file, whoever imports it. */
function fromTiers(fileOf) {
  return {
    name: 'from-tiers',
    setup(b) {
      b.onResolve({ filter: /^\.{1,2}\// }, ({ importer, path }) => {
        const file = fileOf.get(resolve(dirname(importer), path.replace(/\.js$/, '.ts')));
        return file && { path: `./${file}`, external: true };
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
    target: TARGET,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    chunkNames: '[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    ...rest,
    plugins: [...plugins, replaceModules],
  });
  if (result.warnings.length > 0) process.exitCode = 1;
  return result.metafile;
}

async function buildProgram(outdir) {
  const fileOf = new Map();
  const program = { outdir, outExtension: { '.js': '.cjs' } };
  for (const [name, roots] of Object.entries(TIERS)) {
    const plugins = [fromTiers(fileOf)];
    const probe = await bundle({ ...program, entryPoints: roots, write: false, plugins });
    const members = new Set();
    for (const root of roots) addInputs(probe, root, members);
    const modules = [...members].sort();
    const { outputs } = await bundle({
      ...program,
      stdin: {
        contents: modules.map((m) => `export * from './${m}';`).join('\n'),
        resolveDir: root,
        sourcefile: `${name}.ts`,
        loader: 'ts',
      },
      entryNames: `${name}-[hash]`,
      plugins,
    });
    const [file, { exports }] = entryOf(outputs, `${name}.ts`);
    await demandAllExports(modules, exports);
    for (const module of modules) fileOf.set(resolve(root, module), basename(file));
  }
  if (!yargsIsLean) throw new Error('yargs has moved its platform module: start-up would be slow');
  const { outputs } = await bundle({
    ...program,
    entryPoints: { main: 'commands/main.ts' },
    entryNames: '[name]-[hash]',
    plugins: [fromTiers(fileOf)],
  });
  for (const name of readdirSync(outdir)) await toScript(join(outdir, name));
  const loader = readFileSync(join(root, 'scripts', 'loader.cjs'), 'utf8');
  const main = JSON.stringify(`./${basename(entryOf(outputs, 'commands/main.ts')[0])}`);
  writeFileSync(join(outdir, 'cli.cjs'), loader.replace('MAIN_CHUNK', main));
}

/** Not any other: esbuild calls what is imported dynamically an entry point, too. */
function entryOf(outputs, name) {
  return Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === name);
}

/** Makes a module the expression of a function, as the loader calls it: ASCII, which it need not decode. */
async function toScript(file) {
  const module = readFileSync(file, 'utf8');
  const { code } = await transform(module, {
    format: 'cjs',
    logLevel: 'warning',
    platform: 'node',
    target: TARGET,
    minify: true,
    charset: 'ascii',
    define: { 'import.meta.url': 'hsUrl' },
    supported: { 'dynamic-import': false },
    banner: module.includes('import.meta.url')
      ? "const hsUrl=require('node:url').pathToFileURL(__filename).href;"
      : '',
  });
  // esbuild escapes what is in strings and leaves what is in regular expressions.
  const ascii = code.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(file, `(function(exports,require,module,__filename){${ascii}})`);
}

async function buildLibrary(outdir) {
  await bundle({
    entryPoints: { index: 'src/index.ts' },
    outdir,
    // Bundled CommonJS packages (fs-extra) ask for node's own modules by require().
    banner: {
      js: "import{createRequire as hsRequire}from'node:module';const require=hsRequire(import.meta.url);",
    },
  });
}

/** What a start is spent on: each of these leaves what V8 compiled for it. `run` needs a sandbox. */
const WARM_UP = [
  'version',
  'help put',
  'init',
  'hash-object file',
  'put file --name file',
  'put tree --name tree --pin kept',
  'ls',
  'show tree',
  'log',
  'cat-artifact file',
  'pin file',
  'unpin file',
  'export tree exported',
  'gc --dry-run',
  'run --capture stdout --source file -- cp /bin/sh $HS_OUT/sh',
  'run -- true',
];

function warmUp(outdir) {
  // Node 22.0 and 22.1 have none, so the loader would take nothing.
  if (zlib.crc32 === undefined) return;
  const dir = mkdtempSync(join(tmpdir(), 'hs-warm-up-'));
  try {
    mkdirSync(join(dir, 'tree'));
    for (const name of ['file', 'tree/a', 'tree/b']) writeFileSync(join(dir, name), `${name}\n`);
    for (const words of WARM_UP) {
      const command = words.split(' ');
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(root, 'scripts', 'warm-up.cjs'), outdir, ...command],
        {
          cwd: dir,
          encoding: 'utf8',
          env: { PATH: process.env.PATH, HOME: dir, XDG_STATE_HOME: dir, HS_ACTOR: 'human:builder' },
        },
      );
      const mayFail = command[0] === 'run';
      if (status !== 0 && !mayFail) throw new Error(`hs ${words} ended with ${status}: ${stderr}`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Of two exports with one name, `export *` silently passes on neither. */
async function demandAllExports(modules, exported) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: modules,
    write: false,
    format: 'esm',
    outdir: 'none',
    metafile: true,
  });
  const names = Object.values(metafile.outputs).flatMap((o) => o.exports);
  const lost = names.filter((name) => !exported.includes(name));
  if (lost.length > 0) throw new Error(`two modules of one tier export each of: ${lost.join(', ')}`);
}

/** The project's own modules that `file` imports statically, itself included. */
function addInputs(metafile, file, members) {
  if (members.has(file) || file.includes('node_modules') || !file.endsWith('.ts')) return;
  members.add(file);
  for (const { path: next, kind } of metafile.inputs[file].imports) {
    if (kind === 'import-statement' && metafile.inputs[next] !== undefined)
      addInputs(metafile, next, members);
  }
}

/**
 * The library's types twice, since TypeScript reads the format of a module from the package.json beside it:
 * Node loads `index.js` for `require` as well as for `import`, and TypeScript must believe both.
 */
function emitTypes(outdir) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.types.json'), '--outDir', join(outdir, 'types')];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the types could not be made');
  cpSync(join(outdir, 'types'), join(outdir, 'types-cjs'), { recursive: true });
  writeFileSync(join(outdir, 'types-cjs', 'package.json'), '{"type":"commonjs"}\n');
}

/** Another build may do the same at this moment; then its directory stands, or this one's. */
function swapDirectory(from, to) {
  rmSync(to, { recursive: true, force: true });
  try {
    renameSync(from, to);
  } catch (e) {
    if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST') throw e;
  }
}

/** Builds aside and swaps in, so that a program that starts meanwhile finds a whole `dist/`. */
async function main() {
  const fresh = join(root, `.dist-${process.pid}`);
  try {
    await buildProgram(fresh);
    warmUp(fresh);
    await buildLibrary(fresh);
    if (types) emitTypes(fresh);
    mkdirSync(dist, { recursive: true });
    const entries = ['index.js', 'cli.cjs'];
    if (types) for (const name of ['types', 'types-cjs']) swapDirectory(join(fresh, name), join(dist, name));
    const chunks = readdirSync(fresh).filter((name) => !entries.includes(name));
    for (const name of [...chunks, ...entries]) renameSync(join(fresh, name), join(dist, name));
    for (const name of readdirSync(dist)) {
      const path = join(dist, name);
      if (!/\.(c?js|cache)$/.test(name) || chunks.includes(name) || entries.includes(name)) continue;
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
