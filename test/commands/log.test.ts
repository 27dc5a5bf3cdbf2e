import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { history } from '../../src/ops/inspect/history.js';
import { inside } from '../helpers/inside.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  await writeFile(`${cwd}/a`, 'a');
  const put = async (...args: string[]) => (await hs(['put', 'a', ...args])).stdout.trim();
  const rows = async (...args: string[]) =>
    (await hs(['log', '--jsonl', ...args])).stdout
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => JSON.parse(l));
  return { cwd, hs, put, rows };
}

describe('hs log', () => {
  it('prints times in UTC, and says so with a Z', async () => {
    const { hs } = await workspace();
    expect((await hs(['log'])).stdout).toMatch(/^ +0 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}/);
  });

  it('shows who did what to which artifact, newest first', async () => {
    const { hs, put } = await workspace();
    const id = await put('--name', 'report');
    await hs(['pin', 'report', '--name', 'release']);
    await hs(['ledger', 'append-note', 'moved']);
    const { stdout, stderr, status } = await hs(['log']);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((l) => l.trim().split(/ +/)[0])).toEqual(['3', '2', '1', '0']);
    expect(lines[0]).toContain('human:tester noted: moved');
    expect(lines[1]).toContain(`pinned report (${id.slice(0, 8)}) as release`);
    expect(lines[2]).toContain(`added report (${id.slice(0, 8)}), 1 B`);
    expect(lines[3]).toContain('created the store');
  });

  it('shows an artifact stored with a pin once, and the pin', async () => {
    const { hs, put } = await workspace();
    const id = await put('--name', 'report', '--pin', 'k');
    const { stdout } = await hs(['log', '-n', '1']);
    expect(stdout).toContain(`added report (${id.slice(0, 8)}), 1 B; pinned as k\n`);
  });

  it('shows only entries that mention an artifact, even a removed one', async () => {
    const { hs, put, rows } = await workspace();
    const [a, b] = [await put('--name', 'a'), await put('--name', 'b')];
    await hs(['rm', a, '--yes']);
    await hs(['pin', b, '--name', 'p']);
    expect((await rows(b)).map((r) => r.type)).toEqual(['pin_changed', 'artifact_created']);
    expect((await rows(a)).map((r) => r.type)).toEqual(['meta.gc_summary', 'artifact_created']);
    expect((await hs(['log', 'nothing'])).status).toBe(4);
  });

  it('marks refusals, and filters by type and time', async () => {
    const { hs, put, rows } = await workspace();
    const id = await put();
    await hs(['rm', id, '--yes'], { env: { HS_ACTOR: 'plugin_tool:t' } });
    expect((await hs(['log', '--type', 'capability_action'])).stdout).toMatch(
      /plugin_tool:t was refused: .*lacks/,
    );
    expect(await rows('--since', '+1d')).toEqual([]);
    expect(await rows('--since', '-1d', '--limit', '1')).toHaveLength(1);
    expect((await hs(['log', '--type', 'nothing'])).status).toBe(2);
  });

  it('shows exports, refused exports, and collections', async () => {
    const { hs, put } = await workspace();
    const id = (await put('--name', 'n')).slice(0, 8);
    expect((await hs(['export', 'n', 'out'])).status).toBe(0);
    expect((await hs(['export', 'n', 'out'])).status).toBe(8);
    const secret = (await put('--name', 'secret', '--classification', 'high', '--ttl', '3')).slice(0, 8);
    expect((await hs(['export', 'secret', 'out2'])).status).toBe(6);
    expect((await hs(['rm', 'n', '--yes'])).status).toBe(0);
    const { stdout } = await hs(['log']);
    expect(stdout).toMatch(new RegExp(`exported n \\(${id}\\) to .*/out \\(file\\)`));
    expect(stdout).toMatch(
      new RegExp(`failed to export n \\(${id}\\) to .*/out \\(file\\); .*exists already`),
    );
    expect(stdout).toMatch(
      new RegExp(`was refused an export of secret \\(${secret}\\) to .*out2 .*classification is high`),
    );
    expect(stdout).toMatch(new RegExp(`removed n \\(${id}\\), 1 B; report`));
  });

  it('lets nothing in a note or a name steer the terminal', async () => {
    const { hs } = await workspace();
    await hs(['ledger', 'append-note', 'x\u202Ey\u200B']);
    const { stdout } = await hs(['log'], { columns: 100 });
    expect(stdout).toContain('noted: x\\u{202e}y\\u{200b}');
    expect(stdout).toMatch(/now|ago/);
  });

  it('stops after a screen on a terminal and says so; prints everything to a pipe', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    await session.write('ledger.note', [], async (tx) => {
      for (let i = 0; i < 60; i++) await tx.commit(() => ({ type: 'note', payload: { text: `${i}` } }));
    });
    await session.close();
    const hs = inside(dir);
    const shown = await hs(['log'], { columns: 80 });
    expect(shown.stdout.trim().split('\n')).toHaveLength(50);
    expect(shown.stderr).toContain('there are more entries');
    expect((await hs(['log'])).stdout.trim().split('\n')).toHaveLength(61);
  });

  it('reads no more of the ledger than is asked for', async () => {
    const dir = await tmp();
    const first = await testStore(dir);
    await first.write('ledger.note', [], async (tx) => {
      for (let i = 0; i < 60; i++) await tx.commit(() => ({ type: 'note', payload: { text: `${i}` } }));
    });
    await first.catalog();
    await first.close();
    let reads = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readFile' && path.includes('/ledger/')) reads++;
    });
    const session = await openTestSession(dir, { disk });
    const rows = history(session, {});
    for (let i = 0; i < 5; i++) expect((await rows.next()).value).toMatchObject({ seq: 60 - i });
    await rows.return(undefined);
    await session.close();
    expect(reads).toBeLessThan(15);
  });

  it('reads a long list of operations no further than it shows them', async () => {
    const { cwd, hs } = await workspace();
    await mkdir(`${cwd}/d`);
    for (let n = 0; n < 200; n++) await writeFile(`${cwd}/d/${n}`, `${n}`);
    expect((await hs(['put', '--each', 'd'])).status).toBe(0);
    const session = await openTestSession(cwd);
    await session.catalog();
    const whole = vi.spyOn(session.store.objects, 'lend');
    const { value } = await history(session, {}).next();
    await session.close();
    expect(value).toMatchObject({ operations: 200, subjects: { length: 20 } });
    expect(whole).not.toHaveBeenCalled();
  });

  it('follows: the last entries, then each new one, until Ctrl-C, which ends it without a word', async () => {
    const { hs } = await workspace();
    await hs(['ledger', 'append-note', 'before']);
    let interrupt = () => {};
    const following = hs(['log', '--follow', '--limit', '1'], {
      onStart: (send) => {
        interrupt = () => send('SIGINT');
      },
    });
    await hs(['ledger', 'append-note', 'after']);
    await new Promise((done) => setTimeout(done, 900));
    interrupt();
    const { status, stdout, stderr } = await following;
    expect([status, stderr]).toEqual([130, '']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((l) => l.replace(/.*noted: /, '')),
    ).toEqual(['before', 'after']);
    expect((await hs(['log', '--follow', '--json'])).status).toBe(2);
  });

  it('stops at an entry that does not follow the one before', async () => {
    const { cwd, hs } = await workspace();
    for (const text of ['a', 'b', 'c']) await hs(['ledger', 'append-note', text]);
    const entry = `${cwd}/.hsstore/ledger/000000/0000000002.json`;
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(entry, 'utf8');
    await unlink(entry);
    await writeFile(entry, bytes.replace('"text":"b"', '"text":"x"'));
    const { status, stdout } = await hs(['log']);
    expect(status).toBe(5);
    expect(stdout).not.toContain('noted: x');
  });
});
