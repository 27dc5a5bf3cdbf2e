import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { copy, remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { HS_PROGRAM, hsEnvironment } from '../helpers/hs.js';
import { type InsideOptions, inside } from '../helpers/inside.js';
import { because, whyNotMount } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

const hs = (args: readonly string[], at: { cwd: string } & InsideOptions) => inside(at.cwd)(args, at);

async function workspace(): Promise<{
  cwd: string;
  env: Record<string, string>;
  entry: (seq: number) => string;
}> {
  const cwd = await tmp();
  const env = { HOME: cwd, XDG_STATE_HOME: `${cwd}/state` };
  expect((await hs(['init'], { cwd, env })).status).toBe(0);
  const entry = (seq: number) => `${cwd}/.hsstore/ledger/000000/${String(seq).padStart(10, '0')}.json`;
  return { cwd, env, entry };
}

async function note(at: { cwd: string; env: Record<string, string> }, text: string) {
  return hs(['ledger', 'append-note', text], at);
}

describe('hs ledger', () => {
  it('reads a note from standard input for - and --stdin, without the newline', async () => {
    const w = await workspace();
    for (const from of ['-', '--stdin']) {
      expect((await hs(['ledger', 'append-note', from], { ...w, stdin: `by ${from}\n` })).status).toBe(0);
      expect((await hs(['log', '-n', '1'], w)).stdout).toContain(`noted: by ${from}\n`);
    }
    expect((await hs(['ledger', 'append-note', '-'], { ...w, stdin: 'two\nlines\n' })).status).toBe(2);
    expect((await hs(['ledger', 'append-note'], w)).status).toBe(2);
  });

  it('that is missing entirely is damage, not NOT_FOUND', async () => {
    const w = await workspace();
    await remove(`${w.cwd}/.hsstore/ledger`);
    expect(await hs(['ls'], w)).toMatchObject({ status: 5, stderr: expect.stringContaining('ledger') });
  });

  it('prints the exact bytes of entries with -z, which hash to the link in the next', async () => {
    const w = await workspace();
    await note(w, 'über‮ and \\ back');
    const { bytes } = await hs(['ledger', 'cat', '-z'], w);
    const records = bytes.toString('latin1').split('\0').slice(0, -1);
    expect(records).toHaveLength(2);
    for (const [seq, record] of records.entries()) {
      expect(record).toBe((await readFile(w.entry(seq))).toString('latin1'));
    }
    const first = createHash('sha256').update(records[0]!, 'latin1').digest('hex');
    expect(JSON.parse(Buffer.from(records[1]!, 'latin1').toString()).prev).toBe(first);
    const head = createHash('sha256').update(records[1]!, 'latin1').digest('hex');
    expect((await hs(['ledger', 'head'], w)).stdout).toBe(`1 ${head}\n`);
  });

  it('prints entries by number, type and direction, one JSON document a line that no terminal can obey', async () => {
    const w = await workspace();
    for (const text of ['a', '‮b']) await note(w, text);
    const seqs = async (...args: string[]) =>
      (await hs(['ledger', 'cat', ...args], w)).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq);
    expect(await seqs()).toEqual([0, 1, 2]);
    expect(await seqs('--reverse')).toEqual([2, 1, 0]);
    expect(await seqs('--from', '1', '--to', '1')).toEqual([1]);
    expect(await seqs('--type', 'note', '--reverse', '--jsonl')).toEqual([2, 1]);
    const { stdout } = await hs(['ledger', 'cat', '--from', '2'], w);
    expect(stdout).toContain('\\u202eb');
    expect(stdout).not.toContain('‮');
    expect((await hs(['ledger', 'cat', '--from', '2', '--to', '1'], w)).status).toBe(2);
  });

  it('refuses a note that is empty, too long, of two lines, or given twice', async () => {
    const w = await workspace();
    for (const args of [[], [''], ['x'.repeat(4097)], ['a\nb'], ['a', '--stdin']]) {
      const { status, stderr } = await hs(['ledger', 'append-note', ...args], w);
      expect([args, status, stderr.includes('BUG')]).toEqual([args, 2, false]);
    }
    expect((await hs(['ledger', 'append-note', '--stdin'], { ...w, stdin: 'piped\n' })).stdout).toBe('1\n');
    expect((await hs(['ledger', 'cat', '--from', '1'], w)).stdout).toContain('"text":"piped"');
  });

  it('verify exits 5 and names the entry that was edited, dropped, moved or repeated', async () => {
    const w = await workspace();
    for (const text of ['a', 'b', 'c', 'd']) await note(w, text);
    expect(await hs(['ledger', 'verify'], w)).toMatchObject({ status: 0, stderr: '' });
    const two = await readFile(w.entry(2));

    await rm(w.entry(2));
    await writeFile(w.entry(2), two.toString().replace('"text":"b"', '"text":"B"'));
    const edited = await hs(['ledger', 'verify', '--json'], w);
    expect(edited.status).toBe(5);
    expect(JSON.parse(edited.stdout)).toMatchObject({ ok: false, results: [{ kind: 'edited', seq: 2 }] });

    await unlink(w.entry(2));
    const dropped = await hs(['ledger', 'verify'], w);
    expect(dropped).toMatchObject({ status: 5 });
    expect(dropped.stdout).toContain('entry 2 is missing');

    await copyFile(w.entry(1), w.entry(2));
    expect((await hs(['ledger', 'verify'], w)).stdout).toContain('entry 1 occurs twice: also as number 2');
  });

  it('stops every command that writes to a store that was rolled back, until that is accepted, and lets others read', async () => {
    const w = await workspace();
    await note(w, 'a');
    await copy(`${w.cwd}/.hsstore`, `${w.cwd}/copy`);
    await note(w, 'b');
    await remove(`${w.cwd}/.hsstore`);
    await copy(`${w.cwd}/copy`, `${w.cwd}/.hsstore`);

    const refused = await note(w, 'c');
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain('hs ledger accept-rollback');
    for (const args of [['ls'], ['log'], ['gc', '--dry-run'], ['count-objects']]) {
      const { status, stderr } = await hs(args, w);
      expect([args, status, stderr]).toEqual([
        args,
        0,
        expect.stringMatching(/^hs: warning: .*ends at entry 1, but entry 2 was seen before; .* can be read/),
      ]);
    }
    expect((await hs(['ledger', 'verify'], w)).stdout).toContain('truncated or rolled back');

    // Looking at it, and being refused, change nothing about that.
    const job = { ...w, env: { ...w.env, HS_ACTOR: 'ai_job:worker' } };
    for (const _ of [1, 2]) expect((await hs(['ledger', 'accept-rollback'], job)).status).toBe(6);
    expect((await note(w, 'c')).status).toBe(5);

    const accepted = await hs(['ledger', 'accept-rollback', '--reason', 'the disk was replaced'], w);
    expect(accepted).toMatchObject({ status: 0, stderr: '' });
    expect((await note(w, 'c')).status).toBe(0);
    const { stdout } = await hs(['ledger', 'cat', '--type', 'rollback_accepted'], w);
    expect(JSON.parse(stdout).payload).toMatchObject({ anchor_seq: 2, reason: 'the disk was replaced' });
    expect((await hs(['ledger', 'accept-rollback'], w)).stdout).toContain('nothing to accept');
  });

  it.skipIf(whyNotMount)(`reads an older copy on a read-only medium${because(whyNotMount)}`, async () => {
    const w = await workspace();
    await writeFile(`${w.cwd}/a`, 'hello');
    await hs(['put', `${w.cwd}/a`, '--name', 'a'], w);
    await copy(`${w.cwd}/.hsstore`, `${w.cwd}/copy/.hsstore`);
    await note(w, 'b');
    const script = `mount --bind copy copy && mount -o remount,ro,bind copy && cd copy &&
      "$0" "$1" cat-artifact a && "$0" "$1" ls --json >/dev/null && "$0" "$1" put ../a; echo " $?"`;
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', script, process.execPath, HS_PROGRAM],
      {
        cwd: w.cwd,
        env: await hsEnvironment(w.env),
        encoding: 'utf8',
      },
    );
    expect([stdout, stderr]).toEqual(['hello 5\n', expect.stringContaining('can be read')]);
  });

  it('does not accept a rolled-back ledger whose chain is broken too', async () => {
    const w = await workspace();
    for (const text of ['a', 'b', 'c']) await note(w, text);
    await unlink(w.entry(3));
    const one = await readFile(w.entry(1));
    await rm(w.entry(1));
    await writeFile(w.entry(1), one.toString().replace('"text":"a"', '"text":"A"'));
    expect((await hs(['ledger', 'accept-rollback'], w)).status).toBe(5);
    expect((await note(w, 'c')).status).toBe(5);
  });

  it('says 9 where there is no store', async () => {
    const cwd = await tmp();
    await mkdir(`${cwd}/x`);
    for (const command of ['head', 'verify']) {
      expect((await hs(['ledger', command], { cwd: `${cwd}/x` })).status).toBe(9);
    }
  });
});
