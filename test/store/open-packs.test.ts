import { readdir, unlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { type DiskOperation, surroundDisk } from '../../src/fsx/surround-disk.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import { LocalBackend } from '../../src/store/local/local-backend.js';
import { Packs } from '../../src/store/local/objects/packs.js';
import { behind, TINY_PACKS, testEnvironment, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

/** Most that are kept open, and those of the latest hits. */
const MOST_OPEN = 32 + 8;
const NOWHERE = '0'.repeat(64) as ObjectId;

/** The directory of packs of a store, and one object of each. */
async function directoryOf(packs: number) {
  const session = await testStore(await tmp(), { packLimits: { ...TINY_PACKS, mergeFrom: 1000 } });
  const ids: ObjectId[] = [];
  const add = async () => {
    const batch = session.store.batch('0'.repeat(24));
    const contents = [0, 1].map((i) => Buffer.from(`${ids.length} ${i}`));
    for (const bytes of contents) await batch.addBytes(bytes);
    await batch.publish();
    ids.push(sha256(contents[0]!));
  };
  for (let i = 0; i < packs; i++) await add();
  const dir = behind(session).layout.packs;
  expect((await readdir(dir)).length).toBe(packs);
  return { dir, ids, add };
}

/** What an operation does once it has been done, before its result is known. */
type After = (operation: DiskOperation, path: string) => Promise<void> | undefined;

/** A disk that counts the files open on it. */
function counting(after: After = () => undefined) {
  let open = 0;
  const disk = surroundDisk(nodeDisk(), async (operation, path, run) => {
    const result = await run();
    if (operation === 'open:read') open++;
    if (operation === 'file.close') open--;
    await after(operation, path);
    return result;
  });
  return { disk, open: () => open };
}

/** A gate: `pass` waits until it is opened, and `reached` until somebody waits. */
function gate() {
  let [reach, open] = [() => {}, () => {}];
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    reached,
    open,
    pass: () => {
      reach();
      return opened;
    },
  };
}

/** Lets what does not wait for a gate end, if there is such. */
async function unlessItWaits(promise: Promise<unknown>): Promise<void> {
  let isDone = false;
  promise.finally(() => {
    isDone = true;
  });
  for (let i = 0; i < 100 && !isDone; i++) await setImmediate();
}

it('a pack that is opened while the directory is listed again is closed with the others', async () => {
  const { dir } = await directoryOf(3);
  const opening = gate();
  const { disk, open } = counting((operation) => (operation === 'open:read' ? opening.pass() : undefined));
  const packs = new Packs(disk, dir);
  await packs.refresh();
  const finding = packs.find(NOWHERE);
  await opening.reached;
  await Promise.all([packs.refresh(), packs.refresh()]);
  opening.open();
  await Promise.all([finding, packs.refresh(), packs.find(NOWHERE), packs.refresh()]);
  await packs.close();
  expect(open()).toBe(0);
});

it('a pack that is found to be gone while it is opened is not held open', async () => {
  const { dir, ids } = await directoryOf(1);
  const opening = gate();
  const { disk, open } = counting((operation) => (operation === 'open:read' ? opening.pass() : undefined));
  const packs = new Packs(disk, dir);
  await packs.refresh();
  const finding = packs.find(ids[0]!);
  await opening.reached;
  for (const name of await readdir(dir)) await unlink(`${dir}/${name}`);
  await packs.refresh();
  opening.open();
  expect([await finding, open()]).toEqual([undefined, 0]);
});

it('a pack that is opened while all are closed is closed too', async () => {
  const { dir, ids } = await directoryOf(1);
  const opening = gate();
  const { disk, open } = counting((operation) => (operation === 'open:read' ? opening.pass() : undefined));
  const packs = new Packs(disk, dir);
  const finding = packs.find(ids[0]!);
  await opening.reached;
  const closing = packs.close();
  opening.open();
  await Promise.all([finding, closing]);
  expect(open()).toBe(0);
});

it('a pack that was known and is read again after it was removed and stored anew is closed with the others', async () => {
  const { dir, ids, add } = await directoryOf(1);
  const { disk, open } = counting();
  const packs = new Packs(disk, dir);
  const { pack, ...slot } = (await packs.find(ids[0]!))!;
  await unlink(pack.path);
  await packs.refresh();
  ids.length = 0;
  await add();
  await packs.refresh();
  expect(sha256(await pack.read(slot))).toBe(ids[0]);
  await packs.close();
  expect(open()).toBe(0);
});

it('of two listings at once the older one hides nothing that the newer one shows', async () => {
  const { dir, ids, add } = await directoryOf(1);
  const listing = gate();
  let listings = 0;
  const { disk } = counting((operation) =>
    operation === 'readdir' && ++listings === 1 ? listing.pass() : undefined,
  );
  const packs = new Packs(disk, dir);
  const older = packs.refresh();
  await listing.reached;
  await add();
  const newer = packs.refresh();
  await unlessItWaits(newer);
  listing.open();
  await Promise.all([older, newer]);
  expect((await packs.find(ids[1]!))?.size).toBe(3);
  await packs.close();
});

it('few packs are open, however often each of many is read', async () => {
  const { dir, ids } = await directoryOf(2 * MOST_OPEN);
  const { disk, open } = counting();
  const packs = new Packs(disk, dir);
  let most = 0;
  for (let round = 0; round < 3; round++) {
    for (const id of ids) {
      const { pack, ...slot } = (await packs.findQuickly(id))!;
      expect(sha256(await pack.read(slot))).toBe(id);
      most = Math.max(most, open());
    }
    expect((await packs.all()).length).toBe(ids.length);
    most = Math.max(most, open());
  }
  expect(most).toBeLessThanOrEqual(MOST_OPEN);
  await packs.close();
  expect(open()).toBe(0);
});

it('a backend that is closed holds no packs open', async () => {
  const { dir, ids } = await directoryOf(3);
  const root = dir.slice(0, dir.lastIndexOf('/'));
  const { disk, open } = counting();
  const request = { disk, random: systemRandom(), env: testEnvironment(root) };
  const backend = await LocalBackend.open(request, root);
  for (const id of ids) await backend.objects.read(id, 100);
  expect(open()).toBeGreaterThan(0);
  await backend.close();
  expect(open()).toBe(0);
});
