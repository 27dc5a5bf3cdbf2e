import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { copy } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { TELL_CHUNKS } from '../helpers/tell-chunks.js';
import { tmp } from '../helpers/tmp.js';

const PROJECT = dirname(dirname(HS_PROGRAM));

/** The built program somewhere else, as a package is, and its file of compiled code. */
async function installed() {
  const root = await tmp();
  await copy(join(PROJECT, 'bin'), join(root, 'bin'));
  await cp(join(PROJECT, 'package.json'), join(root, 'package.json'));
  await symlink(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  await mkdir(join(root, 'dist'));
  const caches = `${process.versions.v8}-${process.platform}-${process.arch}.cache`;
  for (const name of await readdir(join(PROJECT, 'dist'))) {
    if (name.endsWith('.cjs') || name === caches)
      await cp(join(PROJECT, 'dist', name), join(root, 'dist', name));
  }
  return { program: join(root, 'bin/hs.js'), dist: join(root, 'dist'), cache: join(root, 'dist', caches) };
}

async function run(program: string, args: readonly string[], env: Record<string, string> = {}, cwd = '/') {
  return promisify(execFile)(process.execPath, [program, ...args], { cwd, env: await hsEnvironment(env) });
}

/** That everything works which a store command loads, with how many chunks were compiled for it. */
async function compiledBy(program: string): Promise<number> {
  const cwd = await tmp();
  await run(program, ['init'], {}, cwd);
  await writeFile(join(cwd, 'file'), 'hello');
  await run(program, ['put', 'file', '--name', 'greeting'], {}, cwd);
  const { stdout, stderr } = await run(
    program,
    ['cat-artifact', 'greeting'],
    { NODE_OPTIONS: TELL_CHUNKS },
    cwd,
  );
  expect(stdout).toBe('hello');
  return [...stderr.matchAll(/^chunk \S+ compiled$/gm)].length;
}

describe('a start', () => {
  it.each([['version'], ['hash-object', 'file'], ['ls'], ['run', '--sandbox', 'none', '--', 'true']])(
    'of hs %s compiles nothing',
    async (...command) => {
      const cwd = await tmp();
      await writeFile(join(cwd, 'file'), 'hello');
      await hs(['init'], { cwd });
      const { status, stderr } = await hs(command, { cwd, env: { NODE_OPTIONS: TELL_CHUNKS } });
      expect(status).toBe(0);
      expect(stderr.match(/^chunk \S+ kept$/gm)!.length).toBeGreaterThan(2);
      expect(stderr.match(/^chunk \S+ compiled$/gm)).toBeNull();
    },
  );

  it('loads neither node:tty, where nothing is a terminal, nor node:zlib', async () => {
    const dir = await tmp();
    const hook = join(dir, 'hook.cjs');
    await writeFile(
      hook,
      `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(join(dir, 'loaded'))}, process.moduleLoadList.join('\\n')));`,
    );
    await hs(['hash-object', hook], { cwd: dir, env: { NODE_OPTIONS: `--require ${hook}` } });
    const loaded = (await readFile(join(dir, 'loaded'), 'utf8')).split('\n');
    expect(loaded).toContain('NativeModule crypto');
    for (const name of ['tty', 'zlib', 'perf_hooks']) expect(loaded).not.toContain(`NativeModule ${name}`);
  });

  it('finds its compiled code wherever it is installed, and writes nothing there', async () => {
    const { program, dist } = await installed();
    const before = await Promise.all(
      (await readdir(dist)).map(async (n) => [n, (await stat(join(dist, n))).mtimeMs]),
    );
    for (const dir of [dist, dirname(program)]) await chmod(dir, 0o555);
    expect(await compiledBy(program)).toBe(0);
    const after = await Promise.all(
      (await readdir(dist)).map(async (n) => [n, (await stat(join(dist, n))).mtimeMs]),
    );
    expect(after).toEqual(before);
    for (const dir of [dist, dirname(program)]) await chmod(dir, 0o755);
  });

  it.each<[string, (bytes: Buffer) => Buffer | undefined]>([
    ['is not there', () => undefined],
    ['is empty', () => Buffer.alloc(0)],
    ['ends in its list', (bytes) => bytes.subarray(0, 100)],
    ['ends in the code', (bytes) => bytes.subarray(0, bytes.indexOf('\n') + 5000)],
    ['is noise', (bytes) => randomBytes(bytes.length)],
    ['has a list of something else', () => Buffer.from('[null, 3]\n')],
    ['has another byte in every 100 of its code', (bytes) => damaged(bytes)],
  ])('works where the file of compiled code %s', async (_, damage) => {
    const { program, cache } = await installed();
    const damagedFile = damage(await readFile(cache));
    if (damagedFile === undefined) await rm(cache);
    else await writeFile(cache, damagedFile);
    expect(await compiledBy(program)).toBeGreaterThan(5);
  });

  it('never runs code compiled from another source, even one of the same length', async () => {
    const { program, dist } = await installed();
    const name = await chunkOf(program, 'version');
    const source = await readFile(join(dist, name), 'utf8');
    const other = source.replace('`hs ${', '`HS ${');
    expect(other).not.toBe(source);
    await writeFile(join(dist, name), other);
    expect((await run(program, ['version'])).stdout).toMatch(/^HS \d/);
  });

  it('says that it is not built where a part of it is missing', async () => {
    const { program, dist } = await installed();
    await rm(join(dist, await chunkOf(program, 'core')));
    const failed = await run(program, ['version']).catch((e) => e);
    expect(failed).toMatchObject({ code: 10 });
    expect(failed.stderr).toMatch(
      /^hs: error: the program is not built: ENOENT.*core-.*\nhint: npm run build\n$/,
    );
  });
});

/** Not that of an earlier build, which may be there still. */
async function chunkOf(program: string, name: string): Promise<string> {
  const { stderr } = await run(program, ['version'], { NODE_OPTIONS: TELL_CHUNKS });
  return new RegExp(`^chunk (${name}-\\S+)`, 'm').exec(stderr)![1]!;
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = bytes.indexOf('\n') + 50; at < copy.length; at += 100) copy[at]! ^= 1;
  return copy;
}
