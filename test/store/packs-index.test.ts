import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { reclaimTrash } from '../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { tidyPacks } from '../../src/store/collector/tidy.js';
import { writePacksIndex } from '../../src/store/local/objects/write-packs-index.js';
import { behind, openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FSCK, REPAIR } from '../ops/fsck/sample-store.js';
import { IMPATIENT, makeStore } from '../ops/gc/helpers.js';
import { interceptDisk } from '../sim/intercept-disk.js';

const TOKEN = '0'.repeat(24);
/** Packs of two objects, that are never merged. */
const LIMITS = { ...TINY_PACKS, mostObjects: 2, mergeFrom: 1000, indexFrom: 4 };
const WITHOUT = { ...LIMITS, indexFrom: Number.POSITIVE_INFINITY };
const bytesOf = (i: number) => Buffer.from(`bytes ${i} `.repeat(4));
const idOf = (i: number) => sha256(bytesOf(i));

/** Publishes the objects of these numbers in packs, as a command does. */
async function store(session: Session, from: number, to: number): Promise<void> {
  const batch = session.store.batch(TOKEN);
  for (let i = from; i < to; i++) await batch.addBytes(bytesOf(i));
  await batch.publish();
  if (batch.mayConsolidate) await tidyPacks(session.store, TOKEN);
}

const write = (session: Session, signal?: AbortSignal) =>
  writePacksIndex(behind(session), { staging: async () => TOKEN, signal });
const dirOf = (session: Session) => behind(session).layout.packsIndex;
const filesOf = async (session: Session) => (await readdir(dirOf(session)).catch(() => [])).sort();
const packsOf = (session: Session) => readdir(behind(session).layout.packs);

/** A store with these many objects, two in a pack. */
async function indexed(objects: number) {
  const dir = await tmp();
  const session = await testStore(dir, { packLimits: LIMITS });
  await store(session, 0, objects);
  return { dir, session, open: (options = {}) => openTestSession(dir, { packLimits: LIMITS, ...options }) };
}

/** Every object reads back and another is missing, in a session of its own. */
async function expectAll(open: () => Promise<Session>, objects: number): Promise<void> {
  const { store } = await open();
  for (let i = 0; i < objects; i++)
    expect(Buffer.from(await store.objects.read(idOf(i)))).toEqual(bytesOf(i));
  expect(await store.objects.size(idOf(objects))).toBeUndefined();
  expect(await store.objects.sizeInUse(idOf(0))).toBe(bytesOf(0).length);
  await store.close();
}

/** Opens of packs by what is done. */
function counted() {
  const opened: string[] = [];
  const disk = interceptDisk(nodeDisk(), (operation, path) => {
    if (operation === 'open:read' && path.endsWith('.pack')) opened.push(path);
  });
  return { disk, take: () => opened.splice(0).length };
}

describe('the index over packs', () => {
  it('is not written for a few packs', async () => {
    const { session } = await indexed(6);
    expect([(await packsOf(session)).length, await readdir(behind(session).layout.cache)]).toEqual([
      3,
      expect.not.arrayContaining(['packs-index']),
    ]);
  });

  it('keeps no pack from being looked into, where it is wrong and as many packs as it covers are gone', async () => {
    const { session, open } = await indexed(8);
    const covered = await packsOf(session);
    const [name] = await filesOf(session);
    const path = `${dirOf(session)}/${name}`;
    const bytes = await readFile(path);
    // The keys of all entries, which lie between the names of the packs and the checksum.
    for (let at = 16 + 32 * covered.length; at < bytes.length - 32; at += 8) bytes.fill(0, at, at + 6);
    await rm(path);
    await writeFile(path, bytes);
    const batch = session.store.batch(TOKEN);
    for (let i = 100; i < 108; i++) await batch.addBytes(bytesOf(i));
    await batch.publish();
    const other = await open();
    const packs = behind(other).files.packs!;
    await packs.refresh();
    const fresh = (await packsOf(session)).filter((pack) => !covered.includes(pack));
    expect(fresh).toHaveLength(covered.length);
    for (const pack of fresh) await rm(`${behind(session).layout.packs}/${pack}`);
    expect(await packs.find(idOf(3))).toBeDefined();
    await other.close();
  });

  it('is left as it is when the command is told to stop', async () => {
    const { session } = await indexed(8);
    const before = await filesOf(session);
    const stop = new AbortController();
    const batch = session.store.batch(TOKEN);
    for (let i = 100; i < 140; i++) await batch.addBytes(bytesOf(i));
    await batch.publish();
    stop.abort(new Error('stop'));
    await write(session, stop.signal);
    expect(await filesOf(session)).toEqual(before);
    await write(session);
    expect(await filesOf(session)).not.toEqual(before);
  });

  it('leaves out a pack whose own index is damaged', async () => {
    const { session, open } = await indexed(8);
    const [file] = await packsOf(session);
    const path = `${behind(session).layout.packs}/${file}`;
    const bytes = await readFile(path);
    const ids = Array.from({ length: 8 }, (_, i) => bytes.indexOf(Buffer.from(idOf(i), 'hex')));
    bytes[Math.max(...ids)]! ^= 1;
    await rm(path);
    await writeFile(path, bytes);
    await rm(dirOf(session), { recursive: true });
    const other = await open();
    await write(other);
    const covered = (await packsOf(session)).filter((pack) =>
      behind(other).files.packs!.index!.covers(pack.slice(0, -'.pack'.length) as ObjectId),
    );
    expect(covered.sort()).toEqual((await packsOf(session)).filter((pack) => pack !== file).sort());
  });

  it('is used again by a store that found it damaged, once it was written anew', async () => {
    const { session, open } = await indexed(8);
    const [name] = await filesOf(session);
    const path = `${dirOf(session)}/${name}`;
    const sound = await readFile(path);
    await truncate(path, 10);
    const other = await open();
    const { packs } = behind(other).files;
    await packs!.refresh();
    expect(packs!.index!.damaged).toEqual([name]);
    await write(other);
    expect([await filesOf(session), packs!.index!.damaged]).toEqual([[name], []]);
    expect(await readFile(path)).toEqual(sound);
    expect(packs!.index!.parts).toHaveLength(1);
  });

  it('is read whole once by lookups at the same time', async () => {
    const { open } = await indexed(80);
    let whole = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readFile' && path.includes('/packs-index/')) whole++;
    });
    const session = await open({ disk });
    const packs = behind(session).files.packs!;
    await packs.refresh();
    const files = (await filesOf(session)).length;
    await Promise.all(Array.from({ length: 100 }, (_, i) => packs.findQuickly(idOf(1000 + i))));
    expect(whole).toBe(files);
    await session.close();
  });

  it('leads to the one pack that has an object, and to none for a new one', async () => {
    const { open } = await indexed(80);
    const { disk, take } = counted();
    const session = await open({ disk });
    take();
    await session.store.objects.read(idOf(17));
    expect(take()).toBe(1);
    const batch = session.store.batch(TOKEN);
    await batch.addBytes(bytesOf(1000));
    expect(take()).toBe(0);
    await batch.discard();
    // Naively, each pack is looked into.
    const naive = await open({ disk, packLimits: WITHOUT });
    take();
    expect(await behind(naive).files.packs!.findQuickly(idOf(1000))).toBeUndefined();
    expect(take()).toBe(40);
  });

  it('grows by files that are merged as they grow: few, and in all not much more than once is written', async () => {
    const { session, dir } = await indexed(0);
    const written = new Map<string, number>();
    for (let i = 0; i < 120; i++) {
      await store(session, 8 * i, 8 * i + 8);
      const files = await filesOf(session);
      expect(files.length).toBeLessThanOrEqual(5);
      for (const name of files) written.set(name, (await stat(`${dirOf(session)}/${name}`)).size);
    }
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((all, size) => all + size, 0);
    const size = sum((await filesOf(session)).map((name) => written.get(name)!));
    expect(written.size).toBeGreaterThan(100);
    // Written whole each time, it would be sixty times as much.
    expect(sum(written.values())).toBeLessThan(8 * size);
    expect(await readdir(behind(session).layout.tmp)).toEqual([]);
    await expectAll(() => openTestSession(dir, { packLimits: LIMITS }), 960);
  });

  it('drops what it says of packs that are gone', async () => {
    const { session, open } = await indexed(80);
    const [before] = await filesOf(session);
    for (const name of (await packsOf(session)).slice(0, 30))
      await rm(`${behind(session).layout.packs}/${name}`);
    const again = await open();
    await tidyPacks(again.store, TOKEN);
    const [after, ...more] = await filesOf(session);
    expect([more, after === before]).toEqual([[], false]);
    const index = behind(await open()).files.packs!;
    await index.refresh();
    expect(index.index!.parts.map(({ packs }) => packs.length)).toEqual([10]);
  });

  it('is harmless and found by fsck with any byte changed, cut off, emptied or exchanged', async () => {
    const { session, open } = await indexed(16);
    const [name] = await filesOf(session);
    const path = `${dirOf(session)}/${name}`;
    const good = await readFile(path);
    const other = await indexed(12);
    const swapped = await readFile(`${dirOf(other.session)}/${(await filesOf(other.session))[0]}`);
    const harms = [
      Buffer.alloc(0),
      swapped,
      ...Array.from(good, (_, at) => {
        const bytes = Buffer.from(good);
        bytes[at]! ^= 1 << (at % 8);
        return bytes;
      }),
      ...Array.from({ length: 30 }, (_, n) => good.subarray(0, Math.floor((n * good.length) / 30))),
    ];
    for (const [n, bytes] of harms.entries()) {
      await writeFile(path, bytes);
      await expectAll(open, 16);
      const writer = await open();
      const batch = writer.store.batch(TOKEN);
      // Stored twice at the worst.
      for (let i = 0; i < 16; i++) await batch.addBytes(bytesOf(i));
      await batch.discard();
      await writer.store.close();
      if (n % 20 > 2) continue;
      const checker = await open();
      const subjects = (await fsck(checker, FSCK)).findings.map((f) => f.subject);
      // A file of other packs is no damage: it says nothing of these.
      expect([n, subjects]).toEqual([n, bytes === swapped ? [] : [`cache/packs-index/${name}`]]);
      await checker.store.close();
    }
    const checker = await open();
    await fsck(checker, REPAIR);
    expect((await fsck(await open(), FSCK)).findings).toEqual([]);
    await expectAll(open, 16);
  });

  it('is found wrong by fsck where it is whole and yet not what the packs have', async () => {
    const { session, open } = await indexed(16);
    const [name] = await filesOf(session);
    const path = `${dirOf(session)}/${name}`;
    const bytes = await readFile(path);
    const at = 16 + 32 * bytes.readUInt32BE(8);
    bytes.writeUInt16BE(bytes.readUInt16BE(at + 6) === 0 ? 1 : 0, at + 6);
    bytes.write(sha256(bytes.subarray(0, -32)), bytes.length - 32, 'hex');
    await writeFile(path, bytes);
    await expectAll(open, 16);
    const { findings } = await fsck(await open(), FSCK);
    expect(findings).toMatchObject([
      {
        subject: `cache/packs-index/${name}`,
        message: expect.stringContaining('is not what the packs have'),
      },
    ]);
  });

  it('is made anew where it is damaged and more was written', async () => {
    const { session, open } = await indexed(16);
    const [name] = await filesOf(session);
    await truncate(`${dirOf(session)}/${name}`, 100);
    await store(await open(), 16, 24);
    const files = await filesOf(session);
    expect([files.length, files.includes(name!)]).toEqual([1, false]);
    expect((await fsck(await open(), FSCK)).findings).toEqual([]);
  });

  it('is no reason to fail where it cannot be written, and leaves nothing behind', async () => {
    for (const failing of ['mkdir', 'writeFile', 'rename', 'readdir', 'space', 'open:read']) {
      const dir = await tmp();
      const made = await testStore(dir, { packLimits: LIMITS });
      const disk = interceptDisk(nodeDisk(), (operation, path) => {
        const isIndex = path.includes('/packs-index') || (operation === 'rename' && path.includes('/tmp/'));
        if (
          operation === failing &&
          (isIndex || (isTidying && operation !== 'readdir' && operation !== 'open:read'))
        )
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: operation });
      });
      let isTidying = false;
      const session = await openTestSession(dir, { packLimits: LIMITS, disk });
      const batch = made.store.batch(TOKEN);
      for (let i = 0; i < 40; i++) await batch.addBytes(bytesOf(i));
      await batch.publish();
      isTidying = true;
      await session.store.reclaimer.consolidate({ staging: async () => TOKEN });
      isTidying = false;
      expect([failing, await readdir(behind(session).layout.tmp)]).toEqual([failing, []]);
      await expectAll(() => openTestSession(dir, { packLimits: LIMITS, disk }), 40);
    }
  });

  it('may be written by two at once, and go while it is read', async () => {
    const { session, open } = await indexed(0);
    const batch = session.store.batch(TOKEN);
    for (let i = 0; i < 200; i++) await batch.addBytes(bytesOf(i));
    await batch.publish();
    const two = [await open(), await open()];
    const reader = await open();
    const reading = expectAll(async () => reader, 200);
    await Promise.all(
      two.map(({ store }, n) => store.reclaimer.consolidate({ staging: async () => `${n}`.repeat(24) })),
    );
    const again = await open();
    expect(Buffer.from(await again.store.objects.read(idOf(3)))).toEqual(bytesOf(3));
    await rename(dirOf(session), `${dirOf(session)}-away`);
    await reading;
    for (let i = 0; i < 200; i++)
      expect(Buffer.from(await again.store.objects.read(idOf(i)))).toEqual(bytesOf(i));
  });

  it('is read by no one where a link or a file is in its place', async () => {
    const { session, open } = await indexed(16);
    await rm(dirOf(session), { recursive: true });
    await writeFile(dirOf(session), 'no directory');
    await expectAll(open, 16);
    await store(await open(), 16, 24);
    await expectAll(open, 24);
    expect((await fsck(await open(), FSCK)).findings).toMatchObject([
      { severity: 'stray', subject: 'cache/packs-index' },
    ]);
  });

  it('gives the answers that there are without it, over puts, removals, collections and restores', async () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'put', 'again', 'rm', 'restore', 'purge', 'harm'),
      which: fc.nat(7),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
        const limits = { ...TINY_PACKS, indexFrom: 2 };
        const made = await makeStore({ packLimits: limits });
        const without = { ...limits, indexFrom: Number.POSITIVE_INFINITY };
        const artifacts: (ArtifactId | undefined)[] = [];
        const known = new Set<ObjectId>();
        const tree = async (n: number) => {
          const path = `${made.dir}/t${n}`;
          await mkdir(path, { recursive: true });
          for (let i = 0; i < 6; i++) {
            await writeFile(`${path}/f${i}`, `file ${i} of ${n % 5}`);
            known.add(sha256(Buffer.from(`file ${i} of ${n % 5}`)));
          }
          return (await put(made.session, [{ path }], {}))[0]!.artifactId;
        };
        for (const [n, { what, which }] of steps.entries()) {
          const id = artifacts[which % Math.max(1, artifacts.length)];
          if (what === 'put') artifacts.push(await tree(n));
          if (what === 'again') await tree(which % Math.max(1, n));
          if (id !== undefined && what === 'rm')
            await removeArtifacts(made.session, new Set([id])).catch(() => undefined);
          if (id !== undefined && what === 'restore')
            await restore(made.session, [id], { pin: false }).catch(() => undefined);
          if (id !== undefined && what === 'purge') {
            await removeArtifacts(made.session, new Set([id]), { purge: true, patience: IMPATIENT }).catch(
              () => undefined,
            );
            await reclaimTrash(made.session, IMPATIENT);
          }
          const files = what === 'harm' ? await filesOf(made.session) : [];
          for (const name of files) {
            const bytes = await readFile(`${dirOf(made.session)}/${name}`);
            bytes[(which * 997) % bytes.length]! ^= 0x55;
            await writeFile(`${dirOf(made.session)}/${name}`, bytes);
          }
          const [a, b] = [await made.open(), await made.open({ packLimits: without })];
          const answers = async ({ store: { objects } }: Session) => {
            const all: unknown[] = [];
            for (const object of [...known, idOf(1)]) {
              const size = await objects.size(object);
              all.push([
                object,
                size,
                await objects.sizeInUse(object),
                size && (await objects.isSound(object)),
              ]);
            }
            return all;
          };
          expect([n, await answers(a)]).toEqual([n, await answers(b)]);
          await a.store.close();
          await b.store.close();
        }
        const { findings } = await fsck(await made.open(), FSCK);
        expect(findings.filter(({ subject }) => !subject.startsWith('cache/packs-index/'))).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});
