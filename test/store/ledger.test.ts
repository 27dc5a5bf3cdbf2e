import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ENTRY_SCHEMA, type EntryDraft, encodeEntry, type LedgerEntry } from '../../src/core/ledger/entry.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type ObjectId, toTimestamp } from '../../src/core/objects/ids.js';
import { isHsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { type PutResult, put } from '../../src/ops/put/put.js';
import { Ledger } from '../../src/store/ledger/ledger.js';
import { Layout } from '../../src/store/local/layout.js';
import { LedgerFiles } from '../../src/store/local/ledger-files.js';
import { behind, openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { SimDisk } from '../sim/sim-disk.js';

const GENESIS = sha256(Buffer.from('genesis'));
const broken = expect.toSatisfy((e: unknown) => isHsError(e, 'LEDGER_BROKEN'));
const uuid = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;

function entryAt(seq: number, prev: ObjectId): LedgerEntry {
  return {
    schema: ENTRY_SCHEMA,
    seq,
    prev,
    event_id: uuid(seq),
    trace_id: uuid(0),
    type: 'note',
    at: toTimestamp(seq),
    actor: 'human',
    actor_id: 'ada',
    payload: { text: `entry ${seq}` },
  };
}

/** A ledger on a simulated disk with `count` entries. */
async function ledgerOf(
  count: number,
): Promise<{ ledger: Ledger; sim: SimDisk; disk: Disk; layout: Layout; append: () => Promise<boolean> }> {
  const sim = new SimDisk();
  sim.plant.dir('/s/ledger');
  sim.plant.dir('/s/tmp');
  const disk = sim.process('p');
  const layout = new Layout('/s');
  const ledger = new Ledger(new LedgerFiles(disk, layout), GENESIS);
  let seq = 0;
  let prev = GENESIS;
  const append = async () => {
    const entry = entryAt(seq++, prev);
    const bytes = encodeEntry(entry);
    prev = sha256(bytes);
    return ledger.append(entry, bytes, 'entry');
  };
  while (seq < count) await append();
  return { ledger, sim, disk, layout, append };
}

describe('a commit', () => {
  const pin = (reason: string) => (id: string) => ({ op: 'pin', artifact_id: id, name: 'p', reason });
  interface Wrong {
    readonly ops?: readonly ReturnType<typeof pin>[];
    readonly payload?: object;
    readonly capability?: string;
  }
  const cases: readonly [what: string, wrong: Wrong][] = [
    ['an operation', { ops: [pin('two\nlines')] }],
    ['one of many operations', { ops: [...Array.from({ length: 200 }, () => pin('fine')), pin('')] }],
    ['a payload', { payload: { text: 'two\nlines' } }],
    ['a capability', { capability: 'no.such' }],
  ];
  it.each(cases)('with %s that readers would refuse is refused itself', async (_, { ops = [], ...wrong }) => {
    const dir = await tmp();
    await writeFile(`${dir}/file`, 'hello');
    const session = await testStore(dir);
    const [{ artifactId }] = (await put(session, [{ path: `${dir}/file` }], {})) as [PutResult];
    const draft = { type: 'note', payload: { text: 'fine' }, ops: ops.map((op) => op(artifactId)), ...wrong };
    await expect(
      session.write('ledger.note', [], (tx) => tx.commit(() => draft as unknown as EntryDraft)),
    ).rejects.toMatchObject({ code: 'INVALID_RECORD' });
    await session.close();
    const again = await openTestSession(dir);
    expect((await again.catalog()).head.seq).toBe(1);
    await again.close();
  });
});

describe('the ledger', () => {
  it('treats an entry as written, and makes it durable, if only its temporary file cannot be removed', async () => {
    const session = await testStore(await tmp());
    const { layout } = behind(session);
    const { workspace } = session.store.local;
    const done: string[] = [];
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'unlink' && path.startsWith(layout.tmp)) throw errnoError('EIO', operation, path);
      const isPlaced = operation === 'syncDir' || operation === 'link';
      if (isPlaced && path.startsWith(layout.ledger)) done.push(`${operation} ${path}`);
    });
    await session.close();
    const other = await openTestSession(workspace, { disk });
    // Twice under one lease: what the first left is not in the way of the second.
    await other.write('ledger.note', [], async (tx) => {
      for (const text of ['a', 'b']) await tx.commit(() => ({ type: 'note', payload: { text } }));
    });
    await other.close();
    // What this process did not write, it makes durable before it builds on it.
    expect(done).toEqual([
      `syncDir ${layout.ledgerDir(0)}`,
      ...[1, 2].flatMap((seq) => [`link ${layout.entry(seq)}`, `syncDir ${layout.ledgerDir(seq)}`]),
    ]);
  });

  it('keeps every entry that it acknowledged through a power cut, the first of a directory, too', async () => {
    const { sim, append } = await ledgerOf(1023);
    sim.settle();
    for (let seq = 1023; seq < 1026; seq++) {
      await append();
      for (let seed = 0; seed < 30; seed++) {
        const after = new Ledger(
          new LedgerFiles(sim.afterCrash(seed).process('reader'), new Layout('/s')),
          GENESIS,
        );
        expect(await after.headSeq()).toBe(seq);
      }
    }
  });

  it('has no hole after a power cut, though nobody could make the last entries durable', async () => {
    const { sim } = await ledgerOf(3);
    sim.settle();
    // What an entry is linked for is not synced, whoever writes it.
    let isLinked = false;
    sim.inject(({ operation }) => {
      if (operation === 'syncDir' && isLinked) return { fail: 'EIO' };
      isLinked =
        operation === 'link' || (isLinked && operation !== 'writeFile' && operation !== 'open:create');
      return undefined;
    });
    let prev = sha256(encodeEntry(entryAt(2, GENESIS)));
    const heads = new Set<number>();
    for (const [n, seq] of [3, 4, 5].entries()) {
      const files = new LedgerFiles(sim.process(`writer${n}`), new Layout('/s'));
      const entry = entryAt(seq, prev);
      const bytes = encodeEntry(entry);
      prev = sha256(bytes);
      isLinked = false;
      await expect(files.append(entry, bytes, `lease${n}`)).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
      });
    }
    for (let seed = 0; seed < 100; seed++) {
      const reader = new LedgerFiles(sim.afterCrash(seed).process('reader'), new Layout('/s'));
      heads.add(await reader.headSeq());
    }
    expect([...heads].sort()).toEqual([4, 5]);
  });

  it('finds its head and reads itself, in one directory and over several', async () => {
    const { ledger, append, disk, layout } = await ledgerOf(1023);
    for (let n = 1023; n < 1027; n++) {
      expect(await ledger.headSeq()).toBe(n - 1);
      await append();
    }
    expect((await disk.readdir(layout.ledger)).map((e) => e.name).sort()).toEqual(['000000', '000001']);
    expect((await ledger.head()).hash).toBe((await ledger.read(1026)).hash);
    let seen = 0;
    for await (const { entry } of ledger.walk()) expect(entry.seq).toBe(seen++);
    expect(seen).toBe(1027);
  });

  it('finds its head when the newest directory was made and the first entry in it was not', async () => {
    const { ledger, disk } = await ledgerOf(1024);
    await disk.mkdir('/s/ledger/000001', 0o700);
    expect(await ledger.headSeq()).toBe(1023);
  });

  it('sees a lost entry among the newest before anything is written', async () => {
    for (const lost of [1, 7]) {
      const { ledger, disk, layout } = await ledgerOf(9);
      await disk.unlink(layout.entry(lost));
      await expect(ledger.headSeq()).rejects.toThrow(broken);
    }
    const { ledger, disk, layout } = await ledgerOf(1030);
    await disk.unlink(layout.entry(1024));
    await expect(ledger.headSeq()).rejects.toThrow(broken);
  });

  it('sees a lost entry anywhere when it is walked', async () => {
    const { ledger, disk, layout } = await ledgerOf(1030);
    await disk.unlink(layout.entry(500));
    await expect(
      (async () => {
        for await (const _ of ledger.walk());
      })(),
    ).rejects.toThrow(broken);
  });

  it('has no head without entries', async () => {
    const { ledger } = await ledgerOf(0);
    await expect(ledger.head()).rejects.toThrow(broken);
  });

  it('gives a number to one writer only, and leaves nothing of the other', async () => {
    const { ledger, disk, layout } = await ledgerOf(3);
    const head = await ledger.head();
    const first = entryAt(3, head.hash);
    const second = { ...first, event_id: uuid(99) };
    expect(await ledger.append(first, encodeEntry(first), 'a')).toBe(true);
    expect(await ledger.append(second, encodeEntry(second), 'b')).toBe(false);
    expect((await ledger.read(3)).entry.event_id).toBe(first.event_id);
    expect(await disk.readdir(layout.tmp)).toEqual([]);
  });

  it('says with the event to look for that an outcome is not known, when the directory cannot be synced', async () => {
    const { ledger: _, disk, layout } = await ledgerOf(3);
    let fails = true;
    const failing = interceptDisk(disk, (operation) => {
      if (operation === 'link') fails = true;
      if (operation === 'syncDir' && fails) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    const ledger = new Ledger(new LedgerFiles(failing, layout), GENESIS);
    const entry = entryAt(3, (await ledger.head()).hash);
    // Nothing is built on an entry that cannot be made durable.
    await expect(ledger.append(entry, encodeEntry(entry), 'a')).rejects.toMatchObject({ code: 'EIO' });
    expect(await ledger.headSeq()).toBe(2);
    fails = false;
    await expect(ledger.append(entry, encodeEntry(entry), 'a')).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      details: { event_id: entry.event_id },
    });
  });

  it('reads nothing that does not follow, or says another number', async () => {
    const { ledger, disk, layout } = await ledgerOf(4);
    const two = await disk.readFile(layout.entry(2), 1e6);
    await disk.unlink(layout.entry(3));
    await disk.link(layout.entry(2), layout.entry(3));
    await expect(ledger.read(3)).rejects.toThrow(/says that it is number 2/);
    await disk.unlink(layout.entry(3));
    const forged = entryAt(3, GENESIS);
    await disk.writeFile(layout.entry(3), encodeEntry(forged), { mode: 0o444, sync: false });
    await expect(
      (async () => {
        for await (const _ of ledger.walk({ seq: 2, hash: sha256(two) }));
      })(),
    ).rejects.toThrow(/does not follow/);
  });

  it('is written to by eight sessions at once without a lost or a doubled entry', async () => {
    const dir = await tmp();
    await (await testStore(dir)).close();
    const sessions = await Promise.all(Array.from({ length: 8 }, () => openTestSession(dir)));
    await Promise.all(
      sessions.map((session, w) =>
        session.write('ledger.note', [], async (tx) => {
          for (let n = 0; n < 5; n++)
            await tx.commit(() => ({ type: 'note', payload: { text: `${w}.${n}` } }));
        }),
      ),
    );
    const seen: string[] = [];
    await sessions[0]!.store.foldFromLedger((entry) => {
      if (entry.type === 'note') seen.push((entry.payload as { text: string }).text);
    });
    expect(seen.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `${i % 8}.${Math.floor(i / 8)}`).sort());
    for (const session of sessions) await session.close();
  });

  it('rebuilds an entry on top of entries committed meanwhile, with their state', async () => {
    const dir = await tmp();
    const [a, b] = [await testStore(dir), await openTestSession(dir)];
    const heads: number[] = [];
    await a.write('ledger.note', [], (tx) =>
      tx.commit(async (catalog) => {
        heads.push(catalog.head.seq);
        if (heads.length === 1) {
          await b.write('ledger.note', [], (other) =>
            other.commit(() => ({ type: 'note', payload: { text: 'first' } })),
          );
        }
        return { type: 'note', payload: { text: 'second' } };
      }),
    );
    expect(heads).toEqual([0, 1]);
    expect((await a.store.ledger.read(2)).entry.payload).toEqual({ text: 'second' });
    for (const s of [a, b]) await s.close();
  });

  it('appends nothing when the build finds nothing to do', async () => {
    const session = await testStore(await tmp());
    expect(await session.write('ledger.note', [], (tx) => tx.commit(() => null))).toBeUndefined();
    expect(await session.store.ledger.headSeq()).toBe(0);
    await session.close();
  });
});

// The real disk, once: link() is the compare-and-swap.
it('an entry is published by a link that fails when the number is taken', async () => {
  const dir = await tmp();
  const session = await testStore(dir);
  const { entry, hash } = await session.store.ledger.read(0);
  const next = { ...entryAt(1, hash), event_id: entry.event_id };
  const appended = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      new Ledger(new LedgerFiles(nodeDisk(), behind(session).layout), GENESIS).append(
        { ...next, trace_id: uuid(n) },
        encodeEntry({ ...next, trace_id: uuid(n) }),
        `${n}`,
      ),
    ),
  );
  expect(appended.filter(Boolean)).toHaveLength(1);
  await session.close();
});
