import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

it('a call reads the condemnation that another call of the same handle has just committed', async () => {
  const home = await tmp();
  const fake = new FakeS3();
  const newest = () => [...fake.objects].filter(([key]) => key.includes('/ledger/')).at(-1)![1];
  /** Called before the mirror keeps that the newest entry is a condemnation. */
  let onCondemned: (() => Promise<void>) | undefined;
  const disk = interceptDisk(nodeDisk(), async (operation, path) => {
    if (operation !== 'rename' || !path.endsWith('ledger-state') || onCondemned === undefined) return;
    if (!newest().includes('objects_condemned')) return;
    const call = onCondemned;
    onCondemned = undefined;
    await call();
  });
  const stores = storesOnFake(fake, home, { disk });
  await (await testStore(URL_OF_STORE, { stores })).close();
  const session = await openTestSession(URL_OF_STORE, { stores });
  const putBytes = async (bytes: string) => {
    await writeFile(`${home}/file`, bytes);
    return (await put(session, [{ path: `${home}/file` }], {}))[0]!.artifactId as ArtifactId;
  };
  await putBytes('kept');
  await removeArtifacts(session, new Set([await putBytes('gone')]));
  let again: ArtifactId | undefined;
  onCondemned = async () => {
    // It relies on keys that are there, and so reads every condemnation.
    again = await putBytes('kept');
  };
  await collect(session, { emptyTrash: true, patience: IMPATIENT });
  expect(again).toBeDefined();
  await session.close();
});
