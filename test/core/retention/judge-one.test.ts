import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { Catalog } from '../../../src/core/catalog/catalog.js';
import { idKey, keysOf, META_KEY, placeKey } from '../../../src/core/catalog/catalog-keys.js';
import { MemoryTables } from '../../../src/core/catalog/key-tables.js';
import { rowText } from '../../../src/core/catalog/record-row.js';
import { judgeOne } from '../../../src/core/retention/judge-one.js';
import type { PlanInput } from '../../../src/core/retention/plan-input.js';
import { planPrune } from '../../../src/core/retention/planner.js';
import { randomStore } from './random-store.js';
import { artifact } from './store.js';

function catalogOf({ artifacts, removed }: PlanInput): Catalog {
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
    const [own, ...others] = keysOf(record, placeKey(record.registered));
    tables.put(idKey(record.artifact_id), placeKey(record.registered));
    tables.put(own!, JSON.parse(rowText(record, record)));
    for (const key of others) tables.put(key, 1);
  }
  tables.put(META_KEY, {});
  return new Catalog(tables);
}

it('says of one artifact, asked for by keys, what a plan over all says of it', () => {
  fc.assert(
    fc.property(randomStore, (random) => {
      const store: PlanInput = {
        ...random,
        policy: {
          ...random.policy,
          retention: { ...random.policy.retention, quota_bytes: undefined } as never,
        },
        objectsOf: () => ({ objects: [], damaged: false }),
      };
      const { quotaBytes: _, purge: __, ...input } = store;
      const catalog = catalogOf(store);
      const plan = planPrune(input);
      const records = new Map(store.artifacts.map((a) => [a.artifact_id, a]));
      for (const item of plan.items) {
        expect(judgeOne(catalog, records.get(item.artifact_id)!, input.policy, input.clock)).toEqual(item);
      }
    }),
    { numRuns: 500 },
  );
});
