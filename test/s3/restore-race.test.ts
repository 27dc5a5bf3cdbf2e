import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { retain } from '../../src/ops/govern/retain.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

type Open = () => Promise<Session>;

async function onFake(): Promise<Open> {
  const fake = new FakeS3();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) })).close();
  return async () => openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) });
}

async function onDisk(): Promise<Open> {
  const dir = await tmp();
  await (await testStore(dir)).close();
  return () => openTestSession(dir);
}

/** Restores an artifact; before the entry comes, another restores it, revises it, and removes it again. */
async function race(open: Open, purge: boolean) {
  const one = await open();
  const path = `${await tmp()}/file`;
  await writeFile(path, 'content');
  const id = (await put(one, [{ path }], { name: 'a' }))[0]!.artifactId as ArtifactId;
  await removeArtifacts(one, new Set([id]));
  const other = await open();
  const { ledger } = one.store;
  const append = ledger.append.bind(ledger);
  ledger.append = async (...given) => {
    ledger.append = append;
    await restore(other, [id], { pin: false });
    await retain(other, [id], { ttl: 3 });
    await removeArtifacts(other, new Set([id]), { purge });
    await collect(other, { emptyTrash: purge, patience: IMPATIENT });
    return append(...given);
  };
  const done = await restore(one, [id], { pin: true });
  await other.close();
  return { one, done };
}

describe.each([
  ['on a service', onFake],
  ['on a disk', onDisk],
])('%s, an artifact that is revised while it is restored', (_where, begin) => {
  it('comes back with its new manifest', async () => {
    const open = await begin();
    const { one, done } = await race(open, false);
    expect(done.failed).toEqual([]);
    const record = (await (await one.catalog()).live().all()).find(({ name }) => name === 'a')!;
    expect(record.manifests).toHaveLength(2);
    for (const { manifest } of record.manifests)
      expect(await one.store.objects.sizeInUse(manifest)).toBeGreaterThan(0);
    expect((await fsck(one, { repair: false, secondOpinion: false, sample: 1 })).findings).toEqual([]);
    await one.close();
  });
});

it('on a service, an artifact whose new manifest is gone for good while it is restored is not restored', async () => {
  const open = await onFake();
  const { one, done } = await race(open, true);
  expect(done).toMatchObject({ restored: [], failed: [{ error: { code: 'OBJECT_MISSING' } }] });
  await one.close();
  const fresh = await open();
  expect(await readAll(fresh)).not.toContainEqual(expect.objectContaining({ name: 'a' }));
  expect((await fsck(fresh, { repair: false, secondOpinion: false, sample: 1 })).findings).toEqual([]);
  await fresh.close();
});
