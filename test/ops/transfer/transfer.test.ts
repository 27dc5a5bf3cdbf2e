import { chmod, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureDir, remove } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Manifest, toManifest } from '../../../src/core/manifest/manifest.js';
import { encodeBundleIndex, toBundleIndex } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../../src/core/objects/ids.js';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { DEFAULT_POLICY, encodePolicy } from '../../../src/core/policy/policy.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { systemRandom } from '../../../src/fsx/system-effects.js';
import { createBundle } from '../../../src/ops/bundle/create-bundle.js';
import { exportRefusal } from '../../../src/ops/export/decide-export.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { label } from '../../../src/ops/govern/describe-artifacts.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { promote } from '../../../src/ops/govern/promote.js';
import { reclassify } from '../../../src/ops/govern/reclassify.js';
import { setPolicyFrom } from '../../../src/ops/govern/set-policy.js';
import { manifestOf } from '../../../src/ops/payload/read-manifest.js';
import { type PutResult, put } from '../../../src/ops/put/put.js';
import { registerArtifacts } from '../../../src/ops/put/register-artifact.js';
import type { Session } from '../../../src/ops/session/session.js';
import { decideBatch } from '../../../src/ops/transfer/departure.js';
import { thisProgram } from '../../../src/store/memory/memory-state.js';
import { MemoryStores } from '../../../src/store/memory/memory-stores.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { behind, openTestSession, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import { FakeS3 } from '../../s3/fake-s3.js';
import { fakeEnvironment, storesOnFake, URL_OF_STORE } from '../../s3/on-fake.js';
import { FILE_ID, TREE_ID } from '../bundle/bundle-files.js';
import {
  entriesFrom,
  errorsOf,
  exportRecords,
  moved,
  planned,
  putText,
  putTree,
  readAll,
  recordOf,
} from './helpers.js';

function memoryStore(dir: string): Promise<Session> {
  const ports = { process: thisProgram, random: systemRandom(), uid: 1000, disk: nodeDisk() };
  return testStore(dir, { stores: new MemoryStores().seenBy(ports) });
}

/** Registers what a manifest states without looking at it, as a hostile store would. */
function registerAsIs(session: Session, manifest: Manifest, ...objects: Uint8Array[]): Promise<void> {
  return session.write('artifact.create', [], async (tx) => {
    for (const bytes of objects) await tx.batch.addBytes(bytes);
    await registerArtifacts(tx, [manifest]);
  });
}

async function manifestHere(id: ArtifactId): Promise<Manifest> {
  return manifestOf(here, (await recordOf(here, id))!);
}

let dir: string;
let here: Session;
let there: Session;

beforeEach(async () => {
  dir = await tmp();
  here = await testStore(dir);
  there = await testStore(await tmp());
});

/** A store on a service of its own, with the mirror in the directory. */
function serviceStore(home: string): Promise<Session> {
  return testStore(URL_OF_STORE, {
    stores: storesOnFake(new FakeS3(), home),
    environment: fakeEnvironment(home),
  });
}

describe.each([
  ['from a directory to a service', testStore, serviceStore],
  ['from a service to a directory', serviceStore, testStore],
  ['from a service to another', serviceStore, serviceStore],
  ['from a directory to a directory', testStore, testStore],
  ['from a directory into memory', testStore, memoryStore],
  ['from memory to a directory', memoryStore, testStore],
] as const)('a transfer %s', (_, make, makeOther) => {
  it('keeps ids, manifests, names, labels and bytes, and a second one writes nothing anywhere', async () => {
    const from = await make(await tmp());
    const to = await makeOther(await tmp());
    const ids = [await putTree(from, dir, 'tree', { labels: { a: 'b' } }), await putText(from, dir, 'text')];
    await writeFile(`${dir}/large`, Buffer.alloc(3 * 1024 * 1024, 7));
    ids.push((await put(from, [{ path: `${dir}/large` }], {}))[0]!.artifactId);
    const results = await moved(from, to);
    expect(results.map((r) => 'artifact' in r && r.artifact.artifactId)).toEqual(ids);
    expect(await readAll(to)).toEqual([...ids].sort());
    for (const id of ids) {
      const [mine, theirs] = [await recordOf(from, id), await recordOf(to, id)];
      expect([theirs!.manifest, theirs!.name]).toEqual([mine!.manifest, mine!.name]);
    }
    const heads = [await from.store.ledger.head(), await to.store.ledger.head()];
    expect(await moved(from, to)).toMatchObject(ids.map(() => ({ artifact: { present: true } })));
    expect([await from.store.ledger.head(), await to.store.ledger.head()]).toEqual(heads);
  });
});

describe('a transfer', () => {
  it('is one decision and one record in the store that it leaves, and one entry in the other', async () => {
    const ids = [await putText(here, dir, 'a'), await putText(here, dir, 'b')];
    const seq = await here.store.ledger.headSeq();
    await moved(here, there);
    expect(await entriesFrom(here, seq + 1)).toEqual(['export_decided', 'export_record']);
    expect(await entriesFrom(there, 1)).toEqual(['bundle_imported']);
    const [record] = await exportRecords(here);
    expect(record).toMatchObject({ export_format: 'store', outcome: 'done', export_target: there.address });
    expect(record!.output_artifact_handles.map((h) => h.artifact_id)).toEqual(ids);
    const { entry } = await there.store.ledger.read(1);
    expect(await there.store.payloadOf(entry)).toMatchObject({ artifacts: 2, from_store: here.store.id });
  });

  it('goes in batches, in the order of registration', async () => {
    const ids = [];
    for (const name of ['c', 'b', 'a']) ids.push(await putText(here, dir, name));
    const results = await moved(here, there, {}, { artifacts: 2, bytes: 1e9 });
    expect(results.map((r) => 'artifact' in r && r.artifact.artifactId)).toEqual(ids);
    expect(await entriesFrom(there, 1)).toEqual(['bundle_imported', 'bundle_imported']);
  });

  it('copies only what is missing: an object that is there already is not read here', async () => {
    await putTree(here, dir, 'one');
    await moved(here, there);
    const id = await putTree(here, dir, 'two');
    const session = await openTestSession(dir);
    const { objects } = session.store;
    const read = objects.read.bind(objects);
    const texts: string[] = [];
    objects.read = async (object, most) => {
      const bytes = await read(object, most);
      texts.push(Buffer.from(bytes).toString());
      return bytes;
    };
    await moved(session, there);
    expect(texts).toContain('b of two');
    expect(texts).not.toContain('a');
    expect(await readAll(there)).toContain(id);
  });

  it('brings the sources along where that is asked for, and only then', async () => {
    const source = await putText(here, dir, 'source');
    const middle = await putText(here, dir, 'middle', { sources: [source] });
    const last = await putText(here, dir, 'last', { sources: [middle] });
    expect(await moved(here, there, { artifacts: ['last'] })).toHaveLength(1);
    expect(await readAll(there)).toEqual([last]);
    await moved(here, there, { artifacts: ['last'], withSources: true });
    expect(await readAll(there)).toEqual([source, middle, last].sort());
  });

  it('leaves pins behind, and makes what was approved ordinary work', async () => {
    const id = await putText(here, dir, 'a');
    await changePins(here, [{ change: 'pin', id, name: 'hold' }]);
    await promote(here, 'a', undefined);
    expect(await moved(here, there)).toMatchObject([{ artifact: { demoted: true } }]);
    expect(await recordOf(there, id)).toMatchObject({ layer: 'L3', revision: 3, pins: [] });
    expect(await moved(there, here)).toMatchObject([{ artifact: { present: true } }]);
    expect(await recordOf(here, id)).toMatchObject({ layer: 'L2' });
  });

  it('does not change a name or labels that are there already', async () => {
    const id = await putText(here, dir, 'a');
    await moved(here, there);
    await label(here, 'a', { x: 'y' }, undefined);
    expect(await moved(here, there)).toMatchObject([{ artifact: { present: true, tightened: false } }]);
    expect((await recordOf(there, id))!.revision).toBe(1);
  });

  it('of an artifact that was removed there, or has other content, is a conflict of that one alone', async () => {
    const id = await putText(here, dir, 'a');
    await moved(here, there);
    await removeArtifacts(there, new Set([id]));
    const other = await putText(here, dir, 'b');
    const results = await moved(here, there);
    expect(errorsOf(results)).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await readAll(there)).toContain(other);
    expect(await readAll(there)).not.toContain(id);
  });

  it('into the same store, or a copy of it, is refused', async () => {
    await expect(moved(here, here)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('of an unknown name is NOT_FOUND before anything is copied', async () => {
    await putText(here, dir, 'a');
    await expect(moved(here, there, { artifacts: ['a', 'nowhere'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await readAll(there)).toEqual([]);
  });

  it('planned only, changes neither store, and says the same', async () => {
    await putText(here, dir, 'a');
    await putText(here, dir, 'high', { classification: 'high', ttl: 9 });
    const heads = [await here.store.ledger.head(), await there.store.ledger.head()];
    const plan = await planned(here, there);
    expect([await here.store.ledger.head(), await there.store.ledger.head()]).toEqual(heads);
    const done = await moved(here, there);
    expect(errorsOf(plan).map((e) => e.message)).toEqual(errorsOf(done).map((e) => e.message));
    expect(plan.filter((r) => 'artifact' in r)).toEqual(done.filter((r) => 'artifact' in r));
  });

  it('from and into stores made before the feature is recorded in their words', async () => {
    for (const { store } of [here, there])
      Object.assign(store.format, { features: store.format.features.filter((f) => f !== 'transfers') });
    await putText(here, dir, 'a');
    await moved(here, there);
    expect(await exportRecords(here)).toMatchObject([{ export_format: 'dir', outcome: 'done' }]);
    const { entry } = await there.store.ledger.read(1);
    expect(await there.store.payloadOf(entry)).not.toHaveProperty('from_store');
  });
});

describe('leaving is an export:', () => {
  it('the guard holds back what is high, not exportable or contains it, on record, and the rest goes', async () => {
    const low = await putText(here, dir, 'low');
    await putText(here, dir, 'high', { classification: 'high', ttl: 9 });
    const results = await moved(here, there);
    expect(errorsOf(results)).toMatchObject([{ code: 'GUARD_BLOCKED' }]);
    expect(await readAll(there)).toEqual([low]);
    expect((await exportRecords(here)).map((r) => [r.outcome, r.source_hashes.length])).toEqual([
      ['refused', 1],
      ['done', 1],
    ]);
  });

  it('what may not leave any more when its decision is recorded has the record of a refusal alone', async () => {
    await putText(here, dir, 'a');
    const disk = nodeDisk();
    let isFirst = true;
    const link: typeof disk.link = async (from, to) => {
      if (isFirst) {
        isFirst = false;
        await reclassify(here, 'a', { exportable: false, reason: 'r' });
      }
      return disk.link(from, to);
    };
    const from = await openTestSession(dir, { disk: alteredDisk(disk, { link }) });
    expect(errorsOf(await moved(from, there))).toMatchObject([{ code: 'GUARD_BLOCKED' }]);
    expect(isFirst).toBe(false);
    expect((await exportRecords(here)).map((r) => r.outcome)).toEqual(['refused']);
    expect(await here.store.leases.list()).toEqual([]);
  });

  it('a consent to exactly these bytes lets what is high go, to arrive as high', async () => {
    const id = await putText(here, dir, 'high', { classification: 'high', ttl: 9 });
    await reclassify(here, id, { exportable: true, reason: 'r' });
    const { content_hash } = (await recordOf(here, id))!;
    expect(errorsOf(await moved(here, there, { consents: ['0'.repeat(64) as ObjectId] }))).toHaveLength(1);
    await moved(here, there, { consents: [content_hash] });
    expect(await recordOf(there, id)).toMatchObject({ classification: 'high', retention_ttl_days: 9 });
  });

  it('a job that may export below the output root alone may not push', async () => {
    await putText(here, dir, 'a');
    const job = await openTestSession(dir, { actor: 'ai_job:nightly' });
    expect(errorsOf(await moved(job, there))).toMatchObject([{ code: 'REFUSED' }]);
    expect(await readAll(there)).toEqual([]);
  });

  it('the budget of the actor counts', async () => {
    await putText(here, dir, 'a');
    const budget = { total_bytes: 3, files: 9, file_bytes: 9 };
    const policy = { ...DEFAULT_POLICY, export: { ...DEFAULT_POLICY.export, budgets: { human: budget } } };
    await setPolicyFrom(here, () => ({ id: sha256(encodePolicy(policy)), policy }));
    expect(errorsOf(await moved(here, there))).toMatchObject([{ code: 'BUDGET' }]);
  });

  it.each([
    ['bytes', { total_bytes: 10, files: 9, file_bytes: 9 }],
    ['files', { total_bytes: 99, files: 1, file_bytes: 9 }],
  ])('the budget of one export is that of all %s that leave under one record', async (_, budget) => {
    const first = await putText(here, dir, 'a');
    await putText(here, dir, 'b');
    const policy = { ...DEFAULT_POLICY, export: { ...DEFAULT_POLICY.export, budgets: { human: budget } } };
    await setPolicyFrom(here, () => ({ id: sha256(encodePolicy(policy)), policy }));
    expect(errorsOf(await moved(here, there))).toMatchObject([{ code: 'BUDGET' }]);
    expect(await readAll(there)).toEqual([first]);
  });

  it('what was removed before the decision does not leave', async () => {
    const id = await putText(here, dir, 'a');
    await removeArtifacts(here, new Set([id]));
    const decided = await decideBatch(here, await here.catalog(), [id], {}, there.address);
    expect(decided.map(exportRefusal)).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('arriving is an import:', () => {
  it('needs bundle.import there, refused on record, before anything is decided here', async () => {
    await putText(here, dir, 'a');
    const closed = await openTestSession(there.store.local.workspace, { actor: 'ai_job:nightly' });
    const head = await here.store.ledger.head();
    await expect(moved(here, closed)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await here.store.ledger.head()).toEqual(head);
    expect(await entriesFrom(there, 1)).toEqual(['capability_action']);
    await expect(planned(here, closed)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('what became stricter here becomes as strict there, though its bytes may not leave', async () => {
    const id = await putText(here, dir, 'a');
    await moved(here, there);
    await reclassify(here, id, { classification: 'high', exportable: false, ttl: 5, reason: 'r' });
    const plan = await planned(here, there);
    expect(await moved(here, there)).toEqual(plan);
    expect(plan).toMatchObject([{ artifact: { present: true, tightened: true } }]);
    expect(await recordOf(there, id)).toMatchObject({ classification: 'high', exportable: false });
    // And what is stricter there stays so.
    expect(await moved(there, here)).toMatchObject([{ artifact: { present: true, tightened: false } }]);
  });

  it.each([
    [9000, false],
    [0, true],
  ])(
    'what is stricter here keeps its TTL there (%i days), reported when that has expired',
    async (days, ttlOver) => {
      const id = await putText(here, dir, 'a', { ttl: days });
      await moved(here, there);
      await reclassify(here, id, { classification: 'high', ttl: 1, reason: 'r' });
      expect(await moved(here, there)).toMatchObject([{ artifact: { tightened: true, ttlOver } }]);
      expect(await recordOf(there, id)).toMatchObject({ classification: 'high', retention_ttl_days: days });
    },
  );

  it('bytes that are restricted there arrive as strict as they are there, with their TTL', async () => {
    await putText(there, dir, 'a', { classification: 'high', ttl: 4 });
    const id = await putText(here, dir, 'a');
    expect(await moved(here, there)).toMatchObject([{ artifact: { tightened: true } }]);
    expect(await recordOf(there, id)).toMatchObject({
      classification: 'high',
      exportable: false,
      retention_ttl_days: 4,
      revision: 2,
    });
  });

  it.each([
    ['a payload', async (id: string) => (await recordOf(here, id as never))!.content_hash],
    ['a manifest', async (id: string) => (await recordOf(here, id as never))!.manifest],
  ])('%s whose bytes were changed here does not arrive, and the others do', async (_, objectOf) => {
    await putTree(here, dir, 'tree');
    const bad = await putText(here, dir, 'bad');
    const good = await putText(here, dir, 'good');
    const path = behind(here).layout.object((await objectOf(bad)) as ObjectId);
    await ensureDir(dirname(path));
    await remove(path);
    await writeFile(path, 'other bytes');
    const fresh = await openTestSession(dir);
    const results = await moved(fresh, there);
    expect(errorsOf(results)).toHaveLength(1);
    expect(await readAll(there)).toContain(good);
    expect(await readAll(there)).not.toContain(bad);
  });

  it('a large file whose bytes were changed here does not arrive', async () => {
    await writeFile(`${dir}/large`, Buffer.alloc(3 * 1024 * 1024, 7));
    const [{ artifactId, contentHash }] = (await put(here, [{ path: `${dir}/large` }], {})) as [PutResult];
    const path = behind(here).layout.object(contentHash);
    await chmod(path, 0o644);
    await writeFile(path, Buffer.alloc(3 * 1024 * 1024, 8));
    expect(errorsOf(await moved(here, there))).toMatchObject([{ code: 'INTEGRITY' }]);
    expect(await readAll(there)).not.toContain(artifactId);
    expect(await entriesFrom(here, 2)).toContain('integrity_finding');
  });

  describe.each([
    ['0', 0],
    ['another', 7],
    ['one far too large', 3 * 1024 * 1024],
  ])('of which the other store states the size %s', (_, size) => {
    const text = Buffer.from('text of secret');

    it.each([
      ['a file', false],
      ['a file that is there already', true],
    ])('%s does not arrive', async (_, present) => {
      const honest = await putText(here, dir, 'secret');
      if (present) await moved(here, there, { artifacts: [honest] });
      const forged = toManifest({
        ...(await manifestHere(honest)),
        artifact_id: FILE_ID,
        size_bytes: size,
      });
      await registerAsIs(here, forged);
      const results = await moved(here, there, { artifacts: [FILE_ID] });
      expect(errorsOf(results)).toMatchObject([{ code: 'INTEGRITY' }]);
      expect(await readAll(there)).not.toContain(FILE_ID);
    });

    it.each([
      ['alone', []],
      ['after an honest entry', ['a']],
    ])('a file in a directory, %s, does not arrive', async (_, honest) => {
      const id = await putText(here, dir, 'secret');
      const entries = [
        ...honest.map((path) => ({ path, size_bytes: text.length })),
        { path: 'z', size_bytes: size },
      ].map((e) => ({ ...e, path: toSafePath(e.path), content_hash: sha256(text) }));
      const index = encodeBundleIndex(toBundleIndex(entries));
      const forged = toManifest({
        ...(await manifestHere(id)),
        artifact_id: TREE_ID,
        payload_type: 'directory',
        hash_basis: 'bundle_index',
        content_hash: sha256(index),
        size_bytes: entries.reduce((sum, e) => sum + e.size_bytes, 0),
        classification: 'high',
        retention_ttl_days: 9,
      });
      await registerAsIs(here, forged, index);
      const request = { artifacts: [TREE_ID], consents: [forged.content_hash, sha256(text)] };
      expect(errorsOf(await moved(here, there, request))).toMatchObject([{ code: 'INTEGRITY' }]);
      expect(await readAll(there)).not.toContain(TREE_ID);
    });
  });

  it('a bundle goes as one artifact, checked to its members', async () => {
    await putText(here, dir, 'a');
    const { artifactId } = await createBundle(here, ['a'], { name: 'b' });
    await moved(here, there, { artifacts: ['b'] });
    expect(await readAll(there)).toEqual([artifactId]);
  });
});
