import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type Timestamp, toTimestamp } from '../../src/core/objects/ids.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { foldEntry } from '../helpers/fold-entry.js';
import { add, Chain, facts, idOf, pin, policy, remove, restore, unpin } from './chain.js';

const broken = expect.toSatisfy((e: unknown) => isHsError(e, 'LEDGER_BROKEN'));
const ids = (records: readonly { artifact_id: string }[]) =>
  records.map((r) => Number(r.artifact_id.slice(0, 8)));

describe('the fold', () => {
  it('records what was added, and where', async () => {
    const { catalog } = new Chain().commit(add(2), add(1));
    expect(ids(await catalog.live().all())).toEqual([1, 2]);
    expect(await catalog.get(idOf(1))).toMatchObject({
      registered: { seq: 1, index: 1, at: toTimestamp(1000) },
      pins: [],
    });
    expect(catalog.head).toEqual({ seq: 1, hash: sha256(Buffer.from('e1')) });
    expect(catalog.counts).toEqual({ live: 2, removed: 0, pins: 0 });
    expect(catalog.policyId).toBe(policy);
  });

  it('keeps the place and every manifest of an artifact through its revisions', async () => {
    const manifest = sha256(Buffer.from('second'));
    const { catalog } = new Chain()
      .commit(add(1, { name: 'old' }), pin(1, 'p'))
      .commit({ op: 'revise', ...facts(1, { revision: 2, manifest, name: 'new' }) });
    const record = (await catalog.get(idOf(1)))!;
    expect(record.registered.seq).toBe(1);
    expect(record.manifests.map((m) => m.manifest)).toEqual([facts(1).manifest, manifest]);
    expect(record.pins).toHaveLength(1);
    expect([ids(await catalog.named('old').all()), ids(await catalog.named('new').all())]).toEqual([[], [1]]);
  });

  it('lists a name newest first by ledger position, live ones only', async () => {
    const chain = new Chain()
      .commit(add(3, { name: 'n' }), add(1, { name: 'n' }))
      .commit(add(2, { name: 'n' }));
    expect(ids(await chain.catalog.named('n').all())).toEqual([2, 1, 3]);
    expect(ids(await chain.commit(remove(1)).catalog.named('n').all())).toEqual([2, 3]);
    expect(ids(await chain.commit(restore(1)).catalog.named('n').all())).toEqual([2, 1, 3]);
  });

  it('keeps several pins, replaces one of the same name, and removes only the named one', async () => {
    const chain = new Chain().commit(add(1)).commit(pin(1, 'b'), pin(1, 'a')).commit(pin(1, 'b'));
    expect((await chain.catalog.get(idOf(1)))!.pins.map((p) => [p.name, p.at])).toEqual([
      ['a', toTimestamp(2000)],
      ['b', toTimestamp(3000)],
    ]);
    expect(chain.catalog.counts.pins).toBe(2);
    const { pins } = (await chain.commit(unpin(1, 'a')).catalog.get(idOf(1)))!;
    expect(pins.map((p) => p.name)).toEqual(['b']);
  });

  it('keeps a removed artifact without its pins, and restores it to its place', async () => {
    const chain = new Chain().commit(add(1), add(2)).commit(remove(1));
    expect(await chain.catalog.get(idOf(1))).toMatchObject({ removed: { seq: 2, purge: false }, pins: [] });
    expect([ids(await chain.catalog.live().all()), ids(await chain.catalog.removed().all())]).toEqual([
      [2],
      [1],
    ]);
    const back = (await chain.commit(restore(1)).catalog.get(idOf(1)))!;
    expect(back.removed).toBeUndefined();
    expect(back.registered.seq).toBe(1);
    expect(chain.catalog.counts).toEqual({ live: 2, removed: 0, pins: 0 });
  });

  it('finds ids by prefix, live ones first, up to the limit', async () => {
    const { catalog } = new Chain().commit(add(11), add(12), add(21)).commit(remove(11));
    expect(ids(await catalog.withPrefix('0000001', 5))).toEqual([12, 11]);
    expect(ids(await catalog.withPrefix('0000001', 1))).toEqual([12]);
    expect(ids(await catalog.withPrefix('9', 5))).toEqual([]);
  });

  it.each<[string, (c: Chain) => unknown]>([
    ['adding what is there', (c) => c.commit(add(1))],
    ['adding what was removed', (c) => c.commit(remove(1)).commit(add(1))],
    ['revising what is not there', (c) => c.commit({ op: 'revise', ...facts(9, { revision: 2 }) })],
    ['leaving out a revision', (c) => c.commit({ op: 'revise', ...facts(1, { revision: 3 }) })],
    ['pinning what is not there', (c) => c.commit(pin(9, 'p'))],
    ['removing twice', (c) => c.commit(remove(1), remove(1))],
    ['restoring what is live', (c) => c.commit(restore(1))],
  ])('says that %s contradicts the ledger', (_, change) => {
    expect(() => change(new Chain().commit(add(1)))).toThrow(broken);
  });

  it('needs a policy from the first entry on', () => {
    const entry = { seq: 0, at: '2026-01-01T00:00:00.000Z' as Timestamp } as LedgerEntry;
    expect(() => foldEntry(new MemoryTables(), entry, [add(1)], policy)).toThrow(broken);
  });

  it('has counts that match its lists, whatever happened', async () => {
    const step = fc.tuple(
      fc.constantFrom('add', 'remove', 'restore', 'pin', 'unpin'),
      fc.nat(5),
      fc.constantFrom('a', 'b'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const chain = new Chain();
        for (const [what, n, name] of steps) {
          const record = await chain.catalog.get(idOf(n));
          const live = record !== undefined && record.removed === undefined;
          if (what === 'add' && record === undefined) chain.commit(add(n, { name }));
          if (what === 'remove' && live) chain.commit(remove(n));
          if (what === 'restore' && record?.removed) chain.commit(restore(n));
          if (what === 'pin' && live) chain.commit(pin(n, name));
          if (what === 'unpin' && live) chain.commit(unpin(n, name));
        }
        const live = await chain.catalog.live().all();
        expect(chain.catalog.counts).toEqual({
          live: live.length,
          removed: (await chain.catalog.removed().all()).length,
          pins: live.reduce((sum, r) => sum + r.pins.length, 0),
        });
        const named = [...(await chain.catalog.named('a').all()), ...(await chain.catalog.named('b').all())];
        expect(ids(named).sort()).toEqual(ids(live).sort());
      }),
    );
  });
});
