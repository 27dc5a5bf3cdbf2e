import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fs from 'fs-extra';
import { expect, it } from 'vitest';
import { checkout } from './helpers/checkout.js';
import { hsEnvironment } from './helpers/hs.js';
import { tmp } from './helpers/tmp.js';

const run = promisify(execFile);

it('HS_PLAIN_BUILD=1 builds a program without loader, shims and compiled code that does the same', async () => {
  const clone = join(await tmp(), 'clone');
  await checkout(clone);
  const env = { ...(await hsEnvironment()), HS_PLAIN_BUILD: '1' };
  await run(process.execPath, ['build/build.mjs', '--no-types'], { cwd: clone, env });
  const built = await fs.readdir(join(clone, 'dist'));
  expect(built.filter((name) => name.endsWith('.cache'))).toEqual([]);
  expect(built.filter((name) => name.endsWith('.cjs'))).toEqual(['cli.cjs']);
  expect((await fs.stat(join(clone, 'dist/cli.cjs'))).size).toBeLessThan(100);

  const cwd = await tmp();
  const hs = async (...args: string[]) =>
    (await run(process.execPath, [join(clone, 'bin/hs.js'), ...args], { cwd, env })).stdout;
  await fs.outputFile(join(cwd, 'tree/a'), 'hello');
  expect(await hs('version')).toMatch(/^hs \d/);
  await hs('init');
  await hs('put', 'tree', '--name', 'greeting', '--pin', 'kept');
  expect(await hs('ls')).toContain('greeting');
  await hs('export', 'greeting', 'out');
  expect(await fs.readFile(join(cwd, 'out/a'), 'utf8')).toBe('hello');
  expect(await hs('gc', '--dry-run')).toContain('kept');
  await hs('fsck');
}, 120_000);

it('a build fails when two modules of a tier export one name for two things', async () => {
  const clone = join(await tmp(), 'clone');
  await checkout(clone);
  // In the tier of the first already.
  await fs.appendFile(join(clone, 'src/core/guard/guard.ts'), '\nexport const MAX_ENTRY_BYTES = 1;\n');
  const built = run(process.execPath, ['build/build.mjs', '--no-types'], {
    cwd: clone,
    env: await hsEnvironment(),
  });
  await expect(built).rejects.toThrow(/"MAX_ENTRY_BYTES" has multiple matching exports/);
}, 120_000);
