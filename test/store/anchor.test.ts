import { chmod, mkdir, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { copy, readJson, remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { acceptRollback } from '../../src/ops/govern/accept-rollback.js';
import type { Session } from '../../src/ops/session/session.js';
import { verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { inside } from '../helpers/inside.js';
import { behind, openTestSession, testEnvironment, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { SimDisk } from '../sim/sim-disk.js';

const note = (s: Session, text = 'x') =>
  s.write('ledger.note', [], (tx) => tx.commit(() => ({ type: 'note', payload: { text } })));

async function withNotes(count: number) {
  const dir = await tmp();
  const session = await testStore(dir);
  for (let i = 0; i < count; i++) await note(session);
  const anchor = session.store.anchor.path!;
  const entry = (seq: number) => behind(session).layout.entry(seq);
  await session.close();
  return { dir, anchor, entry, root: session.store.local.directory, open: () => openTestSession(dir) };
}

describe('the anchor', () => {
  it('moves on with every entry, and is readable by its owner alone', async () => {
    const { dir, anchor } = await withNotes(2);
    expect((await readJson(anchor)).seq).toBe(2);
    const { stat } = await import('node:fs/promises');
    expect((await stat(anchor)).mode & 0o777).toBe(0o600);
    const name = anchor.slice(anchor.lastIndexOf('/') + 1);
    expect((await readdir(anchor.slice(0, -name.length - 1))).sort()).toEqual([
      name,
      `${name}.places`,
      'secret',
    ]);
    expect(anchor.startsWith(dir)).toBe(true);
  });

  it('never moves backwards when an earlier commit is remembered last', async () => {
    const { anchor, open } = await withNotes(3);
    const session = await open();
    await session.store.anchor.remember(2, new Uint8Array());
    await session.close();
    expect((await readJson(anchor)).seq).toBe(3);
  });

  it('follows no file that is not the next entry', async () => {
    const { anchor, open, entry } = await withNotes(2);
    const seen = await readFile(anchor);
    for (const bytes of ['{}', await readFile(entry(2))]) {
      await writeFile(entry(3), bytes);
      await open().then(
        (session) => session.close(),
        () => undefined,
      );
      expect(await readFile(anchor)).toEqual(seen);
      await unlink(entry(3));
      const session = await open();
      await note(session);
      await session.close();
      await unlink(entry(3));
      await writeFile(anchor, seen);
    }
  });

  it('catches up with what others have appended, near and far', async () => {
    const { anchor, open } = await withNotes(120);
    const { seq, hash, store_id } = await readJson(anchor);
    for (const before of [undefined, 1, 119]) {
      const session = await open();
      const old = before === undefined ? undefined : await session.store.ledger.hashAt(before);
      await session.close();
      if (before === undefined) await rm(anchor);
      else await writeFile(anchor, canonicalBytes({ hash: old!, seq: before, store_id }));
      await (await open()).close();
      expect(await readJson(anchor)).toMatchObject({ seq, hash });
    }
  });

  it('is left as it is by an entry that follows others than were seen', async () => {
    const { anchor, open, entry } = await withNotes(3);
    const session = await open();
    const seen = await readFile(anchor);
    await unlink(entry(3));
    for (const seq of [3, 4, 5]) {
      const appended = session.store.anchor.remember(seq, new Uint8Array());
      await expect(appended).rejects.toMatchObject({ code: 'ROLLED_BACK', details: { seen_seq: 3 } });
    }
    expect(await readFile(anchor)).toEqual(seen);
    await session.close();
  });

  it('is believed where another command writes the first one between two looks at it', async () => {
    const { dir, anchor } = await withNotes(1);
    let looks = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readFile' && path === anchor && ++looks === 1)
        throw errnoError('ENOENT', 'open', path);
    });
    const session = await openTestSession(dir, { disk });
    expect(looks).toBeGreaterThan(1);
    await note(session);
    await session.close();
    expect((await readJson(anchor)).seq).toBe(2);
  });

  it('finds a ledger that was cut off', async () => {
    const { open, entry } = await withNotes(3);
    await unlink(entry(3));
    await expect(open()).rejects.toMatchObject({
      code: 'ROLLED_BACK',
      details: { seen_seq: 3, head_seq: 2 },
    });
  });

  it('detects a store that was restored from a copy and continued', async () => {
    const { open, dir, root, anchor } = await withNotes(2);
    await copy(root, `${dir}/copy`);
    const session = await open();
    await note(session, 'this way');
    await session.close();
    const seen = await readFile(anchor);
    await remove(root);
    await copy(`${dir}/copy`, root);
    await rm(anchor);
    const other = await open();
    for (const text of ['that way', 'further']) await note(other, text);
    await other.close();
    await writeFile(anchor, seen);
    await expect(open()).rejects.toMatchObject({
      code: 'ROLLED_BACK',
      message: expect.stringContaining('entry 3'),
    });
  });

  it('that exists but is unreadable stops everything until it is accepted', async () => {
    const { open, dir, anchor, entry } = await withNotes(2);
    await unlink(entry(2));
    const other = (await readFile(anchor, 'utf8')).replace(/"store_id":"........-/, '"store_id":"00000000-');
    for (const text of ['', 'rubbish', '{"seq":1}', other]) {
      await writeFile(anchor, text);
      await expect(open()).rejects.toMatchObject({
        code: 'ROLLED_BACK',
        message: expect.stringContaining(anchor),
      });
      expect(await readFile(anchor, 'utf8')).toBe(text);
    }
    await rm(anchor);
    await mkdir(anchor);
    await expect(open()).rejects.toMatchObject({ code: 'ROLLED_BACK' });
    await remove(anchor);
    await writeFile(anchor, 'rubbish');
    const session = await openTestSession(dir, { unchecked: true });
    expect(await verifyLedger(session.store, session.progress, session.signal)).toMatchObject({
      anchor: 'lost',
      problems: [{ kind: 'rolled_back' }],
    });
    expect(await acceptRollback(session, 'cleaned up')).toMatchObject({ accepted: true, head: { seq: 2 } });
    await session.close();
    await (await open()).close();
    expect((await readJson(anchor)).seq).toBe(2);
  });

  it('does not end a command in the middle of which it is lost', async () => {
    const { open, anchor } = await withNotes(1);
    const session = await open();
    await writeFile(anchor, 'rubbish');
    await note(session);
    await session.close();
    expect(await readFile(anchor, 'utf8')).toBe('rubbish');
  });

  it('is no hindrance when it was never there', async () => {
    const { open, anchor } = await withNotes(2);
    await rm(anchor);
    await (await open()).close();
    expect((await readJson(anchor)).seq).toBe(2);
  });

  it('is done without where there is no home, or one that cannot be written', async () => {
    const { dir } = await withNotes(1);
    const environment = { ...testEnvironment(dir, { XDG_STATE_HOME: '' }), home: undefined };
    const session = await openTestSession(dir, { environment });
    expect(session.store.anchor.path).toBeUndefined();
    await note(session);
    await session.close();
    await mkdir(`${dir}/closed`);
    await chmod(`${dir}/closed`, 0o500);
    await writeFile(`${dir}/file`, '');
    const state = testEnvironment(dir, { XDG_STATE_HOME: `${dir}/file/below` });
    const blocked = await openTestSession(dir, { environment: state });
    await note(blocked);
    await blocked.close();
  });

  it('is not moved to an entry that a power cut may take back', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/w');
    const onDisk = (name: string) => ({ disk: sim.process(name), useIndex: false });
    await (await testStore('/w', onDisk('init'))).close();
    sim.settle();
    let linked = false;
    sim.inject(({ process, operation, path }) => {
      if (process === 'writer' && linked && operation === 'syncDir') return 'kill';
      linked ||= process === 'writer' && operation === 'link' && path.includes('/ledger/');
      return undefined;
    });
    const writer = sim.process('writer');
    const outcome = await writer.run(async () =>
      note(await openTestSession('/w', { ...onDisk(''), disk: writer })),
    );
    expect([linked, outcome.status]).toEqual([true, 'killed']);
    await openTestSession('/w', onDisk('reader'));
    for (let seed = 0; seed < 200; seed++) {
      await openTestSession('/w', { disk: sim.afterCrash(seed).process('after'), useIndex: false });
    }
  });

  it('does not advance to an entry that cannot be made durable, and needs an fsync only to advance', async () => {
    const { anchor, dir } = await withNotes(2);
    let works = false;
    let syncs = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation !== 'syncDir' || !path.includes('/ledger/')) return;
      syncs++;
      if (!works) throw errnoError('EIO', operation, path);
    });
    const opened = async () => {
      await (await openTestSession(dir, { disk })).close();
      return { syncs, there: await readFile(anchor).then(Boolean, () => false) };
    };
    expect(await opened()).toEqual({ syncs: 0, there: true });
    await rm(anchor);
    expect(await opened()).toEqual({ syncs: 1, there: false });
    works = true;
    expect(await opened()).toEqual({ syncs: 2, there: true });
    expect(await opened()).toEqual({ syncs: 2, there: true });
  });

  it('that cannot be written is told of once by every command that writes, and by ledger verify', async () => {
    const dir = await tmp();
    const hs = inside(dir);
    const full = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'writeFile' && path.includes('/anchors/'))
        throw errnoError('ENOSPC', operation, path);
    });
    await writeFile(`${dir}/f`, 'f');
    const warnings = async (...argv: string[]) => {
      const { status, stderr } = await hs(argv, { disk: full });
      expect([argv, status]).toEqual([argv, 0]);
      return stderr.split('\n').filter((line) => line.includes('the anchor cannot be written')).length;
    };
    expect(await warnings('init')).toBe(1);
    // From here on one is there, and stays behind.
    await hs(['put', 'f', '--name', 'f']);
    for (const argv of [
      ['put', 'f', '--name', 'g'],
      ['pin', 'f'],
      ['export', 'f', 'out'],
      ['run', '--sandbox', 'none', '--', 'true'],
      ['rm', 'g', '--yes'],
      ['gc', '--yes'],
      ['ledger', 'append-note', 'x'],
      ['ledger', 'verify'],
    ])
      expect([argv, await warnings(...argv)]).toEqual([argv, 1]);
    expect(await warnings('ls')).toBe(0);
    const { stdout } = await hs(['ledger', 'verify', '--json'], { disk: full });
    expect(JSON.parse(stdout)).toMatchObject({
      warnings: [expect.stringMatching(/will not be detected, which it knows up to entry 1$/)],
    });
  });

  it('below a dangling link cannot be written, and no command waits for it', async () => {
    const dir = await tmp();
    await symlink(`${dir}/nowhere/x`, `${dir}/link`);
    const env = { XDG_STATE_HOME: `${dir}/link/state` };
    await writeFile(`${dir}/f`, 'f');
    for (const argv of [['init'], ['put', 'f'], ['ls']]) {
      const { status, stderr } = await inside(dir)(argv, { env });
      expect([argv, status, stderr.includes('the anchor cannot be written')]).toEqual([
        argv,
        0,
        argv[0] !== 'ls',
      ]);
    }
  });

  it('treats a relative XDG_STATE_HOME as unset, as specified', async () => {
    const { dir } = await withNotes(0);
    const environment = testEnvironment(dir, { XDG_STATE_HOME: 'state' });
    const session = await openTestSession(dir, { environment });
    expect(session.store.anchor.path).toBe(`${dir}/.local/state/hs/anchors/${session.store.id}`);
    await session.close();
  });
});
