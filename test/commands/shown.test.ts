import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { table } from '../../src/cli/text/table.js';
import { displayWidth } from '../../src/cli/text/width.js';
import { createStore } from '../../src/index.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  await mkdir(`${cwd}/d`);
  await writeFile(`${cwd}/d/file`, 'x');
  await hs(['init']);
  const run = async (...args: string[]) => {
    const result = await hs([...args, '--color', 'never'], { columns: 120 });
    expect([args, result.status]).toEqual([args, 0]);
    return result.stdout;
  };
  return { cwd, hs, run };
}

describe('an export of a directory', () => {
  it.each([
    ['app.tar', 'tar'],
    ['app.tar.gz', 'tar.gz'],
    ['app.TGZ', 'tar.gz'],
    ['app.tarball', 'dir'],
    ['tar', 'dir'],
  ])('takes its format from the ending of its destination (%s)', async (name, format) => {
    const { cwd, hs } = await workspace();
    await hs(['put', 'd', '--name', 'app']);
    const { stdout } = await hs(['export', 'app', name, '--json']);
    expect(JSON.parse(stdout).results).toMatchObject([{ format, target: `${cwd}/${name}` }]);
    expect((await stat(`${cwd}/${name}`)).isDirectory()).toBe(format === 'dir');
    if (format === 'tar.gz')
      expect((await readFile(`${cwd}/${name}`)).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  it('follows --format, whatever the suffix', async () => {
    const { cwd, run } = await workspace();
    await run('put', 'd', '--name', 'app');
    await run('export', 'app', 'app.tar', '--format', 'dir');
    expect((await stat(`${cwd}/app.tar`)).isDirectory()).toBe(true);
    await run('materialize', 'app', 'bare.tar');
    expect((await stat(`${cwd}/bare.tar`)).isDirectory()).toBe(true);
  });

  it('by the library follows the suffix too, and copies a file unchanged', async () => {
    const cwd = await tmp();
    process.env.XDG_STATE_HOME = `${cwd}/state`;
    const store = await createStore(cwd);
    await mkdir(`${cwd}/d`);
    await writeFile(`${cwd}/d/file`, 'x');
    await store.put(`${cwd}/d`, { name: 'app' });
    await store.put(`${cwd}/d/file`, { name: 'one' });
    expect(await store.export('app', `${cwd}/app.tar`)).toMatchObject({ format: 'tar' });
    expect(await store.export('one', `${cwd}/one.tar`)).toMatchObject({ format: 'file' });
    expect(await readFile(`${cwd}/one.tar`, 'utf8')).toBe('x');
    await store.close();
  });
});

it('an artifact without a name is called by its short id in every list, and not twice in a sentence', async () => {
  const { cwd, hs, run } = await workspace();
  const { stdout } = await hs(['put', '-', '--ttl', '0', '--kind', 'prompt_payload', '--pin', 'p'], {
    stdin: 'x',
  });
  const id = stdout.trim();
  const short = id.slice(0, 8);
  const again = new RegExp(`^${short} +${short} `, 'm');
  expect(await run('ls')).toMatch(again);
  expect(await run('pins')).toMatch(new RegExp(`^p +${short} +${short} `, 'm'));
  await run('unpin', id, '--name', 'p');
  const plan = await run('gc', '--dry-run', '--now', '2031-01-01');
  expect(plan).toMatch(again);
  expect(plan).toMatch(new RegExp(`cannot be brought back: ${short}$`, 'm'));
  expect(cwd).not.toBe('');
});

describe('a table on a terminal', () => {
  const view = {
    ...{
      text: (raw: string) => raw,
      width: 30,
      terminal: true,
      unicode: true,
      quiet: false,
      verbose: false,
      now: 0,
    },
    style: new Proxy({}, { get: () => (cell: string) => cell }) as Parameters<typeof table>[2]['style'],
  };
  const rows = [{ a: 'n'.repeat(40), b: 'x'.repeat(25), c: '1 GiB' }];
  const columns = [
    { head: 'NAME', value: (r: (typeof rows)[0]) => r.a, shrinks: true },
    { head: 'WHY', value: (r: (typeof rows)[0]) => r.b },
    { head: 'SIZE', align: 'right' as const, value: (r: (typeof rows)[0]) => r.c },
  ];

  it.each([10, 25, 30, 45, 60])('is never wider than that (%i columns)', (width) => {
    for (const line of table(columns, rows, { ...view, width }).split('\n')) {
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  it('is complete on a pipe', () => {
    expect(table(columns, rows, { ...view, terminal: false })).toContain(
      `${'n'.repeat(40)}  ${'x'.repeat(25)}  1 GiB`,
    );
  });
});
