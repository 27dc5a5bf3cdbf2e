import { expect, it, vi } from 'vitest';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { listTrash, showTrashed } from '../../../src/ops/gc/list-trash.js';
import { listReports } from '../../../src/ops/gc/retention-reports.js';
import { trashedArtifacts } from '../../../src/ops/gc/trash-contents.js';
import { makeStore, putFile } from './helpers.js';

it('looks at no object where nothing was removed, and else lists all of them once', async () => {
  const { session, clock } = await makeStore();
  await putFile(session, { name: 'kept', pin: 'p' });
  const gone = await putFile(session, { ttl: 1 });
  const groups = vi.spyOn(session.store.inventory, 'groups');
  const listings = async (look: () => Promise<unknown>) => {
    groups.mockClear();
    await look();
    return groups.mock.calls.length;
  };
  expect(await listings(() => listTrash(session))).toBe(0);
  expect(await listings(() => trashedArtifacts(session))).toBe(0);
  expect(await listings(() => listReports(session))).toBe(0);
  clock.pass(2);
  await collect(session);
  expect((await listTrash(session)).map((item) => item.artifact_id)).toEqual([gone]);
  expect(await listings(() => listTrash(session))).toBe(1);
  expect(await listings(() => showTrashed(session, gone))).toBe(1);
  expect(await listings(() => trashedArtifacts(session))).toBe(1);
});
