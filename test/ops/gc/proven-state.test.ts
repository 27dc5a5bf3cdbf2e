import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/core/catalog/catalog.js';
import { idKey } from '../../../src/core/catalog/catalog-keys.js';
import type { ArtifactId, ObjectId } from '../../../src/core/objects/ids.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { markFor, namesOf } from '../../../src/store/collector/mark.js';
import { IndexReader } from '../../../src/store/objects/index-reader.js';
import type { Store } from '../../../src/store/store.js';
import { LedgerFold } from '../../store/ledger-fold.js';
import { IMPATIENT, liveIds, makeStore, putFile } from './helpers.js';

/** A store that was collected twice: with directories, pins, revisions, what is high, and what was purged. */
async function collected() {
  const made = await makeStore({ useIndex: true });
  const { session, dir, clock } = made;
  await mkdir(`${dir}/tree/deep`, { recursive: true });
  await writeFile(`${dir}/tree/deep/a`, 'in a tree');
  await writeFile(`${dir}/tree/b`, 'another');
  const kept = await putFile(session, { name: 'kept', pin: 'p' });
  await put(session, [{ path: `${dir}/tree` }], { name: 'tree', sources: ['kept'] });
  await put(session, [{ path: `${dir}/tree` }], { ttl: 1, classification: 'high' });
  for (let i = 0; i < 20; i++) await putFile(session, { ttl: 1 + (i % 4), name: `n${i % 7}` });
  await mkdir(`${dir}/many`);
  for (let i = 0; i < 150; i++) await writeFile(`${dir}/many/${i}`, `one of many, ${i}`);
  await put(session, [{ path: `${dir}/many` }], { each: true, ttl: 3 });
  clock.pass(2);
  await collect(session);
  for (let i = 0; i < 10; i++) await putFile(session, { name: `m${i}` });
  clock.pass(1);
  await collect(session, { emptyTrash: true });
  return { ...made, kept };
}

/** What the catalog's rows say of what the ledger itself names, and the mark: as plain sets. */
async function byRows(store: Store, catalog: Catalog) {
  const roots = new Set<ObjectId>();
  for await (const id of catalog.provenRoots()) roots.add(id);
  const purged: string[] = [];
  for await (const name of catalog.provenPurged()) purged.push(name);
  const mark = await markFor(store, catalog, new IndexReader(store.objects));
  return { roots, purged, lastAt: catalog.lastAt, mark };
}

async function reachableNaively(store: Store, fold: LedgerFold, catalog: Catalog): Promise<Set<ObjectId>> {
  const ids = new Set(fold.roots);
  const indexes = new IndexReader(store.objects);
  for (const record of await catalog.live().all()) await namesOf(record, indexes, (id) => ids.add(id));
  for (const r of await catalog.removed().all()) {
    const isKept = r.classification === 'high' || !r.exportable;
    if (isKept && r.payload_type === 'directory') ids.add(r.content_hash);
  }
  return ids;
}

describe('what a collection goes by', () => {
  it('is in the index what the chain says, folded entry by entry', async () => {
    const { session, open } = await collected();
    const other = await open();
    for (const { store } of [session, other]) {
      const fold = new LedgerFold(store);
      const folded = await fold.advance();
      const catalog = await store.catalog();
      const rows = await byRows(store, catalog);
      expect(rows.roots).toEqual(fold.roots);
      expect(rows.roots.size).toBeGreaterThan(1);
      expect(rows.purged.length).toBeGreaterThan(0);
      expect(rows.purged.every((name) => fold.isPurged(name))).toBe(true);
      expect(rows.lastAt).toBe(fold.lastAt);
      for (let seq = -1; seq <= catalog.head.seq; seq++) {
        expect(catalog.changedSince(seq)).toBe(fold.changedSince(seq));
        const { entry } = await store.ledger.read(Math.max(0, seq));
        if (entry.type !== 'meta.gc_summary') continue;
        const { plan_hash } = entry.payload as { readonly plan_hash: ObjectId };
        expect(await catalog.appliedAt(plan_hash)).toBe(fold.appliedAt(plan_hash));
      }
      const naive = await reachableNaively(store, fold, folded);
      expect(rows.mark.unknown).toEqual([]);
      for await (const { objects } of store.inventory.groups()) {
        for (const { id } of objects) expect(rows.mark.reachable.has(id), id).toBe(naive.has(id));
      }
    }
  });

  it('makes the plan that a fold of the ledger makes', async () => {
    const { session, open, clock } = await collected();
    clock.pass(40);
    const without = await open({ useIndex: false });
    const all = { all: true };
    expect(await planCollection(session, all)).toEqual(await planCollection(without, all));
  });
});

type Rows = Awaited<ReturnType<NonNullable<Store['index']>['tables']>> & object;

/** Writes an index of this user's, with seal and hashes, in which something is wrong. */
async function spoil(session: Session, how: (tables: Rows) => void): Promise<void> {
  await session.catalog();
  const index = session.store.index!;
  const tables = (await index.tables())!.fork();
  how(tables);
  await index.advance(tables, 100, 100_000);
  expect(await index.isKept()).toBe(true);
}

describe('an index that is sealed and wrong', () => {
  const rowOf = (tables: Rows, id: ArtifactId) => `a/${tables.get(idKey(id)) as string}`;

  it.each<[string, (tables: Rows, id: ArtifactId) => void]>([
    ['lost a live artifact', (tables, id) => tables.remove(rowOf(tables, id))],
    [
      'lost its pins',
      (tables, id) => {
        const row = tables.get(rowOf(tables, id)) as unknown[];
        tables.put(
          rowOf(tables, id),
          row.map((field) => (Array.isArray(field) ? 0 : field)),
        );
      },
    ],
    [
      'has another artifact twice in its place',
      (tables, id) => {
        const [other] = [...tables.range('a/')].filter(({ key }) => key !== rowOf(tables, id));
        tables.put(rowOf(tables, id), other!.value);
      },
    ],
    [
      'lost what the ledger names',
      (tables) => {
        for (const { key } of [...tables.range('r/')]) tables.remove(key);
      },
    ],
  ])('takes nothing that is pinned when it %s', async (_, damage) => {
    const { session, open, kept, clock } = await collected();
    const record = (await (await session.catalog()).get(kept))!;
    await spoil(session, (tables) => damage(tables, kept));
    await session.close();
    clock.pass(100);
    const after = await open();
    await collect(after, { emptyTrash: true });
    await after.store.objects.read(record.content_hash);
    await after.store.objects.read(record.manifest);
    const last = await open();
    await changePins(last, [{ change: 'unpin', id: kept, name: 'p' }]);
    for await (const { entry } of last.store.ledger.walk()) await last.store.opsOf(entry);
  });

  const dropRemoved = (tables: Rows, id: ArtifactId) => tables.remove(`x/${tables.get(idKey(id)) as string}`);

  it('takes nothing that is held through a removed artifact which it lost', async () => {
    const { session, open, clock } = await makeStore({ useIndex: true });
    const source = await putFile(session, { ttl: 1, content: 'held' });
    const between = await putFile(session, { sources: [source] });
    await putFile(session, { sources: [between], pin: 'p' });
    await removeArtifacts(session, new Set([between]), { patience: IMPATIENT });
    await spoil(session, (tables) => dropRemoved(tables, between));
    await session.close();
    clock.pass(100);
    const after = await open();
    await collect(after);
    expect(await liveIds(after)).toContain(source);
  });

  it('purges nothing that can be restored, though it lost the removal which says so', async () => {
    const { session, open, clock } = await makeStore({ useIndex: true });
    const [leaked, ordinary] = [
      await putFile(session, { content: 'the same' }),
      await putFile(session, { content: 'the same' }),
    ];
    await putFile(session, { ttl: 1 });
    const { content_hash } = (await (await session.catalog()).get(ordinary))!;
    await removeArtifacts(session, new Set([leaked]), { purge: true, patience: IMPATIENT });
    await removeArtifacts(session, new Set([ordinary]), { patience: IMPATIENT });
    await spoil(session, (tables) => dropRemoved(tables, ordinary));
    await session.close();
    clock.pass(2);
    const after = await open();
    await collect(after, { patience: IMPATIENT });
    expect(Buffer.from(await after.store.objects.read(content_hash)).toString()).toBe('the same');
  });

  it('would cost a collector that believes it the payload of what is pinned', async () => {
    const { session, open, kept } = await collected();
    await spoil(session, (tables) => tables.remove(rowOf(tables, kept)));
    await session.close();
    const { store } = await open();
    const ids = new Set<ObjectId>();
    for await (const record of (await store.catalog()).live()) {
      await namesOf(record, new IndexReader(store.objects), (id) => ids.add(id));
    }
    const record = (await (await store.foldFromLedger()).get(kept))!;
    expect(ids.has(record.content_hash)).toBe(false);
  });
});
