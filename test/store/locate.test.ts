import { spawnSync } from 'node:child_process';
import { chmod, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { ensureDir, readJson } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { findStore, namedStore } from '../../src/store/local/locate.js';
import { hs } from '../helpers/hs.js';
import { inside } from '../helpers/inside.js';
import { because, hsAsNobody, whyNotNobody } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';
import { readOnlyDisk } from '../sim/read-only-disk.js';

const UID = process.getuid?.() ?? 0;
const find = async (from: string) => (await findStore(nodeDisk(), from, UID)).root;
const named = async (path: string) => (await namedStore(nodeDisk(), path)).root;

async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  return { cwd, hs, root: `${cwd}/.hsstore` };
}

describe('a store', () => {
  it('is found by walking up, the nearest one first', async () => {
    const { cwd, root } = await workspace();
    await ensureDir(`${cwd}/a/b/c`);
    expect(await find(`${cwd}/a/b/c`)).toBe(root);
    expect((await inside(`${cwd}/a/b`)(['init'])).status).toBe(0);
    expect(await find(`${cwd}/a/b/c`)).toBe(`${cwd}/a/b/.hsstore`);
    expect(await find(`${cwd}/a`)).toBe(root);
  });

  it('is found through a link called .hsstore where this user made or accepted it, and nowhere else', async () => {
    const [cwd, other, mine] = [await tmp(), await tmp(), { XDG_STATE_HOME: await tmp() }];
    const root = `${cwd}/.hsstore`;
    await hs(['init'], { cwd, env: mine });
    await symlink(root, `${other}/.hsstore`);
    for (const args of [['ls'], ['--store', other, 'ls']]) {
      expect(await hs(args, { cwd: other, env: mine })).toMatchObject({ status: 0, stderr: '' });
    }
    const elsewhere = { XDG_STATE_HOME: await tmp() };
    for (const args of [['ls'], ['--store', other, 'ls']]) {
      expect(await hs(args, { cwd: other, env: elsewhere })).toMatchObject({
        status: 6,
        stderr: expect.stringContaining(`hs --store '${root}' doctor --accept`),
      });
    }
    expect(await hs(['--store', root, 'doctor', '--accept'], { env: elsewhere })).toMatchObject({
      status: 0,
    });
    expect(await hs(['ls'], { cwd: other, env: elsewhere })).toMatchObject({ status: 0 });
  });

  it('that a link leads to and is none is named as such', async () => {
    const other = await tmp();
    await symlink('/nowhere', `${other}/.hsstore`);
    await expect(find(other)).rejects.toMatchObject({ code: 'NO_STORE' });
    await rm(`${other}/.hsstore`);
    await symlink(other, `${other}/.hsstore`);
    expect(await inside(other)(['ls'])).toMatchObject({ status: 9 });
  });

  it.each(['', '/objects', '/ledger'])(
    'that every user can write to is refused, and told of where it is named: .hsstore%s',
    async (below) => {
      const { cwd, hs, root } = await workspace();
      await chmod(root, 0o755);
      await chmod(`${root}${below}`, 0o777);
      expect(await hs(['ls'])).toMatchObject({ status: 6, stderr: expect.stringContaining('chmod -R o-w') });
      expect(await hs(['--store', cwd, 'ls'])).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('every user of this machine can write to'),
      });
      await chmod(root, 0o700);
      expect(await hs(['ls'])).toMatchObject({ status: 0, stderr: '' });
    },
  );

  it('may be named by itself or by the directory that holds it', async () => {
    const { cwd, root } = await workspace();
    expect(await named(cwd)).toBe(root);
    expect(await named(root)).toBe(root);
    for (const none of [`${cwd}/nothing`, `${root}/objects`, '/']) {
      await expect(named(none)).rejects.toMatchObject({ code: 'NO_STORE' });
    }
  });

  it('that belongs to another user is refused with 6, unless it is named', async () => {
    const { cwd, root } = await workspace();
    expect((await findStore(nodeDisk(), cwd, UID + 1)).doubt).toMatchObject({ code: 'REFUSED' });
    expect(await named(root)).toBe(root);
  });

  const asNobody = `of root is refused to an ordinary user who stands in its directory${because(whyNotNobody)}`;
  it.skipIf(whyNotNobody !== undefined)(asNobody, async () => {
    const { cwd } = await workspace();
    await chmod(cwd, 0o755);
    const { status, stderr } = spawnSync(...hsAsNobody('ls'), {
      cwd,
      encoding: 'utf8',
      env: { HOME: '/nonexistent', PATH: process.env.PATH },
    });
    expect(stderr).toContain('belongs to another user');
    expect(status).toBe(6);
  });

  it.each<[string, (format: Record<string, unknown>) => unknown, string]>([
    ['of version 2', (f) => ({ ...f, version: 2 }), 'version 2'],
    [
      'with a feature that is not known',
      (f) => ({ ...f, features: ['packs', 'colors'] }),
      "the feature 'colors'",
    ],
    ['with another kind of lock', (f) => ({ ...f, lock: 'flock' }), 'format.json'],
    ['with a field that is not known', (f) => ({ ...f, color: 'red' }), 'format.json'],
    ['of another program', (f) => ({ ...f, format: 'other' }), 'format.json'],
    ['whose format is no object', () => [], 'format.json'],
  ])('%s is refused with 9 by every command, and not touched', async (_, change, why) => {
    const { hs, root, cwd } = await workspace();
    const format = await readJson(`${root}/format.json`);
    await chmod(`${root}/format.json`, 0o644);
    await writeFile(`${root}/format.json`, canonicalBytes(change(format)));
    await writeFile(`${cwd}/x`, 'x');
    const before = (await readdir(root, { recursive: true })).sort();
    for (const args of [
      ['put', 'x'],
      ['ls'],
      ['gc', '--dry-run'],
      ['fsck', '--repair'],
      ['ledger', 'verify'],
    ]) {
      const { status, stderr } = await hs(args);
      expect([args, status]).toEqual([args, 9]);
      expect(stderr).toContain(why);
    }
    expect((await readdir(root, { recursive: true })).sort()).toEqual(before);
  });

  it.each(['', 'rubbish', '{"version":1', '\uFEFF{}'])(
    'whose format.json is %j is refused with 9',
    async (text) => {
      const { hs, root } = await workspace();
      await chmod(`${root}/format.json`, 0o644);
      await writeFile(`${root}/format.json`, text);
      expect((await hs(['ls'])).status).toBe(9);
    },
  );

  it('without format.json, or with a huge one, is none', async () => {
    const { hs, root } = await workspace();
    await chmod(`${root}/format.json`, 0o644);
    await writeFile(`${root}/format.json`, Buffer.alloc(1 << 20, ' '));
    expect((await hs(['ls'])).status).toBe(9);
    await rm(`${root}/format.json`);
    expect((await hs(['ls'])).status).toBe(9);
  });

  it('that is read-only can be read, and says so when it is to be changed', async () => {
    const { hs, cwd, root } = await workspace();
    await writeFile(`${cwd}/x`, 'hello');
    await hs(['put', 'x', '--name', 'x']);
    const disk = readOnlyDisk(nodeDisk());
    expect((await hs(['ls', '--jsonl'], { disk })).stdout).toContain('"name":"x"');
    expect((await hs(['cat-artifact', 'x'], { disk })).stdout).toBe('hello');
    expect((await hs(['log'], { disk })).status).toBe(0);
    expect((await hs(['fsck'], { disk })).status).toBe(0);
    expect((await hs(['ledger', 'verify'], { disk })).status).toBe(0);
    for (const args of [
      ['put', 'x'],
      ['pin', 'x', '--name', 'p'],
      ['ledger', 'append-note', 'x'],
    ]) {
      const { status, stderr } = await hs(args, { disk });
      expect([args, status]).toEqual([args, 10]);
      expect(stderr).toContain(`cannot write to '${root}': the filesystem is read-only`);
    }
    expect((await hs(['ledger', 'head'])).stdout).toMatch(/^1 /);
  });
});
