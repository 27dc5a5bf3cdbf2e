import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import type { Catalog } from '../../../src/core/catalog/catalog.js';
import { idKey, META_KEY, placeKey, recordKeys } from '../../../src/core/catalog/catalog-keys.js';
import { MemoryTables } from '../../../src/core/catalog/key-tables.js';
import { rowText } from '../../../src/core/catalog/record-row.js';
import { judgeOne } from '../../../src/core/retention/judge-one.js';
import { catalogOf } from '../../../src/store/catalog/table-view.js';
import { planPrune } from './over-columns.js';
import { randomStore } from './random-store.js';
import type { RecordInput } from './store.js';
import { artifact } from './store.js';

function stateOf({ artifacts, removed }: RecordInput): Catalog {
  const tables = new MemoryTables();
  const gone = removed.map(
    ({ artifact_id, sources }, i): ArtifactRecord => ({
      ...artifact(1000 + i),
      artifact_id,
      ...(sources === undefined ? {} : { sources }),
      removed: { seq: 2000, at: artifact(1).created_at, purge: false },
    }),
  );
  for (const record of [...artifacts, ...gone]) {
    const [own, ...others] = recordKeys(record, placeKey(record.registered));
    tables.put(idKey(record.artifact_id), placeKey(record.registered));
    tables.put(own!, JSON.parse(rowText(record, record)));
    for (const key of others) tables.put(key, 1);
  }
  tables.put(META_KEY, {});
  return catalogOf(tables);
}

it('says of one artifact, asked for by keys, what a plan over all says of it', async () => {
  await fc.assert(
    fc.asyncProperty(randomStore, async (random) => {
      const store: RecordInput = {
        ...random,
        policy: {
          ...random.policy,
          retention: { ...random.policy.retention, quota_bytes: undefined } as never,
        },
        objectsOf: () => ({ objects: [], damaged: false }),
      };
      const { quotaBytes: _, purge: __, ...input } = store;
      const catalog = stateOf(store);
      const plan = planPrune(input);
      const records = new Map(store.artifacts.map((a) => [a.artifact_id, a]));
      for (const item of plan.items) {
        const judged = judgeOne(catalog, records.get(item.artifact_id)!, input.policy, input.clock);
        expect(await judged).toEqual(item);
      }
    }),
    { numRuns: 500 },
  );
});
