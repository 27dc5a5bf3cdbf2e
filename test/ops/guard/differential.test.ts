import fc from 'fast-check';
import { expect, it } from 'vitest';
import { guardExport } from '../../../src/core/guard/guard.js';
import { guardSubject } from '../../../src/ops/guard/guard-subject.js';
import { GuardReader } from '../../../src/ops/guard/read-files.js';
import { findRestricted } from '../../../src/ops/guard/read-gate.js';
import { NaiveGuard } from './naive-guard.js';
import { consented, randomWorld } from './random-world.js';

const RUNS = 2000;

it(`decides about every artifact of ${RUNS} random stores as the rules say, read one after the other`, async () => {
  let [blocked, free] = [0, 0];
  await fc.assert(
    fc.asyncProperty(randomWorld, consented, async (w, agreed) => {
      const { catalog } = w;
      const naive = new NaiveGuard(
        [...(await catalog.live().all()), ...(await catalog.removed().all())],
        w.objects,
      );
      const consents = new Set(agreed.flatMap((n) => w.ids[n] ?? []).map((id) => w.record(id).content_hash));
      const reader = new GuardReader(w);
      for await (const record of catalog.live()) {
        const manifest = await reader.manifest(record.manifest);
        const entries = await reader.files(record);
        const subject = await guardSubject(w, catalog, { record, manifest, entries });
        const is = guardExport(subject, consents).length > 0;
        if (is) blocked++;
        else free++;
        expect([record.artifact_id, is]).toEqual([
          record.artifact_id,
          naive.blocks(record.artifact_id, consents),
        ]);
      }
      for (const id of w.objects.keys()) {
        const is = (await findRestricted(w, catalog, [id])) !== undefined;
        expect([id, is]).toEqual([id, naive.restrictsReading(id)]);
      }
    }),
    { numRuns: RUNS },
  );
  // Worlds in which nothing, or everything, is held back would show nothing.
  expect(Math.min(blocked, free)).toBeGreaterThan(RUNS);
}, 300_000);
