import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { because, hsAsNobody, NOBODY, whyNotNobody } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

/** A group that neither root nor NOBODY is in by default. */
const GROUP = 4242;

/** Runs hs as the ordinary user in a directory, whose state is in it. */
function asNobody(cwd: string, args: string[], groups: string[] = []) {
  const [command, all] = hsAsNobody(...args);
  const given = all.map((arg) =>
    arg === '--clear-groups' && groups.length > 0 ? `--groups=${groups.join()}` : arg,
  );
  const env = { PATH: process.env.PATH, HOME: `${cwd}/home`, HS_ACTOR: 'human:nobody' };
  return spawnSync(command, given, { cwd, env, encoding: 'utf8' });
}

const everything = (dir: string) =>
  ['', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })].map((name) => ({
    name,
    stat: lstatSync(`${dir}/${name}`),
  }));

/** A workspace of the ordinary user with files to store. */
async function theirs(): Promise<string> {
  const dir = await tmp();
  mkdirSync(`${dir}/home`);
  for (const path of [dir, `${dir}/home`]) chownSync(path, NOBODY, NOBODY);
  chmodSync(dir, 0o755);
  for (let i = 0; i < 3; i++) writeFileSync(`${dir}/f${i}`, `${i}`);
  writeFileSync(`${dir}/big`, Buffer.alloc(1 << 20, 1));
  return dir;
}

describe.skipIf(whyNotNobody !== undefined)(`a store of another user${because(whyNotNobody)}`, () => {
  it('keeps its owner when root works in it', async () => {
    const dir = await theirs();
    expect(asNobody(dir, ['init']).status).toBe(0);
    const root = (...args: string[]) => hs(['--store', dir, ...args], { cwd: dir });
    for (const args of [
      ['put', 'f0', 'f1', 'f2', 'big', '--each'],
      ['ls'],
      ['gc', '--yes', '--empty-trash'],
      ['rm', '--yes', 'f0'],
    ]) {
      await root(...args);
    }
    const roots = everything(`${dir}/.hsstore`).filter(
      ({ stat }) => stat.uid !== NOBODY || stat.gid !== NOBODY,
    );
    expect(roots.map(({ name }) => name)).toEqual([]);
    for (const args of [['put', 'f1'], ['gc', '--yes'], ['fsck']]) {
      expect({ args, status: asNobody(dir, args).status }).toEqual({ args, status: 0 });
    }
  });

  it('is refused to a third one who would leave files of their own in it, and can be read', async () => {
    const dir = await theirs();
    await hs(['init'], { cwd: dir });
    await hs(['put', 'f0', '--name', 'x'], { cwd: dir });
    spawnSync('chmod', ['-R', 'a+rX', `${dir}/.hsstore`]);
    for (const below of ['leases', 'tmp']) chmodSync(`${dir}/.hsstore/${below}`, 0o777);
    const before = everything(`${dir}/.hsstore`).map(({ name }) => name);
    const put = asNobody(dir, ['--store', dir, 'put', 'f1']);
    expect(put.stderr).toContain('belongs to another user');
    expect(put.status).toBe(6);
    expect(asNobody(dir, ['--store', dir, 'cat-artifact', 'x'])).toMatchObject({ status: 0, stdout: '0' });
    expect(everything(`${dir}/.hsstore`).map(({ name }) => name)).toEqual(before);
  });

  it('that was made with --shared is used by every user of its group, and each new file is the group’s', async () => {
    const dir = await theirs();
    chownSync(dir, 0, GROUP);
    chmodSync(dir, 0o2775);
    expect(await hs(['init', '--shared'], { cwd: dir })).toMatchObject({ status: 0 });
    expect(await hs(['put', 'f0', '--name', 'x'], { cwd: dir })).toMatchObject({ status: 0 });
    const nobody = (...args: string[]) => asNobody(dir, args, [String(GROUP)]);
    expect(nobody('ls').status).toBe(6);
    expect(nobody('--store', dir, 'doctor', '--accept').status).toBe(0);
    for (const args of [
      ['put', 'f1', 'big', '--each'],
      ['rm', '--yes', 'x'],
      ['gc', '--yes'],
    ]) {
      const { status, stderr } = nobody(...args);
      expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' });
    }
    expect(await hs(['put', 'f2'], { cwd: dir })).toMatchObject({ status: 0 });
    expect(await hs(['gc', '--yes', '--empty-trash'], { cwd: dir })).toMatchObject({ status: 0 });
    for (const { name, stat } of everything(`${dir}/.hsstore`)) {
      expect({ name, gid: stat.gid }).toEqual({ name, gid: GROUP });
      if (stat.isDirectory()) expect({ name, mode: stat.mode & 0o7777 }).toEqual({ name, mode: 0o2770 });
    }
    expect(await hs(['fsck'], { cwd: dir })).toMatchObject({ status: 0 });
  });
});
