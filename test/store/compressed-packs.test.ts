import { chmod, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { encodePackIndex, type PackEntry } from '../../src/core/objects/pack-index.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { tidyPacks } from '../../src/store/collector/tidy.js';
import { LentBytes } from '../../src/store/local/objects/pack.js';
import { noise } from '../helpers/noise.js';
import { behind, openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const TOKEN = '0'.repeat(24);
const KIB = 1024;
const packsOf = (session: Session) => readdir(behind(session).layout.packs);

async function store(session: Session, contents: Iterable<Uint8Array>): Promise<ObjectId[]> {
  const batch = session.store.batch(TOKEN);
  const ids: ObjectId[] = [];
  for (const bytes of contents) ids.push((await batch.addBytes(bytes)).id);
  await batch.publish();
  return ids;
}

const text = (n: number) => Buffer.from(`line ${n} of a log that says the same again and again\n`.repeat(20));

describe('objects in a compressed pack', () => {
  it.each([
    ['text', (n: number) => text(n), 0.1],
    ['JSON', (n: number) => Buffer.from(JSON.stringify({ step: n, loss: 1 / n, at: `2026-01-${n}` })), 0.6],
    ['random bytes', (n: number) => noise(n, 1000), 1],
  ])('of %s take less room where that is possible, and never more', async (_, contentOf, most) => {
    const session = await testStore(await tmp());
    const contents = Array.from({ length: 200 }, (_, n) => contentOf(n + 1));
    await store(session, contents);
    const [pack] = await packsOf(session);
    const { size } = await stat(`${behind(session).layout.packs}/${pack}`);
    const bytes = contents.reduce((sum, { length }) => sum + length, 0);
    expect(size - contents.length * 40 - 100).toBeLessThanOrEqual(most * bytes);
  });

  it('are read back in any order, whatever their sizes', async () => {
    const session = await testStore(await tmp());
    const sizes = fc.sample(fc.nat(64 * KIB), { numRuns: 60, seed: 1 });
    const contents = [0, 1, 64 * KIB, 64 * KIB - 1, ...sizes].map((size, n) =>
      n % 2 ? noise(n, size) : Buffer.alloc(size, `${n} `),
    );
    const ids = await store(session, contents);
    const reader = await openTestSession(session.store.local.workspace);
    const order = ids.map((id, n) => ({ id, bytes: contents[n]! }));
    for (const one of [...order, ...order.reverse(), ...order.sort((a, b) => (a.id < b.id ? -1 : 1))]) {
      expect(Buffer.from(await reader.store.objects.read(one.id)).equals(one.bytes)).toBe(true);
    }
  });

  it('include an operation list, which is read in parts; a short one is a file', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    for (let n = 0; n < 300; n++) await writeFile(`${dir}/f${n}`, `${n}`);
    const paths = (count: number) => Array.from({ length: count }, (_, n) => ({ path: `${dir}/f${n}` }));
    await put(session, paths(300), {});
    const { entry } = await session.store.ledger.read(await session.store.ledger.headSeq());
    const { files } = behind(session);
    expect(await files.sizeOfFile(entry.ops_object!)).toBeUndefined();
    const size = (await session.store.objects.size(entry.ops_object!))!;
    const { pack } = (await files.packs!.find(entry.ops_object!))!;
    expect(pack.fileBytes).toBeLessThan(size / 3);
    const reader = await openTestSession(dir, { useIndex: false });
    expect((await (await reader.catalog()).live().all()).length).toBe(300);
    const short = await session.store.batch(TOKEN).addBytes(text(1), { apart: true });
    expect(await session.store.objects.size(short.id)).toBeUndefined();
  });

  it('are given whole one after another, but those of more than 8 MiB, which fsck reads in parts', async () => {
    const session = await testStore(await tmp());
    const mixed = Array.from({ length: 300 }, (_, n) => (n % 3 ? noise(n, 50 * n) : text(n)));
    const ids = await store(session, mixed);
    ids.push(
      ...(await store(
        session,
        Array.from({ length: 400 }, (_, n) => noise(1000 + n, 8000)),
      )),
    );
    const batch = session.store.batch(TOKEN);
    const long = Buffer.concat([...Array.from({ length: 8300 }, (_, n) => text(n)), noise(1, 100_000)]);
    expect(long.length).toBeGreaterThan(8 * 1024 * KIB);
    ids.push((await batch.addBytes(long, { apart: true })).id);
    await batch.publish();
    const found: ObjectId[] = [];
    for await (const group of session.store.inventory.groups({ sizes: true })) {
      for await (const block of (await group.contents?.()) ?? []) {
        for (const { id, size, bytes } of block) {
          found.push(id);
          expect(size > 8 * 1024 * KIB ? bytes : bytes && sha256(bytes)).toBe(
            size === long.length ? undefined : id,
          );
        }
      }
    }
    expect(found.sort()).toEqual(ids.sort());
    const options = { secondOpinion: false, sample: 1, repair: false };
    expect((await fsck(session, options)).checked.size_bytes).toBeGreaterThan(long.length);
    expect((await fsck(session, options)).findings).toEqual([]);
  });

  it('are not overwritten once they are read, while another reads the whole pack', async () => {
    const session = await testStore(await tmp());
    await store(
      session,
      Array.from({ length: 100 }, (_, n) => noise(n, 8000)),
    );
    const packs = behind(session).files.packs!;
    await packs.refresh();
    const [pack] = await packs.all();
    const lent = new LentBytes();
    const kept: { readonly id: ObjectId; readonly bytes: Buffer }[] = [];
    for (const n of pack!.index.inFileOrder()) {
      const { id, ...slot } = pack!.index.entry(n);
      const into = Buffer.alloc(slot.size);
      expect(await pack!.fill(into, slot.offset, lent)).toBe(true);
      expect(sha256(into)).toBe(id);
      kept.push({ id, bytes: await pack!.read(slot) });
    }
    for (const { id, bytes } of kept) expect(sha256(bytes)).toBe(id);
  });

  it('stay readable to who opened them when their pack is rewritten', async () => {
    const session = await testStore(await tmp());
    const long = Buffer.concat(Array.from({ length: 3000 }, (_, n) => text(n)));
    const batch = session.store.batch(TOKEN);
    const { id } = await batch.addBytes(long, { apart: true });
    await batch.publish();
    const chunks: Uint8Array[] = [];
    for await (const chunk of session.store.objects.stream(id)) {
      if (chunks.length === 0) {
        const parts = behind(session);
        const [pack] = await packsOf(session);
        await rm(`${parts.layout.packs}/${pack}`);
        await parts.files.packs!.refresh();
      }
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(long)).toBe(true);
  });
});

/** A pack of these blocks, as no writer makes it; its name is right. */
async function plant(
  session: Session,
  blocks: readonly { readonly bytes: Buffer; readonly stored?: number; readonly size: number }[],
  entries: readonly PackEntry[],
): Promise<void> {
  const index = encodePackIndex(
    entries,
    blocks.map(({ bytes, stored, size }) => ({ stored: stored ?? bytes.length, size })),
  );
  const file = Buffer.concat([...blocks.map(({ bytes }) => bytes), index]);
  await writeFile(`${behind(session).layout.packs}/${sha256(index)}.pack`, file, { mode: 0o444 });
}

describe('a pack with a hostile block', () => {
  const id = sha256(Buffer.from('planted'));
  const bomb = brotliCompressSync(Buffer.alloc(4 * KIB * KIB));
  it.each<[string, Parameters<typeof plant>[1], PackEntry]>([
    ['that expands to more than it says', [{ bytes: bomb, size: 7000 }], { id, offset: 0, size: 7000 }],
    [
      'that says that it expands to megabytes',
      [{ bytes: bomb, size: 4 * KIB * KIB }],
      { id, offset: 0, size: 9 },
    ],
    ['that is no stream', [{ bytes: Buffer.from('no stream'), size: 50 }], { id, offset: 0, size: 50 }],
    ['that is longer than its content', [{ bytes: noise(1, 99), size: 50 }], { id, offset: 0, size: 50 }],
    [
      'that ends after the file',
      [{ bytes: bomb, stored: 2 ** 31, size: 60_000 }],
      { id, offset: 0, size: 60_000 },
    ],
    ['too few for its objects', [{ bytes: noise(1, 50), size: 50 }], { id, offset: 0, size: 4e9 }],
  ])('%s gives a typed error, and is found', async (_, blocks, entry) => {
    const session = await testStore(await tmp());
    await plant(session, blocks, [entry]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(session.store.objects.read(id)).rejects.toMatchObject({ code: 'INTEGRITY' });
    await expect(async () => {
      for await (const _ of session.store.objects.stream(id));
    }).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * KIB * KIB);
    const { findings } = await fsck(session, { secondOpinion: false, sample: 1, repair: false });
    expect(findings.map((f) => f.severity)).toContain('damage');
  });

  it('says that it has more blocks than there is file', async () => {
    const session = await testStore(await tmp());
    const end = Buffer.alloc(16);
    end.writeUInt32BE(1, 0);
    end.writeUInt32BE(60_000, 4);
    end.write('hs-pack2', 8);
    const file = await open(`${behind(session).layout.packs}/${'a'.repeat(64)}.pack`, 'w', 0o444);
    await file.write(end);
    await file.close();
    await expect(session.store.objects.read(id)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    const { findings } = await fsck(session, { secondOpinion: false, sample: 1, repair: false });
    expect(findings.map((f) => f.message)).toEqual([expect.stringContaining('it does not end like a pack')]);
  });
});

describe('a damaged block', () => {
  it('takes the objects in it and no others, and goes once they are there again', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    const contents = Array.from({ length: 200 }, (_, n) => text(n));
    const ids = await store(session, contents);
    const path = `${behind(session).layout.packs}/${(await packsOf(session))[0]}`;
    const bytes = await readFile(path);
    bytes.fill(0xff, 20, 60);
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    const reader = await openTestSession(dir);
    const lost: number[] = [];
    for (const [n, id] of ids.entries()) if (!(await reader.store.objects.isSound(id))) lost.push(n);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(100);
    // Its other objects stay readable, and the pack is not rewritten without them.
    await tidyPacks(reader.store, TOKEN);
    const batch = reader.store.batch(TOKEN);
    for (const n of lost) await batch.addBytes(contents[n]!);
    await batch.publish();
    await reader.store.objects.refresh();
    await fsck(reader, { secondOpinion: false, sample: 1, repair: true });
    const after = await openTestSession(dir);
    for (const [n, id] of ids.entries()) {
      expect(Buffer.from(await after.store.objects.read(id)).equals(contents[n]!)).toBe(true);
    }
    const { findings } = await fsck(after, { secondOpinion: false, sample: 1, repair: false });
    expect(findings.filter((f) => f.severity === 'damage')).toEqual([]);
  });
});
