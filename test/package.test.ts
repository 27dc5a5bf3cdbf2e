import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fs from 'fs-extra';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkout } from './helpers/checkout.js';
import { hsEnvironment } from './helpers/hs.js';
import { makeTempDirectory } from './helpers/tmp.js';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** What the project that uses the package has installed besides. */
const OF_THE_PROJECT = new Set(['hsstore', 'typescript', '.bin', '.package-lock.json']);

let project = '';
let files: string[] = [];

/** Packs a clean checkout by npm alone, and installs that into a project as npm would. */
beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  const clone = join(path, 'clone');
  await checkout(clone);
  const npm = ['pack', '--ignore-scripts=false', '--json', '--pack-destination', path];
  const { stdout } = await run('npm', npm, { cwd: clone, maxBuffer: 1e8 });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  files = packed.files.map((file: { path: string }) => file.path);
  project = join(path, 'project');
  const modules = join(project, 'node_modules');
  await fs.ensureDir(join(modules, 'hsstore'));
  await run('tar', [
    '-xzf',
    join(path, packed.filename),
    '--strip-components=1',
    '-C',
    join(modules, 'hsstore'),
  ]);
  for (const name of await fs.readdir(join(root, 'node_modules'))) {
    if (!OF_THE_PROJECT.has(name)) await fs.symlink(join(root, 'node_modules', name), join(modules, name));
  }
  return remove;
}, 400_000);

describe('npm pack in a clean clone', () => {
  it('packs the program, the library, their types and the manual', () => {
    const wanted = ['dist/cli.cjs', 'dist/index.js', 'dist/types/src/index.d.ts', 'bin/hs.js', 'man/hs.1'];
    expect(files).toEqual(expect.arrayContaining(wanted));
    const chunks = files.filter((file) => /\.c?js$/.test(file) && file.startsWith('dist/'));
    const unmapped = chunks.filter((file) => !files.includes(`${file}.map`));
    expect(unmapped).toEqual(['dist/cli.cjs']);
    expect(files.filter((file) => /^(src|test|scripts|build)\//.test(file))).toEqual([]);
  });

  it('packs no compiled code, which nobody could read', () => {
    expect(files.filter((file) => /\.(cache|node)$/.test(file))).toEqual([]);
  });

  it.each([
    {
      kind: 'an ESM',
      extension: 'mts',
      module: 'nodenext',
      says: 'evaluation 1 1 {"score":0.93} USAGE true object',
    },
    { kind: 'a CommonJS', extension: 'cts', module: 'node16', says: '3 NOT_FOUND true' },
  ])(
    'gives a package that $kind program in strict TypeScript compiles against and runs',
    async (program) => {
      const { extension, module, says } = program;
      const source = `program.${extension}`;
      await fs.copy(join(root, 'test/package', source), join(project, source));
      const config = {
        compilerOptions: {
          ...{ module, moduleResolution: module, target: 'es2022', types: ['node'] },
          ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
          ...{ verbatimModuleSyntax: false, skipLibCheck: false, outDir: 'out', rootDir: '.' },
        },
        files: [source],
      };
      await fs.writeJson(join(project, 'tsconfig.json'), config);
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch((e) => e);
      expect(stdout).toBe('');
      const compiled = join(project, 'out', source.replace('ts', 'js'));
      const store = join(project, extension);
      await fs.ensureDir(store);
      const ran = await run(process.execPath, [compiled, store], { env: await hsEnvironment() });
      expect(ran.stdout).toBe(`${says}\n`);
    },
    120_000,
  );

  it('gives an error of the library its class, and names and places in the sources on its stack', async () => {
    const program = "import { openStore } from 'hsstore';\nawait openStore({ store: '/nowhere' });\n";
    await fs.outputFile(join(project, 'fails.mjs'), program);
    const stackWith = async (...options: string[]): Promise<string> => {
      const fails = run(process.execPath, [...options, 'fails.mjs'], {
        cwd: project,
        env: await hsEnvironment(),
      });
      return (await fails.catch((e) => e)).stderr;
    };
    expect(await stackWith()).toMatch(
      /^HsError: (?:.|\n)*\n {4}at async openStore \(.*\/hsstore\/dist\/index\.js:/m,
    );
    expect(await stackWith('--enable-source-maps')).toMatch(
      /^ {4}at .*openStore \(.*\/src\/library\/open-store\.ts:\d+:\d+\)/m,
    );
  });
});
