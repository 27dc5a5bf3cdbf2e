import { mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ArtifactRecord, compareRegistration } from '../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { MemoryTables, type ReadTables } from '../../src/core/catalog/key-tables.js';
import { type ArtifactId, toTimestamp } from '../../src/core/objects/ids.js';
import { type ListQuery, listArtifacts } from '../../src/ops/inspect/list-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

let session: Session;
let catalog: Catalog;
const NOW = toTimestamp(Date.now() + 86_400_000 * 3);

async function idsOf(query: Partial<ListQuery>): Promise<ArtifactId[]> {
  const ids: ArtifactId[] = [];
  for await (const { artifact_id } of listArtifacts(catalog, { now: NOW, ...query })) ids.push(artifact_id);
  return ids;
}

/** What the naive list of every record gives. */
const naive = (test: (r: ArtifactRecord) => boolean) =>
  [...catalog.live()]
    .filter(test)
    .sort((a, b) => compareRegistration(b.registered, a.registered))
    .map((r) => r.artifact_id);

describe('a list', () => {
  beforeEach(async () => {
    const dir = await tmp();
    session = await testStore(dir);
    await mkdir(`${dir}/in`);
    for (let i = 0; i < 12; i++) {
      await writeFile(`${dir}/in/${i}`, `${i}`);
      await put(session, [{ path: `${dir}/in/${i}` }], {
        name: ['n', 'n*', 'm'][i % 3]!,
        ...(i % 4 === 0 ? { pin: 'p' } : {}),
        ...(i % 5 === 0 ? { ttl: i } : {}),
      });
    }
    catalog = await session.catalog();
  });

  it.each<[string, Partial<ListQuery>, (r: ArtifactRecord) => boolean]>([
    ['of a name', { filters: [['name', 'n']] }, (r) => r.name === 'n'],
    ['of a glob', { filters: [['name', 'n*']] }, (r) => r.name !== 'm'],
    ['of what is pinned', { pinned: true }, (r) => r.pins.length > 0],
    ['of what is over', { expired: true }, (r) => r.retention_ttl_days === 0],
    [
      'of a name that is pinned',
      { pinned: true, filters: [['name', 'm']] },
      (r) => r.name === 'm' && r.pins.length > 0,
    ],
    ['of everything', {}, () => true],
  ])('%s is what a look at every record gives, whole and page by page', async (_, query, test) => {
    const expected = naive(test);
    expect(expected).not.toEqual([]);
    expect(await idsOf(query)).toEqual(expected);
    for (const sort of [undefined, 'size', '-name']) {
      const whole = await idsOf({ ...query, ...(sort === undefined ? {} : { sort }) });
      const paged: ArtifactId[] = [];
      for (;;) {
        const after = paged.at(-1);
        const page = await idsOf({
          ...query,
          limit: 2,
          ...(sort === undefined ? {} : { sort }),
          ...(after === undefined ? {} : { after }),
        });
        paged.push(...page);
        if (page.length < 2) break;
      }
      expect(paged).toEqual(whole);
    }
  });

  it('reads no more of the catalog than is taken of it', async () => {
    let rows = 0;
    const counting = (tables: ReadTables): ReadTables => ({
      get: (key) => tables.get(key),
      *range(prefix, after) {
        for (const row of tables.range(prefix, after)) {
          rows++;
          yield row;
        }
      },
    });
    const { Catalog: Class } = await import('../../src/core/catalog/catalog.js');
    const { foldEntry } = await import('../../src/core/catalog/fold.js');
    const tables = new MemoryTables();
    for await (const { entry, hash } of session.store.ledger.walk()) {
      foldEntry(tables, entry, await session.store.opsOf(entry), hash);
    }
    catalog = new Class(counting(tables));
    const [first, second] = await idsOf({ limit: 2 });
    expect(rows).toBe(2);
    rows = 0;
    expect(await idsOf({ limit: 1, after: first! })).toEqual([second]);
    expect(rows).toBe(1);
    rows = 0;
    await idsOf({ filters: [['name', 'm']] });
    expect(rows).toBe(4);
  });
});
