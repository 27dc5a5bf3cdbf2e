import { createHash } from 'node:crypto';
import { chmod, open, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { countObjects } from '../../src/ops/inspect/count-objects.js';
import { resolveObject } from '../../src/ops/naming/resolve-object.js';
import type { Session } from '../../src/ops/session/session.js';
import { tidyPacks } from '../../src/store/collector/tidy.js';
import { Pack } from '../../src/store/local/objects/pack.js';
import { PACK_LIMITS } from '../../src/store/local/objects/pack-writer.js';
import { packContent } from '../helpers/pack-content.js';
import { behind, openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

const TOKEN = '0'.repeat(24);
const bytesOf = (i: number) => Buffer.from(`bytes ${i} `.repeat(20 + i));
const all = (count: number) => Array.from({ length: count }, (_, i) => bytesOf(i));

async function store(session: Session, contents: Iterable<Uint8Array>): Promise<ObjectId[]> {
  const batch = session.store.batch(TOKEN);
  const ids: ObjectId[] = [];
  for (const bytes of contents) ids.push((await batch.addBytes(bytes)).id);
  await batch.publish();
  return ids;
}

const packsOf = (session: Session) => readdir(behind(session).layout.packs);
const filesOf = async (session: Session) =>
  (await readdir(behind(session).layout.objects, { recursive: true })).filter((name) => name.length > 60);

/** `compresses`: false, as in a store without the feature `packs-2`. */
async function setting({ compresses = true } = {}) {
  const dir = await tmp();
  const session = await testStore(dir, { compresses });
  const before = (await filesOf(session)).length;
  return {
    dir,
    session,
    /** Object files but for those that the store began with. */
    files: async () => (await filesOf(session)).length - before,
    again: () => openTestSession(dir),
  };
}

describe('many small objects', () => {
  it('are one file, read-only, that reads back from another process', async () => {
    const { session, files, again } = await setting();
    const ids = await store(session, all(40));
    const [pack, ...more] = await packsOf(session);
    expect([more, await files()]).toEqual([[], 0]);
    expect((await stat(`${behind(session).layout.packs}/${pack}`)).mode & 0o7777).toBe(0o444);
    const reader = await again();
    for (const [i, id] of ids.entries()) {
      expect(id).toBe(sha256(bytesOf(i)));
      expect(Buffer.from(await reader.store.objects.read(id)).equals(bytesOf(i))).toBe(true);
      let streamed = '';
      for await (const chunk of reader.store.objects.stream(id)) streamed += chunk;
      expect(streamed).toBe(bytesOf(i).toString());
    }
  });

  it("are read into memory that is the reader's own", async () => {
    const { session, again } = await setting();
    const ids = await store(session, all(40));
    const reader = await again();
    for (const _ of [1, 2]) for (const id of ids) (await reader.store.objects.read(id)).fill(0);
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await reader.store.objects.read(id)).equals(bytesOf(i))).toBe(true);
    }
  });

  it('make a pack that other programs can take apart by the manual', async () => {
    const { session } = await setting();
    await store(session, all(40));
    const [name] = await packsOf(session);
    const file = await readFile(`${behind(session).layout.packs}/${name}`);
    expect(file.subarray(-8).toString()).toBe('hs-pack2');
    const [count, blocks] = [file.readUInt32BE(file.length - 16), file.readUInt32BE(file.length - 12)];
    const index = file.subarray(file.length - 16 - 8 * blocks - 40 * count);
    expect(`${createHash('sha256').update(index).digest('hex')}.pack`).toBe(name);
    const content = packContent(file)!;
    for (let n = 0; n < count; n++) {
      const record = index.subarray(40 * n, 40 * n + 40);
      const [offset, size] = [record.readUInt32BE(32), record.readUInt32BE(36)];
      const bytes = content.subarray(offset, offset + size);
      expect(createHash('sha256').update(bytes).digest()).toEqual(Buffer.from(record.subarray(0, 32)));
    }
  });

  it('are files where they are few, or large', async () => {
    const few = await setting();
    await store(few.session, all(31));
    expect([await packsOf(few.session), await few.files()]).toEqual([[], 31]);

    const large = await setting();
    await store(large.session, [...all(40), Buffer.alloc(64 * 1024 + 1)]);
    expect([(await packsOf(large.session)).length, await large.files()]).toEqual([1, 1]);
  });

  it('are packed too where they are few but many bytes', async () => {
    const { session, files } = await setting();
    const contents = Array.from({ length: 20 }, (_, i) => Buffer.alloc(64 * 1024, i));
    const ids = await store(session, contents);
    expect([(await packsOf(session)).length, await files()]).toEqual([1, 0]);
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await session.store.objects.read(id)).equals(contents[i]!)).toBe(true);
    }
  });

  it('that exist are not stored again, in either form', async () => {
    const { session, again, files } = await setting();
    await store(session, all(40));
    await store(await again(), all(41).slice(40));
    const packs = await packsOf(session);
    await store(await again(), all(41));
    expect([await packsOf(session), await files()]).toEqual([packs, 1]);
  });

  it('fill as many packs as they need', async () => {
    const dir = await tmp();
    const session = await testStore(dir, { packLimits: TINY_PACKS });
    const ids = await store(session, all(20));
    expect((await packsOf(session)).length).toBe(3);
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await session.store.objects.read(id)).equals(bytesOf(i))).toBe(true);
    }
  });

  it('leave nothing staged when discarded, partially or completely written', async () => {
    const { session } = await setting();
    for (const contents of [all(40), [Buffer.alloc(60_000, 1), Buffer.alloc(60_000, 2), ...all(500)]]) {
      const batch = session.store.batch(TOKEN);
      for (const bytes of contents) await batch.addBytes(bytes);
      await batch.discard();
    }
    expect([await readdir(behind(session).layout.tmp), await packsOf(session)]).toEqual([[], []]);
  });

  it('never contain objects named by the ledger', async () => {
    const { session } = await setting();
    const batch = session.store.batch(TOKEN);
    for (const bytes of all(40)) await batch.addBytes(bytes);
    const { id } = await batch.addBytes(bytesOf(3), { apart: true });
    const other = await batch.addBytes(Buffer.from('operations'), { apart: true });
    await batch.publish();
    expect(await behind(session).files.sizeOfFile(other.id)).toBe(10);
    expect(await behind(session).files.sizeOfFile(id)).toBe(bytesOf(3).length);
  });

  it('are found by a reader that listed the packs before they were there', async () => {
    const { session, again } = await setting();
    const reader = await again();
    expect(await reader.store.objects.has(sha256(bytesOf(0)))).toBe(false);
    const [id] = await store(session, all(40));
    expect((await reader.store.objects.read(id!)).length).toBe(bytesOf(0).length);
  });
});

describe('a damaged pack', () => {
  async function damage(
    session: Session,
    again: () => Promise<Session>,
    change: (path: string) => Promise<void>,
  ): Promise<Session> {
    const path = `${behind(session).layout.packs}/${(await packsOf(session))[0]}`;
    await chmod(path, 0o600);
    await change(path);
    return again();
  }

  it('with a flipped byte in what is not compressed says so of that object, and gives the others', async () => {
    const { session, again } = await setting({ compresses: false });
    const ids = await store(session, all(40));
    const reader = await damage(session, again, async (path) => {
      const bytes = await readFile(path);
      expect(bytes.subarray(-8).toString()).toBe('hs-pack1');
      bytes[5]! ^= 1;
      await writeFile(path, bytes);
    });
    await expect(reader.store.objects.read(ids[0]!)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect((await reader.store.objects.read(ids[1]!)).length).toBe(bytesOf(1).length);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['that was cut off', async (path) => writeFile(path, (await readFile(path)).subarray(0, -7))],
    ['that is empty', (path) => writeFile(path, '')],
    [
      'that says it has more than it has',
      async (path) => {
        const bytes = await readFile(path);
        bytes.writeUInt32BE(0xffffffff, bytes.length - 12);
        await writeFile(path, bytes);
      },
    ],
    ['that is gone', (path) => rm(path)],
  ])('%s has nothing, and stops no command', async (_, change) => {
    const { session, again } = await setting();
    const ids = await store(session, all(40));
    const reader = await damage(session, again, change);
    await expect(reader.store.objects.read(ids[0]!)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    const put = await store(reader, all(40));
    expect((await reader.store.objects.read(put[0]!)).length).toBe(bytesOf(0).length);
  });
});

describe('many packs', () => {
  it.each([
    ['whose end says that it is gigabytes of index', 100_000_000, 4_100_000_000],
    ['that is longer than packs are', 1, 3_000_000_000],
  ])('are looked for beside a sparse file %s', async (_, count, size) => {
    const { session, again } = await setting();
    const [id] = await store(session, all(40));
    const path = `${behind(session).layout.packs}/${'a'.repeat(64)}.pack`;
    const end = Buffer.alloc(12, 'hs-pack1', 'latin1');
    end.writeUInt32BE(count, 0);
    end.write('hs-pack1', 4, 'latin1');
    const file = await open(path, 'w', 0o444);
    await file.write(end, 0, end.length, size);
    await file.close();
    const reader = await again();
    expect(await reader.store.objects.has(id!)).toBe(true);
    await expect(reader.store.objects.read('0'.repeat(64) as ObjectId)).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    });
    const { findings } = await fsck(reader, { secondOpinion: false, sample: 1, repair: false });
    expect(findings.map((f) => [f.severity, f.message])).toEqual([
      ['damage', expect.stringContaining('it does not end like a pack')],
    ]);
  });

  it('become few by the command that makes one too many, and all is there', async () => {
    const dir = await tmp();
    const session = await testStore(dir, { packLimits: TINY_PACKS });
    const ids: ObjectId[] = [];
    for (let i = 0; i < 12; i += 2) {
      await session.write('artifact.create', [], async (tx) => {
        for (const n of [i, i + 1]) ids.push((await tx.batch.addBytes(bytesOf(n))).id);
        await tx.batch.publish();
      });
    }
    expect((await packsOf(session)).length).toBeLessThan(6);
    expect(await readdir(behind(session).layout.tmp)).toEqual([]);
    const reader = await openTestSession(dir);
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await reader.store.objects.read(id)).equals(bytesOf(i))).toBe(true);
    }
  });

  it('that are full of tiny objects are left as they are', async () => {
    const session = await testStore(await tmp(), { packLimits: TINY_PACKS });
    await store(session, all(32));
    const before = await packsOf(session);
    expect(before.length).toBeGreaterThanOrEqual(TINY_PACKS.mergeFrom);
    await tidyPacks(session.store, TOKEN);
    expect(await packsOf(session)).toEqual(before);
  });

  it('lose no sound copy of an object to a damaged or unreadable one', async () => {
    for (const harm of ['damage', 'EIO'] as const) {
      const dir = await tmp();
      // As they are, so that a changed byte is one of content, and no block that cannot be expanded.
      const plain = { compresses: false };
      const [a, b] = [await testStore(dir, plain), await openTestSession(dir, plain)];
      const batches = [a.store.batch(TOKEN), b.store.batch('1'.repeat(24))];
      for (const [i, batch] of batches.entries())
        for (const bytes of all(40 + i)) await batch.addBytes(bytes);
      for (const batch of batches) await batch.publish();
      const [first] = (await packsOf(a)).sort();
      const path = `${behind(a).layout.packs}/${first}`;
      const pack = await Pack.open(nodeDisk(), first!.slice(0, 64) as ObjectId, path);
      const { offset } = pack.index.find(sha256(bytesOf(0)))!;
      await pack.close();
      if (harm === 'damage') {
        const bytes = await readFile(path);
        bytes[offset]! ^= 1;
        await chmod(path, 0o600);
        await writeFile(path, bytes);
      }
      const disk = interceptDisk(nodeDisk(), (operation, at) => {
        if (harm === 'EIO' && operation === 'file.read' && at === path && ++reads > 1)
          throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'read' });
      });
      let reads = 0;
      const session = await openTestSession(dir, { disk, packLimits: { ...PACK_LIMITS, mergeFrom: 2 } });
      await tidyPacks(session.store, TOKEN);
      const after = await openTestSession(dir);
      let sound = 0;
      for (const p of await behind(after).files.packs!.all()) {
        const slot = p.index.find(sha256(bytesOf(0)));
        if (p.path !== path && slot !== undefined && (await p.read(slot)).equals(bytesOf(0))) sound++;
      }
      expect([harm, sound]).toEqual([harm, 1]);
    }
  });

  it('are opened once, and closed, however many lookups there are at once', async () => {
    const dir = await tmp();
    const limits = { ...TINY_PACKS, mergeFrom: 1000 };
    const writer = await testStore(dir, { packLimits: limits });
    const ids = await store(writer, all(160));
    const session = await openTestSession(dir, { packLimits: limits });
    const held = async () => {
      const names = await readdir('/proc/self/fd');
      const links = await Promise.all(names.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
      return links.filter((to) => to.startsWith(dir) && to.endsWith('.pack')).length;
    };
    for (let round = 0; round < 3; round++)
      await Promise.all(ids.map((id) => session.store.objects.read(id)));
    expect(await held()).toBeLessThanOrEqual((await packsOf(session)).length + 40);
    await session.close();
    await writer.close();
    expect(await held()).toBe(0);
  });

  it('give what is being read of one that is closed meanwhile', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    const [id] = await store(session, all(100));
    const [name] = await packsOf(session);
    let isSlow = false;
    const disk = surroundDisk(nodeDisk(), async (operation, _path, run) => {
      if (isSlow && operation === 'file.read') await setImmediate();
      return run();
    });
    const path = `${behind(session).layout.packs}/${name}`;
    const pack = await Pack.open(disk, name!.replace('.pack', '') as ObjectId, path);
    isSlow = true;
    const reading = pack.read(pack.index.find(id!)!);
    const closed = pack.close();
    const next = pack.read(pack.index.find(id!)!);
    await closed;
    expect([sha256(await reading), sha256(await next)]).toEqual([id, id]);
    await pack.close();
    await session.close();
  });

  it('are listed again for a prefix, and for each count', async () => {
    const { session, again } = await setting();
    const [known] = await store(session, all(40));
    expect(await resolveObject(session, known!.slice(0, 12))).toBe(known);
    const [id] = await store(await again(), all(100).slice(50));
    expect(await resolveObject(session, id!.slice(0, 12))).toBe(id);
    expect((await countObjects(session)).packs).toBe(2);
  });
});
