/**
 * The program in scripts that the loader, `cli.cjs`, runs with what V8 compiled of them here, in the warm-up.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import fs from 'fs-extra';
import { demandReplaced, replaceModules } from './replace-modules.mjs';

const here = import.meta.dirname;

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
    'src/store/local/local-stores.ts',
    'src/ops/session/open-session.ts',
    'src/ops/recovery/finish-dead-leases.ts',
    'src/ops/naming/resolve-artifact.ts',
    'src/ops/guard/read-gate.ts',
    'src/ops/put/register-artifact.ts',
    'src/ops/govern/pins.ts',
  ],
};

/** Stands for all modules of a tier. */
const TIER = 'hs-tier';

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

/** Writes `cli.cjs`, its chunks with their source maps, and the file of compiled code into `outdir`. */
export async function buildFastProgram(common, outdir) {
  const root = common.absWorkingDir;
  const bundle = async (options) => {
    const { metafile, warnings } = await build({
      ...common,
      outdir,
      outExtension: { '.js': '.cjs' },
      // Names are left, for the stacks of bugs.
      minifySyntax: true,
      minifyWhitespace: true,
      sourcemap: 'inline',
      sourcesContent: false,
      define: { 'process.env.NODE_ENV': '"production"' },
      metafile: true,
      ...options,
      plugins: [...options.plugins, replaceModules],
    });
    if (warnings.length > 0) process.exitCode = 1;
    return metafile;
  };
  const fileOf = new Map();
  const plugins = [fromTiers(fileOf)];
  for (const [name, roots] of Object.entries(TIERS)) {
    const probe = await bundle({ entryPoints: roots, write: false, plugins });
    const members = new Set();
    for (const file of roots) addInputs(probe, file, members);
    const modules = [...members].sort();
    // By name: where two modules export one name for two things, esbuild says so; `export *` passes on neither, silently.
    const names = await exportsOf(root, modules);
    const { outputs } = await bundle({
      stdin: {
        contents: `export { ${names.join(', ')} } from '${TIER}';`,
        resolveDir: root,
        sourcefile: `${name}.ts`,
        loader: 'ts',
      },
      entryNames: `${name}-[hash]`,
      plugins: [...plugins, tier(root, modules)],
    });
    const [file] = entryOf(outputs, `${name}.ts`);
    for (const module of modules) fileOf.set(resolve(root, module), basename(file));
  }
  demandReplaced();
  const entryPoints = { main: 'commands/main.ts' };
  const { outputs } = await bundle({ entryPoints, entryNames: '[name]-[hash]', plugins });
  for (const name of await fs.readdir(outdir)) await toScript(join(outdir, name), common.target);
  const loader = await fs.readFile(join(here, 'loader.cjs'), 'utf8');
  const main = JSON.stringify(`./${basename(entryOf(outputs, 'commands/main.ts')[0])}`);
  await fs.writeFile(join(outdir, 'cli.cjs'), loader.replace('MAIN_CHUNK', main));
  await warmUp(outdir);
}

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

/** The project's own modules that `file` imports statically, itself included. */
function addInputs(metafile, file, members) {
  if (members.has(file) || file.includes('node_modules') || !file.endsWith('.ts')) return;
  members.add(file);
  for (const { path: next, kind } of metafile.inputs[file].imports) {
    if (kind === 'import-statement' && metafile.inputs[next] !== undefined)
      addInputs(metafile, next, members);
  }
}

/** Not any other: esbuild calls what is imported dynamically an entry point, too. */
function entryOf(outputs, name) {
  return Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === name);
}

/** What the modules export, each name once. */
async function exportsOf(root, modules) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: modules,
    write: false,
    format: 'esm',
    outdir: 'none',
    metafile: true,
  });
  return [...new Set(Object.values(metafile.outputs).flatMap((o) => o.exports))].sort();
}

/** A module that has all exports of these. */
function tier(resolveDir, modules) {
  const contents = modules.map((m) => `export * from './${m}';`).join('\n');
  return {
    name: 'tier',
    setup(b) {
      b.onResolve({ filter: new RegExp(`^${TIER}$`) }, () => ({ path: TIER, namespace: TIER }));
      b.onLoad({ filter: /.*/, namespace: TIER }, () => ({ contents, resolveDir, loader: 'ts' }));
    },
  };
}

/** Makes a module the expression of a function, as the loader calls it: ASCII, which it need not decode. */
async function toScript(file, target) {
  const module = await fs.readFile(file, 'utf8');
  const url = module.includes('import.meta.url')
    ? "const hsUrl=require('node:url').pathToFileURL(__filename).href;"
    : '';
  const { code, map } = await transform(module, {
    format: 'cjs',
    logLevel: 'warning',
    platform: 'node',
    target,
    minifySyntax: true,
    minifyWhitespace: true,
    charset: 'ascii',
    sourcefile: basename(file),
    sourcemap: 'external',
    sourcesContent: false,
    define: { 'import.meta.url': 'hsUrl' },
    supported: { 'dynamic-import': false },
    banner: `(function(exports,require,module,__filename){${url}`,
    footer: '})',
  });
  // esbuild escapes what is in strings and leaves what is in regular expressions.
  const ascii = code.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  await fs.writeFile(file, ascii);
  await fs.writeFile(`${file}.map`, map);
}

async function warmUp(outdir) {
  const dir = await fs.mkdtemp(join(tmpdir(), 'hs-warm-up-'));
  try {
    for (const name of ['file', 'tree/a', 'tree/b']) await fs.outputFile(join(dir, name), `${name}\n`);
    for (const words of WARM_UP) {
      const command = words.split(' ');
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(here, 'warm-up.cjs'), outdir, ...command],
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
    await fs.remove(dir);
  }
}
