import { mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ArtifactRecord, compareRegistration } from '../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import { type ArtifactId, toTimestamp } from '../../src/core/objects/ids.js';
import { type ListQuery, listArtifacts } from '../../src/ops/inspect/list-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { foldEntry } from '../helpers/fold-entry.js';
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
const naive = async (test: (r: ArtifactRecord) => boolean) =>
  (await catalog.live().all())
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
    const expected = await naive(test);
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

  it('reads less than twice what it lists', async () => {
    let rows = 0;
    class Counting extends MemoryTables {
      override *range(prefix: string, after?: string) {
        for (const row of super.range(prefix, after)) {
          rows++;
          yield row;
        }
      }
    }
    const tables = new Counting();
    for await (const { entry, hash } of session.store.ledger.walk()) {
      foldEntry(tables, entry, await session.store.opsOf(entry), hash);
    }
    catalog = catalogOf(tables);
    const [first, second] = await idsOf({ limit: 2 });
    expect(rows).toBe(3);
    rows = 0;
    expect(await idsOf({ limit: 1, after: first! })).toEqual([second]);
    expect(rows).toBe(1);
    rows = 0;
    await idsOf({ filters: [['name', 'm']] });
    expect(rows).toBe(4);
  });
});
