import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import type { ObjectPlace } from '../../src/store/port/inventory.js';
import { noise } from '../helpers/noise.js';
import { behind, openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

const TOKEN = '0'.repeat(24);
const FSCK = { secondOpinion: false, sample: 1, repair: false };

/** A store of three packs. */
async function setting() {
  const dir = await tmp();
  const session = await testStore(dir);
  const ids: ObjectId[] = [];
  for (let pack = 0; pack < 3; pack++) {
    const batch = session.store.batch(TOKEN);
    for (let n = 0; n < 50; n++) ids.push((await batch.addBytes(noise(100 * pack + n, 1000))).id);
    await batch.publish();
  }
  const { packs } = behind(session).layout;
  const paths = (await readdir(packs)).sort().map((name) => `${packs}/${name}`);
  expect(paths).toHaveLength(3);
  return { dir, session, ids, paths };
}

/** The places of the packs, and what is in each. */
async function placesOf({ store }: Awaited<ReturnType<typeof testStore>>) {
  const all: { readonly place: ObjectPlace; readonly ids: ObjectId[] }[] = [];
  for await (const { objects, ...place } of store.inventory.groups({ sizes: true, unheld: true })) {
    if (place.pack !== undefined) all.push({ place, ids: [...objects].map(({ id }) => id) });
  }
  return all;
}

async function contentsOf(place: ObjectPlace): Promise<ObjectId[]> {
  const found: ObjectId[] = [];
  for await (const block of (await place.contents?.())!) {
    for (const { bytes } of block) found.push(sha256(bytes!));
  }
  await place.close();
  return found;
}

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  // In the record of the first object.
  bytes[bytes.length - 1500]! ^= 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

it('packs that are listed one after another are read later, each of them anew', async () => {
  const { dir, ids } = await setting();
  const opened: string[] = [];
  const disk = interceptDisk(nodeDisk(), (operation, path) => {
    if (operation.startsWith('open') && path.endsWith('.pack')) opened.push(path);
  });
  const session = await openTestSession(dir, { disk });
  const places = await placesOf(session);
  expect(places.flatMap((p) => p.ids).sort()).toEqual([...ids].sort());
  // Nothing is kept of them: each is opened for itself, and again.
  expect(opened).toHaveLength(3);
  for (const p of places) expect((await contentsOf(p.place)).sort()).toEqual([...p.ids].sort());
  expect(opened).toHaveLength(6);
  for (const { place, ids: own } of places) {
    expect(await place.size(own[0]!)).toBe(1000);
    const file = await place.open(own[1]!);
    const bytes = Buffer.alloc(1000);
    expect(await file.read(bytes, 0)).toBe(1000);
    expect(sha256(bytes)).toBe(own[1]);
    await place.close();
  }
  expect(opened).toHaveLength(9);
});

it('of a pack that was damaged or removed after it was listed, each object says so', async () => {
  const { session, paths } = await setting();
  const [first, second, third] = await placesOf(session);
  await damage(paths[0]!);
  await rm(paths[1]!);
  for (const [{ place, ids }, code] of [
    [first!, 'INTEGRITY'],
    [second!, 'ENOENT'],
  ] as const) {
    expect(await place.contents?.()).toBeUndefined();
    for (const id of ids) await expect(place.open(id)).rejects.toMatchObject({ code });
    await place.close();
  }
  expect(await contentsOf(third!.place)).toHaveLength(50);
});

it('a damaged pack is not listed, and told of', async () => {
  const { session, paths } = await setting();
  await damage(paths[1]!);
  const told: unknown[] = [];
  const listed: unknown[] = [];
  const unlistable = (what: unknown) => told.push(what);
  for await (const { pack } of session.store.inventory.groups({ unlistable, unheld: true })) {
    if (pack !== undefined) listed.push(pack);
  }
  const names = paths.map((path) => path.slice(-69, -5));
  expect(listed).toEqual([names[0], names[2]]);
  expect(told).toMatchObject([{ pack: names[1], message: expect.stringContaining('is damaged') }]);
});

it('fsck reports every object of a pack that is damaged between its listing and its reading', async () => {
  const { dir, paths } = await setting();
  let opened = 0;
  const disk = interceptDisk(nodeDisk(), async (operation, path) => {
    // Its name is looked at, then its index, then what is in it.
    if (operation.startsWith('open') && path === paths[0] && ++opened === 3) await damage(path);
  });
  const session = await openTestSession(dir, { disk });
  const { findings } = await fsck(session, FSCK);
  const lost = findings.filter(({ message }) => message.includes('cannot be read: pack'));
  expect(lost).toHaveLength(50);
  expect(lost.every(({ severity }) => severity === 'damage')).toBe(true);
});
