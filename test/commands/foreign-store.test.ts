import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { copySync, ensureDirSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let dir: string;
let home: string;
let state: string;

/** The workspace as somebody else has made it, with another state directory. */
beforeEach(async () => {
  [dir, home, state] = [`${await tmp()}/clone`, await tmp(), await tmp()];
  mkdirSync(dir);
  writeFileSync(`${dir}/a`, 'a');
  await theirs('init');
  await theirs('put', 'a', '--name', 'plain');
  await theirs('put', 'a', '--name', '.bash_login');
});

const run = (env: Record<string, string>, ...args: string[]) => hs(args, { cwd: dir, env });
const mine = (...args: string[]) => run({ XDG_STATE_HOME: state }, ...args);
const theirs = (...args: string[]) => run({ XDG_STATE_HOME: `${dir}/../their-state` }, ...args);

async function theirPolicy(change: (policy: { export: object; grants: object[] }) => void): Promise<void> {
  const policy = JSON.parse((await theirs('policy', 'show', '--json')).stdout);
  const document = policy.policy ?? policy;
  change(document);
  writeFileSync(`${dir}/policy.json`, JSON.stringify(document));
  expect(await theirs('policy', 'set', 'policy.json')).toMatchObject({ status: 0 });
}

const outputRoot = (output_root: string) =>
  theirPolicy((policy) => Object.assign(policy.export, { output_root }));

describe('a foreign store', () => {
  it.each([
    ['an absolute one', () => `${home}/.config/autostart`],
    ['one above the workspace', () => '../outside'],
    ['one that git runs programs from', () => '.git/hooks'],
  ])('exports nothing into its output root until that is accepted: %s', async (_, root) => {
    ensureDirSync(`${home}/.config/autostart`);
    ensureDirSync(`${dir}/.git/hooks`);
    await outputRoot(root());
    const place = root().startsWith('/') ? root() : `${dir}/${root()}`;
    expect(await mine('export', 'plain')).toMatchObject({
      status: 6,
      stderr: expect.stringContaining('you have not accepted it'),
    });
    expect(existsSync(`${place}/plain`)).toBe(false);
    expect((await mine('doctor')).stdout).toContain('hs doctor --accept');
    expect(await mine('doctor', '--accept')).toMatchObject({ status: 0 });
    expect(await mine('export', 'plain')).toMatchObject({ status: 0 });
    expect(readFileSync(`${place}/plain`, 'utf8')).toBe('a');
  });

  it('does not lead out of the workspace by a link', async () => {
    symlinkSync(home, `${dir}/hs-out`);
    expect(await mine('export', 'plain')).toMatchObject({ status: 7 });
    expect(readdirSync(home)).toEqual([]);
  });

  it('gives no artifact a name that begins with a dot, unless that is typed', async () => {
    expect(await mine('export', '.bash_login')).toMatchObject({ status: 6 });
    expect(await mine('export', '.bash_login', '--into', home)).toMatchObject({ status: 6 });
    expect(readdirSync(home)).toEqual([]);
    expect(await mine('export', '.bash_login', `${home}/.bash_login`)).toMatchObject({ status: 0 });
  });

  it('lets no job write outside of the workspace by its grants, until it is accepted', async () => {
    await theirPolicy((policy) => {
      policy.grants.push({ actor: 'ai_job', capabilities: ['artifact.export', 'artifact.read'] });
    });
    const job = (...args: string[]) => run({ XDG_STATE_HOME: state, HS_ACTOR: 'ai_job:j' }, ...args);
    expect(await job('export', 'plain', `${home}/x`)).toMatchObject({ status: 6 });
    expect(await job('export', 'plain', 'x')).toMatchObject({ status: 0 });
    await mine('doctor', '--accept');
    expect(await job('export', 'plain', `${home}/x`)).toMatchObject({ status: 0 });
  });

  it('is used with an index of this user’s own, once it is met, and without a word when nothing is amiss', async () => {
    await theirs('ls');
    const indexes = () => readdirSync(`${dir}/.hsstore/cache`);
    const [index] = indexes();
    expect(await mine('ls')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('plain'),
    });
    expect(await mine('put', 'a')).toMatchObject({ status: 0, stderr: '' });
    expect(indexes().filter((name) => name !== index)).toHaveLength(1);
  });

  it('is not touched while it contains foreign files', async () => {
    symlinkSync(home, `${dir}/.hsstore/leases/${'0'.repeat(24)}`);
    expect(await mine('put', 'a')).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('leases/000000000000000000000000 in the store'),
    });
    expect(await mine('doctor', '--accept')).toMatchObject({ status: 5 });
  });
});

describe('a store of this user', () => {
  it('uses the output root that the user set, and none that a pull brings', async () => {
    await outputRoot(`${home}/out`);
    expect(await theirs('export', 'plain')).toMatchObject({ status: 0 });
    await outputRoot(`${home}/other`);
    expect(await mine('doctor', '--accept')).toMatchObject({ status: 0 });
    await outputRoot(`${home}/worse`);
    expect(await mine('export', 'plain')).toMatchObject({ status: 6 });
    expect(readdirSync(home)).toEqual(['out']);
  });

  it('is known by an anchor alone, as earlier versions kept it', async () => {
    await theirs('ls');
    const [id] = readdirSync(`${dir}/../their-state/hs/anchors`);
    ensureDirSync(`${state}/hs/anchors`);
    cpSync(`${dir}/../their-state/hs/anchors/${id}`, `${state}/hs/anchors/${id}`);
    expect((await mine('doctor')).stdout).toContain('created or accepted by this user');
  });

  it('is another one as a copy', async () => {
    const copy = `${dir}/../copy`;
    mkdirSync(copy);
    copySync(`${dir}/.hsstore`, `${copy}/.hsstore`);
    const { stdout } = await hs(['doctor'], { cwd: copy, env: { XDG_STATE_HOME: `${dir}/../their-state` } });
    expect(stdout).toContain('neither created nor accepted');
  });
});
