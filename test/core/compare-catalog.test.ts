import fc from 'fast-check';
import { expect, it } from 'vitest';
import { comparedLive } from '../../src/core/catalog/compare-catalog.js';
import { type MemoryTables, TablesDamaged } from '../../src/core/catalog/key-tables.js';
import type { ArtifactFacts, LedgerOp } from '../../src/core/ledger/operation.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { add, Chain, facts, idOf, pin, remove, restore, unpin } from './chain.js';

const NAMES = ['a', 'b', undefined];
const some = (n: number): Partial<ArtifactFacts> => ({
  kind: n % 4 === 0 ? 'dataset_slice' : 'report',
  retention_class: n % 3 === 0 ? 'log' : 'result',
  ...(NAMES[n % 3] === undefined ? {} : { name: NAMES[n % 3]! }),
  ...(n % 2 === 0
    ? { retention_ttl_days: n, labels: { k: `${n}`, 10: 'x' }, job_id: 'job', sources: [idOf(1)] }
    : {}),
  ...(n % 5 === 0
    ? { filename_hint: '', sources: [], entities: [{ entity_kind: 'e', entity_id: `${n}` }] }
    : {}),
});

type Step = readonly ['pin' | 'unpin' | 'remove' | 'restore' | 'revise' | 'purge', number];
const step = fc.tuple(
  fc.constantFrom<Step[0][]>('pin', 'pin', 'unpin', 'remove', 'restore', 'revise', 'purge'),
  fc.integer({ min: 1, max: 12 }),
);

/** A ledger of twelve artifacts that are changed as far as they can be. */
function chainOf(steps: readonly Step[]): Chain {
  const chain = new Chain();
  for (let n = 1; n <= 12; n += 3) chain.commit(...[n, n + 1, n + 2].map((m) => add(m, some(m))));
  const revisions = new Map<number, number>();
  const gone = new Set<number>();
  for (const [what, n] of steps) {
    if (gone.has(n) !== (what === 'restore')) continue;
    const revision = (revisions.get(n) ?? 1) + 1;
    const op: Record<Step[0], () => LedgerOp> = {
      pin: () => ({ ...pin(n, `p${n % 2}`), ...(n % 2 === 0 ? { reason: 'why' } : {}) }) as LedgerOp,
      unpin: () => unpin(n, `p${n % 2}`),
      remove: () => remove(n),
      purge: () => ({ ...remove(n), purge: true }) as LedgerOp,
      restore: () => restore(n),
      revise: () => ({
        op: 'revise',
        ...facts(n, { ...some(n + 1), revision, manifest: facts(100 * revision + n).manifest }),
      }),
    };
    chain.commit(op[what]());
    if (what === 'revise') revisions.set(n, revision);
    if (what === 'remove' || what === 'purge') gone.add(n);
    if (what === 'restore') gone.delete(n);
  }
  return chain
    .record({ type: 'objects_purged', payload: { batches: ['x'], objects: 1, size_bytes: 1 } })
    .record({ type: 'meta.gc_summary', payload: { plan_hash: facts(1).manifest } });
}

async function compare(tables: MemoryTables, { digest }: Chain) {
  const ids: string[] = [];
  for await (const block of comparedLive(catalogOf(tables), digest)) {
    ids.push(...block.map(({ record }) => record.artifact_id));
  }
  return ids;
}

const isTold = async (tables: MemoryTables, chain: Chain) => {
  try {
    await compare(tables, chain);
    return false;
  } catch (e) {
    if (e instanceof TablesDamaged) return true;
    throw e;
  }
};

it('finds nothing in what the fold made, and gives all that is live', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const chain = chainOf(steps);
      const live = await chain.catalog.live().all();
      expect(await compare(chain.tables, chain)).toEqual(live.map((r) => r.artifact_id));
    }),
    { numRuns: 100 },
  );
});

const rowsOf = (tables: MemoryTables) => [...tables.range('')].map(({ key, value }) => ({ key, value }));

it('finds any row that is missing, is another, or is one too many', async () => {
  const chain = chainOf([
    ['pin', 1],
    ['pin', 2],
    ['revise', 2],
    ['remove', 3],
    ['purge', 4],
    ['remove', 5],
    ['restore', 5],
    ['pin', 6],
  ]);
  for (const { key } of rowsOf(chain.tables).filter((row) => row.key !== 'm')) {
    const without = chain.tables.fork();
    without.remove(key);
    expect([key, await isTold(without, chain)]).toEqual([key, true]);
  }
  for (const { key, value } of rowsOf(chain.tables)) {
    for (const changed of changesOf(value)) {
      const other = chain.tables.fork();
      other.put(key, changed);
      expect([key, changed, await isTold(other, chain)]).toEqual([key, changed, true]);
    }
    const twice = chain.tables.fork();
    twice.put(`${key}0`, value);
    expect([key, 'twice', await isTold(twice, chain)]).toEqual([key, 'twice', true]);
  }
});

it('finds what is consistent in itself and of another ledger', async () => {
  const ledger = (...last: LedgerOp[]) =>
    new Chain().commit(add(1, some(1)), add(2, some(2))).commit(...last);
  const chain = ledger(pin(1, 'p'), remove(2));
  const why = { ...pin(1, 'p'), reason: 'why' } as LedgerOp;
  const others = [
    [pin(1, 'q'), remove(2)],
    [why, remove(2)],
    [pin(1, 'p'), { ...remove(2), purge: true } as LedgerOp],
    [pin(1, 'p'), remove(2), add(3)],
    [remove(2)],
  ];
  for (const ops of others) expect([ops, await isTold(ledger(...ops).tables, chain)]).toEqual([ops, true]);
  expect(await isTold(ledger(pin(1, 'p'), remove(2)).tables, chain)).toBe(false);
  const renamed = new Chain().commit(add(1, { ...some(1), name: 'c' }), add(2, some(2)));
  expect(await isTold(renamed.commit(pin(1, 'p'), remove(2)).tables, chain)).toBe(true);
});

/** The value with one part of it changed. */
function changesOf(value: unknown): unknown[] {
  if (typeof value === 'number') return [value + 1];
  if (typeof value === 'string') return [`${value}x`];
  if (Array.isArray(value)) return value.flatMap((v, i) => changesOf(v).map((c) => value.with(i, c)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([k, v]) => changesOf(v).map((c) => ({ ...value, [k]: c })));
}
