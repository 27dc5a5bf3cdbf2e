import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactRecord,
  compareRegistration,
  isGuarded,
} from '../../src/core/catalog/artifact-record.js';
import type { CatalogMeta } from '../../src/core/catalog/catalog.js';
import { META_KEY, placeKey } from '../../src/core/catalog/catalog-keys.js';
import { TablesDamaged } from '../../src/core/catalog/key-tables.js';
import { fromRow, rowText } from '../../src/core/catalog/record-row.js';
import { seriesKey } from '../../src/core/catalog/series.js';
import { NO_ROWS, PROVEN_TABLES, type TableSum, withRow } from '../../src/core/catalog/table-sums.js';
import { TOTAL_FIELDS } from '../../src/core/catalog/totals.js';
import type { ArtifactFacts } from '../../src/core/ledger/operation.js';
import { labelOf } from '../../src/core/manifest/label-of.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { add, Chain, facts, idOf, pin, remove, restore, unpin } from './chain.js';

const NAMES = ['a', 'b', 'a/b', 'a b', ' a', 'ä/ö', 'x'.repeat(65)];
const SPREAD = 6;

const someFacts: fc.Arbitrary<Partial<ArtifactFacts>> = fc.record(
  {
    name: fc.constantFrom(...NAMES),
    filename_hint: fc.constantFrom('f', 'g'),
    kind: fc.constantFrom('file', 'report', 'dataset_slice'),
    retention_class: fc.constantFrom('log', 'result'),
    classification: fc.constantFrom('low', 'high'),
    retention_ttl_days: fc.nat(3),
    size_bytes: fc.nat(1000),
    sources: fc.array(fc.nat(SPREAD).map(idOf), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const step = fc.tuple(
  fc.constantFrom('add', 'add', 'revise', 'remove', 'restore', 'pin', 'unpin'),
  fc.nat(SPREAD),
  someFacts,
);

async function chainOf(
  steps: readonly (readonly [string, number, Partial<ArtifactFacts>])[],
): Promise<Chain> {
  const chain = new Chain();
  for (const [what, n, more] of steps) {
    const record = await chain.catalog.get(idOf(n));
    const live = record !== undefined && record.removed === undefined;
    if (what === 'add' && record === undefined) chain.commit(add(n, more));
    if (what === 'revise' && live) {
      chain.commit({ op: 'revise', ...facts(n, { ...more, revision: record.revision + 1 }) });
    }
    if (what === 'remove' && live) chain.commit(remove(n));
    if (what === 'restore' && record?.removed) chain.commit(restore(n));
    if (what === 'pin' && live) chain.commit(pin(n, more.name === 'a' ? 'p' : 'q'));
    if (what === 'unpin' && live) chain.commit(unpin(n, 'p'));
  }
  return chain;
}

const idsOf = (records: readonly ArtifactRecord[]) => records.map((r) => r.artifact_id);
const newestFirst = (a: ArtifactRecord, b: ArtifactRecord) => compareRegistration(b.registered, a.registered);

describe('the catalog', () => {
  it('finds by each key what a full scan finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { catalog } = await chainOf(steps);
        const found = await Promise.all([...Array(SPREAD + 1).keys()].map((n) => catalog.get(idOf(n))));
        const all = found.filter((r) => r !== undefined).sort(newestFirst);
        const live = all.filter((r) => r.removed === undefined);
        const removed = all.filter((r) => r.removed !== undefined);
        expect(await catalog.live().all()).toEqual(live);
        expect(await catalog.removed().all()).toEqual(removed);
        expect(idsOf(await catalog.guarded().all())).toEqual(idsOf(all.filter(isGuarded)));
        const pinned = live.filter((r) => r.pins.length > 0);
        const rows = [];
        for await (const row of catalog.pinned()) rows.push(row);
        expect(rows).toEqual(pinned.map((r) => [r.artifact_id, labelOf(r), r.pins]));
        for (const name of NAMES) {
          expect(idsOf(await catalog.named(name).all())).toEqual(idsOf(live.filter((r) => r.name === name)));
          expect(idsOf(await catalog.removedNamed(name).all())).toEqual(
            idsOf(removed.filter((r) => r.name === name)),
          );
        }
        for (const record of all) {
          const { artifact_id: id } = record;
          expect(idsOf(await catalog.series(record).all())).toEqual(
            idsOf(live.filter((r) => seriesKey(r) === seriesKey(record))),
          );
          expect(idsOf(await catalog.derivedFrom(id).all())).toEqual(
            idsOf(all.filter((r) => r.sources?.includes(id))),
          );
          expect(idsOf(await catalog.live(record.registered).all())).toEqual(
            idsOf(live.filter((r) => newestFirst(record, r) < 0)),
          );
          expect(fromRow(JSON.parse(rowText(record, record)))).toEqual(record);
        }
      }),
    );
  });

  it('keeps totals equal to a sum over all live records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { catalog } = await chainOf(steps);
        const value = { kind: 'kind', class: 'retention_class', layer: 'layer' } as const;
        for (const field of TOTAL_FIELDS) {
          const expected = new Map<string, { artifacts: number; bytes: number }>();
          for await (const record of catalog.live()) {
            const key = record[value[field]];
            const { artifacts, bytes } = expected.get(key) ?? { artifacts: 0, bytes: 0 };
            expected.set(key, { artifacts: artifacts + 1, bytes: bytes + record.size_bytes });
          }
          expect(await catalog.totals(field)).toEqual(expected);
        }
      }),
    );
  });

  it('orders keys of places newest first', () => {
    const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
    const place = fc.record({ seq: number, index: number });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const at = { ...a, at: toTimestamp(0), actor: 'human:me' };
        const order = Math.sign(compareRegistration({ ...at, ...b }, at));
        const [x, y] = [placeKey(a), placeKey(b)];
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(order);
      }),
    );
  });

  const rowsOf = (chain: Chain) => [...chain.tables.range('')].filter(({ key }) => isSummed(key));
  const isSummed = (key: string) => (PROVEN_TABLES as readonly string[]).includes(key.slice(0, 2));
  const prove = (chain: Chain) => chain.catalog.prove();

  it('proves itself, and fails if a row of any table is lost, duplicated or changed', async () => {
    const { chain } = someOfEach();
    const rows = rowsOf(chain);
    expect(new Set(rows.map(({ key }) => key.slice(0, 2)))).toEqual(new Set(PROVEN_TABLES));
    await prove(chain);
    for (const { key, value } of rows) {
      chain.tables.remove(key);
      await expect(prove(chain), `lost ${key}`).rejects.toThrow(TablesDamaged);
      chain.tables.put(`${key}0`, value);
      await expect(prove(chain), `moved ${key}`).rejects.toThrow(TablesDamaged);
      chain.tables.put(key, value);
      await expect(prove(chain), `doubled ${key}`).rejects.toThrow(TablesDamaged);
      chain.tables.remove(`${key}0`);
      for (const other of changesOf(value)) {
        chain.tables.put(key, other);
        await expect(prove(chain), `${key} is ${JSON.stringify(other)}`).rejects.toThrow(TablesDamaged);
      }
      chain.tables.put(key, value);
    }
    await prove(chain);
  });

  it('has the same sums for the same rows, whatever their history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const chain = await chainOf(steps);
        const sums: Record<string, TableSum> = {};
        for (const { key, value } of rowsOf(chain)) {
          const table = key.slice(0, 2);
          // As it is read from a file.
          sums[table] = withRow(sums[table] ?? NO_ROWS, key, JSON.stringify(value), 1);
        }
        const { sums: kept } = chain.tables.get(META_KEY) as CatalogMeta;
        expect(
          Object.entries(kept)
            .filter(([, { rows }]) => rows > 0)
            .sort(),
        ).toEqual(Object.entries(sums).sort());
      }),
    );
  });
});

/** A chain that has rows of each table. */
function someOfEach() {
  const chain = new Chain();
  chain.commit(add(1), add(2, { classification: 'high', retention_ttl_days: 1 }), add(3));
  chain.commit(pin(1, 'p'), remove(3));
  chain.record({
    type: 'objects_purged',
    payload: { batches: ['b'], objects: 1, size_bytes: 1, brought_back: 0 },
  });
  chain.record({ type: 'export_record' });
  chain.record({ type: 'meta.gc_summary', payload: { plan_hash: facts(9).manifest } });
  return { chain };
}

/** The value with one of what it is made of changed, at any depth. */
function* changesOf(value: unknown): Generator<unknown> {
  if (typeof value === 'number') yield value + 1;
  else if (typeof value === 'string') yield `${value.slice(0, -1)}~`;
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      for (const other of changesOf(part)) {
        yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
      }
    }
  }
}
