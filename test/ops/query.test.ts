import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { Catalog, type CatalogMeta } from '../../src/core/catalog/catalog.js';
import { META_KEY } from '../../src/core/catalog/catalog-keys.js';
import type { ArtifactFacts } from '../../src/core/ledger/operation.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { toCondition } from '../../src/core/query/condition.js';
import { testOf } from '../../src/core/query/matcher.js';
import { listArtifacts } from '../../src/ops/inspect/list-artifacts.js';
import { TableView } from '../../src/store/catalog/table-view.js';
import { add, Chain, idOf, pin, remove } from '../core/chain.js';

const DAY = 86_400_000;
const NOW = toTimestamp(2 * DAY);
const WORDS = ['a', 'ab', 'a b', 'b*', 'ä', 'x'.repeat(70)];
const word = fc.constantFrom(...WORDS);

const facts: fc.Arbitrary<Partial<ArtifactFacts>> = fc.record(
  {
    name: word,
    kind: fc.constantFrom('file', 'report'),
    size_bytes: fc.nat(20),
    retention_ttl_days: fc.nat(4),
    job_id: fc.constantFrom('j1', 'j2', 'job/3'),
    labels: fc.dictionary(fc.constantFrom('env', 'env.x', 'e'), word, { maxKeys: 2 }),
    entities: fc.constantFrom([{ entity_kind: 't', entity_id: '1' }]),
    sources: fc.constantFrom([idOf(0)], [idOf(1), idOf(0)]),
  },
  { requiredKeys: [] },
);

const key = fc.constantFrom('name', 'label.env', 'label.env.x', 'label.e', 'job', 'entity', 'actor', 'pin');
const value = fc.constantFrom(...WORDS, 'a*', '*', 'j*', 'j1', 't:1', 'human:ada', 'ada', 'p');
const filter = fc.oneof(
  fc.tuple(key, fc.constantFrom('=', '!='), value).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('', '!'), key).map((parts) => parts.join('')),
  fc.constantFrom(
    ...[
      'pinned',
      '!pinned',
      'expired',
      '!expired',
      'ttl',
      'size>=9',
      'size<3',
      'kind=report',
      'age<1d',
      'age>=0s',
    ],
    ...[
      'expires<1d',
      'expires<=3d',
      'expires>1d',
      `id=${idOf(2)}`,
      `source=${idOf(0)}`,
      `source!=${idOf(1)}`,
    ],
  ),
);

async function idsOf(rows: AsyncIterable<ArtifactRecord>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { artifact_id } of rows) ids.push(artifact_id);
  return ids;
}

describe('a query', () => {
  it('gives what a slow filter over all records gives, in order, and from any place on', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(facts, { minLength: 3, maxLength: 12 }),
        fc.array(filter, { minLength: 1, maxLength: 3 }),
        fc.nat(11),
        async (all, filters, other) => {
          const chain = new Chain();
          for (const [i, some] of all.entries()) chain.commit(add(i, some));
          chain.commit(pin(other % all.length, 'p'));
          if (other > 3) chain.commit(remove((other + 1) % all.length));
          const { catalog } = chain;
          const tests = filters.map((f) => testOf(toCondition(f, NOW), NOW));
          const slow = (await catalog.live().all()).filter((r) => tests.every((test) => test(r)));
          const expected = slow.map((r) => r.artifact_id);
          found += expected.length;
          const query = { filters, now: NOW };
          expect(await idsOf(listArtifacts(catalog, query))).toEqual(expected);
          const after = expected[Math.floor(expected.length / 2)];
          if (after === undefined) return;
          const rest = expected.slice(expected.indexOf(after) + 1);
          expect(await idsOf(listArtifacts(catalog, { ...query, after }))).toEqual(rest);
        },
      ),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(200);
  });

  /** Rows and single keys of the catalog that a query reads. */
  async function costOf(
    artifacts: number,
    filters: readonly string[],
  ): Promise<[found: number, reads: number]> {
    const chain = new Chain();
    const ops = Array.from({ length: artifacts }, (_, i) => {
      const rare = i % (artifacts / 10) === 0;
      return add(i, {
        labels: { env: 'all', ...(rare ? { commit: '4f2a' } : {}) },
        job_id: rare ? 'rare' : 'job',
      });
    });
    chain.commit(...ops);
    let reads = 0;
    const view = new TableView(chain.tables);
    const counting = {
      get: (k: string) => {
        reads++;
        return view.get(k);
      },
      async *range(prefix: string, after?: string) {
        for await (const rows of view.range(prefix, after)) {
          reads += rows.length;
          yield rows;
        }
      },
      lines: (prefix: string) => view.lines(prefix),
    };
    const catalog = new Catalog(counting, chain.tables.get(META_KEY) as CatalogMeta);
    const ids = await idsOf(listArtifacts(catalog, { filters, now: NOW }));
    return [ids.length, reads];
  }

  it.each([
    ['label.commit=4f2a'],
    ['label.commit'],
    ['job=rare'],
    ['job=rar*'],
    ['label.env=all', 'job=rare'],
  ])('by %s %s costs what it finds, in a store of any size', async (...filters) => {
    const [few, small] = await costOf(500, filters);
    const [many, large] = await costOf(5000, filters);
    expect([few, many]).toEqual([10, 10]);
    expect(large).toBeLessThan(small + 50);
    expect((await costOf(5000, ['label.env=all']))[1]).toBeGreaterThan(5000);
  });
});
