import { stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { rename } from '../../src/ops/govern/describe-artifacts.js';
import { inside } from '../helpers/inside.js';
import { openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

async function workspace() {
  const cwd = await tmp();
  const run = inside(cwd);
  await run(['init']);
  await writeFile(`${cwd}/a`, 'a');
  const put = async (...args: string[]) => (await run(['put', `${cwd}/a`, ...args])).stdout.trim();
  const hs = (...args: string[]) => run(args);
  const manifest = async (id: string) => JSON.parse((await hs('cat-artifact', '--manifest', id)).stdout);
  return { cwd, run, hs, put, manifest };
}

describe('hs rename', () => {
  it('gives the artifact another name by a new revision, by which it is then found', async () => {
    const { hs, put, manifest } = await workspace();
    const id = await put('--name', 'old', '--pin', 'p', '--label', 'k=v');
    const before = await manifest(id);
    expect(await hs('rename', 'old', 'new/ü')).toMatchObject({ status: 0, stderr: '' });
    expect((await hs('resolve', 'new/u\u0308')).stdout.trim()).toBe(id);
    expect((await hs('resolve', 'old')).status).toBe(4);
    const after = await manifest(id);
    const { supersedes, ...rest } = after;
    expect(supersedes).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({ ...before, name: 'new/ü', revision: 2 });
    expect((await hs('pins')).stdout).toContain('p');
    expect((await hs('log', '-n', '1')).stdout).toContain(`revised new/ü (${id.slice(0, 8)}): name`);
    expect((await hs('ledger', 'verify')).status).toBe(0);
  });

  it('orders the versions of a name by registration', async () => {
    const { hs, put } = await workspace();
    const [first, second] = [await put('--name', 'x'), await put('--name', 'y')];
    await hs('rename', first, 'y');
    expect((await hs('resolve', 'y', 'y@{1}')).stdout.trim().split('\n')).toEqual([second, first]);
  });

  it('removes a name, writes nothing without a change, and refuses invalid names', async () => {
    const { hs, put, manifest } = await workspace();
    const id = await put('--name', 'x');
    expect(await hs('rename', id, 'x')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('already'),
    });
    expect((await manifest(id)).revision).toBe(1);
    expect((await hs('rename', id, '--no-name')).status).toBe(0);
    expect(await manifest(id)).not.toHaveProperty('name');
    for (const args of [[id], [id, 'x', '--no-name'], ['--no-name']]) {
      expect([args, (await hs('rename', ...args)).status]).toEqual([args, 2]);
    }
    for (const name of ['../up', 'x@{1}', id, 'a//b']) expect((await hs('rename', id, name)).status).toBe(7);
    expect((await hs('rename', 'nothing', 'x')).status).toBe(4);
  });

  it('refuses frozen artifacts and unauthorized actors, on record, and reports a lost race', async () => {
    const { cwd, run, hs, put } = await workspace();
    const id = await put('--name', 'x');
    const job = { env: { HS_ACTOR: 'ai_job:j' } };
    expect((await run(['rename', 'x', 'y'], job)).status).toBe(6);
    await hs('promote', id);
    await hs('promote', id, '--attest', 'why');
    expect((await hs('rename', id, 'y')).status).toBe(6);
    expect((await hs('label', id, 'k=v')).status).toBe(6);
    const denied = (await hs('log', '--jsonl')).stdout.split('\n').filter((l) => l.includes('"deny"'));
    expect(denied).toHaveLength(3);
    const other = await put('--name', 'o');
    const sessions = await Promise.all([1, 2].map(() => openTestSession(cwd)));
    await Promise.all(sessions.map((s, i) => rename(s, other, `o${i}`)));
    expect((await hs('cat-artifact', '--manifest', other)).stdout).toContain('"revision":3');
  });
});

describe('hs label', () => {
  it('sets and removes labels by one new revision, and keeps the others', async () => {
    const { hs, put, manifest } = await workspace();
    const id = await put('--label', 'keep=1', '--label', 'drop=2', '--label', 'gone=3');
    const done = await hs(
      'label',
      id,
      'new=u\u0308=x',
      'drop=',
      '--remove',
      'gone',
      '--reason',
      'tidy',
      '--json',
    );
    expect(JSON.parse(done.stdout)).toMatchObject({
      schema: 'hs.label/1',
      artifact_id: id,
      revision: 2,
      changed: true,
      labels: { keep: '1', new: 'ü=x' },
    });
    expect((await manifest(id)).labels).toEqual({ keep: '1', new: 'ü=x' });
    expect(await hs('label', id, 'keep=1', 'never=')).toMatchObject({
      status: 0,
      stdout: 'keep=1\nnew=ü=x\n',
    });
    expect((await manifest(id)).revision).toBe(2);
    await hs('label', id, 'keep=', 'new=');
    expect(await manifest(id)).not.toHaveProperty('labels');
  });

  it('reports an invalid label as a usage error, and changes nothing', async () => {
    const { hs, put, manifest } = await workspace();
    const id = await put();
    for (const args of [
      [],
      ['novalue'],
      ['Upper=1'],
      ['__proto__=1'],
      ['k=1', 'k=2'],
      ['k=1', '--remove', 'k'],
      ['hs.refused=1'],
    ]) {
      expect([args, (await hs('label', id, ...args)).status]).toEqual([args, 2]);
    }
    expect((await manifest(id)).revision).toBe(1);
  });

  it('makes a single file executable when exported', async () => {
    const { hs, put, cwd } = await workspace();
    const id = await put();
    await hs('label', id, 'hs.executable=true');
    await hs('export', id, `${cwd}/out`);
    expect((await stat(`${cwd}/out`)).mode & 0o111).toBe(0o111);
  });
});
