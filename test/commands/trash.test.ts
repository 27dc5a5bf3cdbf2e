import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let cwd = '';
let actor: string | undefined;
const run = (...args: string[]) => hs(args, { cwd, env: actor === undefined ? {} : { HS_ACTOR: actor } });
const json = async (...args: string[]) => expectDocument((await run(...args, '--json')).stdout);
const put = async (name: string, content = name, ...more: string[]) => {
  writeFileSync(`${cwd}/file`, content);
  return (await run('put', 'file', '--name', name, ...more)).stdout.trim();
};
/** Whether a file of the store, besides the index, has these bytes. */
const bytesOf = async (content: string) => {
  const { stdout } = await hs(['hash-object', '--stdin'], { cwd, stdin: content });
  const hash = stdout.trim();
  return readdirSync(`${cwd}/.hsstore`, { recursive: true, encoding: 'utf8' }).filter((p) =>
    p.endsWith(hash),
  );
};

beforeEach(async () => {
  cwd = await tmp();
  actor = undefined;
  await hs(['init'], { cwd });
});

describe('hs rm --filter', () => {
  it.each([[[]], [['--yes']], [['--purge']]])(
    'removes nothing where nothing matches, and says so %j',
    async (more) => {
      await put('a');
      const { status, stdout, stderr } = await run('rm', '--filter', 'name=none', ...more);
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: 'nothing was removed\n',
        stderr: 'hs: no artifact matches\n',
      });
      expect((await json('ls')).results).toHaveLength(1);
    },
  );
});

describe('hs rm --filter with a duration', () => {
  it('removes nothing by a time that could be meant either way, and says how to write both', async () => {
    await put('a');
    const { status, stderr } = await run('rm', '--filter', 'stored>0s', '--yes');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `hs: error: the filter 'stored>0s' compares a time with a duration
hint: older than 0s: age>0s; younger: age<0s
`,
    });
    expect((await json('ls')).results).toHaveLength(1);
    await run('rm', '--filter', 'age>30d', '--yes');
    expect((await json('ls')).results).toHaveLength(1);
    await run('rm', '--filter', 'age<30d', '--yes');
    expect((await json('ls', '--name', 'a')).results).toEqual([]);
  });
});

describe('hs trash ls', () => {
  it('lists what can be brought back, the last removed first, until when the policy keeps it', async () => {
    const [a, b] = [await put('odd\u202ename'.normalize(), 'a'), await put('b')];
    await put('high', 'high', '--classification', 'high', '--ttl', '3');
    await put('live');
    await put('twin', 'live');
    for (const name of [a, b, 'high', 'twin']) await run('rm', name, '--yes');
    const { results } = await json('trash', 'ls');
    expect(results.map((r: { name: string }) => r.name)).toEqual(['twin', 'b', 'odd\u202ename']);
    const week = 7 * 24 * 3600 * 1000;
    for (const row of results) {
      const window = Date.parse(row.restorable_until) - Date.parse(row.removed_at);
      expect(Math.abs(window - week)).toBeLessThan(600_000);
    }
    const { stdout } = await run('trash', 'ls');
    expect(stdout).toContain('UNTIL');
    expect(stdout).not.toContain('\u202e');
    expect((await run('trash', 'ls', '-z')).stdout.split('\0')).toHaveLength(4);
    await run('restore', b);
    expect((await json('trash', 'ls')).results).toHaveLength(2);
    await run('gc', '--yes', '--empty-trash');
    expect((await json('trash', 'ls')).results).toEqual([]);
  });

  it('follows the window of the policy', async () => {
    await put('a');
    await run('rm', 'a', '--yes');
    const policy = JSON.parse((await run('policy', 'show')).stdout);
    policy.retention.trash_days = 30;
    writeFileSync(`${cwd}/p.json`, JSON.stringify(policy));
    await run('policy', 'set', 'p.json');
    const [row] = (await json('trash', 'ls')).results;
    const days = (Date.parse(row.restorable_until) - Date.parse(row.removed_at)) / (24 * 3600 * 1000);
    expect(Math.round(days)).toBe(30);
  });
});

describe('hs trash show', () => {
  it('shows who removed it, in which collection, until when, and what lies in the trash', async () => {
    mkdirSync(`${cwd}/d`);
    writeFileSync(`${cwd}/d/x`, 'shared');
    writeFileSync(`${cwd}/d/y`, 'own');
    await run('put', 'd', '--name', 'd');
    await put('keeps', 'shared');
    await run('rm', 'd', '--yes');
    const shown = await json('trash', 'show', 'd');
    expect(shown).toMatchObject({
      name: 'd',
      removed_by: { actor: 'human:tester' },
      objects: 4,
      trashed_objects: 3,
      leases: [],
    });
    expect(shown.removed_by.report).toBe((await json('resolve', 'retention-report')).results[0].artifact_id);
    expect((await run('trash', 'show', 'd')).stdout).toMatch(/until .*in 6 days/);
    expect(await run('trash', 'show', 'keeps')).toMatchObject({ status: 8 });
    expect(await run('trash', 'show', 'nobody')).toMatchObject({ status: 4 });
    await run('trash', 'empty', '--yes');
    expect(await run('trash', 'show', 'd')).toMatchObject({ status: 4 });
  });
});

describe('hs trash empty', () => {
  it('purges one artifact in the trash, at once and recorded, and leaves the others', async () => {
    const [a] = [await put('a', 'secret a'), await put('b', 'secret b')];
    for (const name of ['a', 'b']) await run('rm', name, '--yes');
    expect(await bytesOf('secret a')).toHaveLength(1);
    const dry = await run('trash', 'empty', 'a', '--dry-run');
    expect(dry).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 artifact would be gone for good'),
    });
    expect(await bytesOf('secret a')).toHaveLength(1);
    expect(await run('trash', 'empty', 'a')).toMatchObject({ status: 2 });
    const done = await json('trash', 'empty', 'a', '--yes', '--reason', 'leaked');
    expect(done).toMatchObject({ dry_run: false, results: [{ artifact_id: a }] });
    expect(await bytesOf('secret a')).toEqual([]);
    expect(await bytesOf('secret b')).toHaveLength(1);
    expect((await json('trash', 'ls')).results).toMatchObject([{ name: 'b' }]);
    expect((await run('log', 'a')).stdout).toContain('purged a');
    expect((await run('log', 'a')).stdout).toContain('leaked');
    expect(await run('restore', a)).toMatchObject({ status: 5 });
    expect((await run('restore', 'b')).status).toBe(0);
    expect((await run('fsck')).status).toBe(0);
    expect((await run('ledger', 'verify')).status).toBe(0);
    // Again: there is nothing left to do.
    expect((await run('trash', 'empty', a, '--yes')).status).toBe(0);
  });

  it('takes a name for what can still be brought back, and keeps what was purged before out of it', async () => {
    const id = await put('a', 'older');
    const purged = await put('a', 'newer');
    await run('rm', id, '--yes');
    await run('rm', purged, '--purge', '--yes');
    expect((await json('trash', 'show', 'a')).artifact_id).toBe(id);
    const { results } = await json('trash', 'empty', 'a', '--yes');
    expect(results).toMatchObject([{ artifact_id: id }]);
    expect(await bytesOf('older')).toEqual([]);
    // Again: there is nothing left to do.
    expect((await run('trash', 'empty', 'a', '--yes')).status).toBe(0);
  });

  it('has no place for a reason without an ID', async () => {
    await put('a');
    await run('rm', 'a', '--yes');
    const { status, stderr } = await run('trash', 'empty', '--reason', 'leaked', '--yes');
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("'--reason' needs an ID"),
    });
    expect(await bytesOf('a')).toHaveLength(1);
  });

  it('keeps bytes that others hold, names them, and says 3', async () => {
    await put('a', 'same');
    await put('twin', 'same');
    await run('rm', 'a', '--yes');
    const { status, stderr } = await run('trash', 'empty', 'a', '--yes');
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining('twin') });
    expect((await run('cat-artifact', 'twin')).stdout).toBe('same');
    await run('rm', 'twin', '--yes');
    await put('other', 'same');
    expect((await run('trash', 'empty', '--yes')).status).toBe(0);
    expect((await run('cat-artifact', 'other')).stdout).toBe('same');
  });

  it('purges all of it, and says what is lost', async () => {
    const ids = [await put('a'), await put('b')];
    for (const id of ids) await run('rm', id, '--yes');
    const { results } = await json('trash', 'empty', '--dry-run');
    expect(results.map((r: { artifact_id: string }) => r.artifact_id).sort()).toEqual(ids.sort());
    expect((await json('trash', 'empty', '--yes')).results).toHaveLength(2);
    expect(await bytesOf('a')).toEqual([]);
    expect(await run('trash', 'empty', '--yes')).toMatchObject({ status: 0 });
  });

  it('refuses what is live, pinned or not, and who may not, and changes nothing', async () => {
    await put('live', 'live', '--pin', 'keep');
    const id = await put('a');
    await run('rm', 'a', '--yes');
    expect(await run('trash', 'empty', 'live', id, '--yes')).toMatchObject({ status: 8 });
    actor = 'ai_job:ci';
    for (const args of [[id], []]) {
      const { status, stderr } = await run('trash', 'empty', ...args, '--yes');
      expect({ status, stderr }).toMatchObject({
        status: 6,
        stderr: expect.stringContaining('retention.purge'),
      });
    }
    actor = undefined;
    expect((await run('log')).stdout).toContain('was refused');
    expect(await bytesOf('a')).toHaveLength(1);
    expect((await run('restore', id)).status).toBe(0);
  });

  it('waits for a command at work, says 3 while it may need the bytes, and a collection finishes', async () => {
    await put('a');
    await run('rm', 'a', '--yes');
    const writer = spawn(process.execPath, [HS_PROGRAM, 'put', '-'], {
      cwd,
      env: await hsEnvironment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    while (readdirSync(`${cwd}/.hsstore/leases`).length === 0) await new Promise((r) => setTimeout(r, 20));
    const { status, stderr } = await run('trash', 'empty', 'a', '--yes');
    expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining('may need them') });
    expect(await bytesOf('a')).toHaveLength(1);
    writer.stdin.end('done');
    await once(writer, 'close');
    expect((await run('trash', 'empty', 'a', '--yes')).status).toBe(0);
    expect(await bytesOf('a')).toEqual([]);
  });

  it('is finished by a second run, wherever the first was killed', async () => {
    for (const delay of [120, 180, 240, 300, 360, 420]) {
      const id = await put(`a${delay}`, `secret ${delay}`);
      await run('rm', id, '--yes');
      const child = spawn(process.execPath, [HS_PROGRAM, 'trash', 'empty', id, '--yes'], {
        cwd,
        env: await hsEnvironment(),
        stdio: 'ignore',
      });
      setTimeout(() => child.kill('SIGKILL'), delay);
      await once(child, 'close');
      expect((await run('trash', 'empty', id, '--yes')).status).toBe(0);
      expect(await bytesOf(`secret ${delay}`)).toEqual([]);
    }
    expect((await run('fsck')).status).toBe(0);
  });
});
