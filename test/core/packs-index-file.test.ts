import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { encodePackIndex, keyOf, PackIndex } from '../../src/core/objects/pack-index.js';
import {
  areEntriesOf,
  decodePacksHead,
  entriesByPack,
  entriesWith,
  PACKS_ENTRY_BYTES,
  PacksIndexWriter,
  packsHeadBytes,
  packsOfEntries,
  provenPacksEntries,
} from '../../src/core/objects/packs-index-file.js';
import { recordsWith } from '../../src/core/objects/sorted-records.js';

const idOf = (text: string) => sha256(Buffer.from(text));
const digestsOf = (ids: readonly ObjectId[]) =>
  new PackIndex(encodePackIndex(ids.map((id) => ({ id, offset: 0, size: 0 }))), 0).digests;

/** A file over packs, each of these objects. */
function fileOf(packs: ReadonlyMap<ObjectId, readonly ObjectId[]>) {
  const writer = new PacksIndexWriter([...packs.values()].reduce((sum, ids) => sum + ids.length, 0));
  for (const [name, ids] of packs) writer.addPack(name, digestsOf(ids));
  return writer.finish();
}

function opened(bytes: Buffer) {
  const head = decodePacksHead(bytes.subarray(0, packsHeadBytes(bytes, bytes.length)));
  return { head, entries: provenPacksEntries(bytes)! };
}

const PACKS = new Map([
  [idOf('pack 0'), Array.from({ length: 30 }, (_, i) => idOf(`object ${i}`))],
  [idOf('pack 1'), Array.from({ length: 30 }, (_, i) => idOf(`object ${20 + i}`))],
]);

describe('a file of the index over packs', () => {
  it('names for each object the packs that have it', () => {
    const { head, entries } = opened(fileOf(PACKS).bytes);
    for (let i = 0; i < 60; i++) {
      const id = idOf(`object ${i}`);
      const named = packsOfEntries(entriesWith(keyOf(id), entries), head);
      expect(new Set(named)).toEqual(
        new Set([...PACKS].flatMap(([name, ids]) => (ids.includes(id) ? [name] : []))),
      );
    }
  });

  it('is the same one over the same packs, written anew out of others or from the packs', () => {
    const [[first], [second]] = [...PACKS] as [[ObjectId, ObjectId[]], [ObjectId, ObjectId[]]];
    const [both, gone] = [opened(fileOf(PACKS).bytes), idOf('pack 2')];
    const other = opened(fileOf(new Map([[gone, [idOf('gone')]]])).bytes);
    const writer = new PacksIndexWriter(200);
    writer.addEntries(other.entries, other.head, (name) => name !== gone);
    for (const _ of [1, 2]) writer.addEntries(both.entries, both.head, () => true);
    writer.addPack(second, digestsOf(PACKS.get(second)!));
    expect(writer.finish()).toEqual(fileOf(PACKS));
    expect(fileOf(new Map([[first, PACKS.get(first)!]])).name).not.toBe(fileOf(PACKS).name);
  });

  it('tells the objects of each pack, to be compared with what it has', () => {
    const { head, entries } = opened(fileOf(PACKS).bytes);
    const byPack = entriesByPack(entries, head)!;
    for (const [n, name] of head.packs.entries()) {
      expect(areEntriesOf(byPack[n]!, digestsOf(PACKS.get(name)!))).toBe(true);
      expect(areEntriesOf(byPack[n]!, digestsOf([...PACKS.get(name)!].slice(1)))).toBe(false);
      expect(areEntriesOf(byPack[n]!, digestsOf([...PACKS.get(name)!.slice(1), idOf('z')]))).toBe(false);
    }
    const wrong = Buffer.from(entries);
    wrong.writeUInt16BE(2, wrong.length - 2);
    expect(entriesByPack(wrong, head)).toBeUndefined();
  });

  it('is damaged with any bit changed, and any part missing', () => {
    const { bytes } = fileOf(PACKS);
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at]! ^= 1 << (at % 8);
      expect([at, provenPacksEntries(wrong)]).toEqual([at, undefined]);
      expect([at, provenPacksEntries(bytes.subarray(0, at))]).toEqual([at, undefined]);
    }
  });
});

describe('records in order of key', () => {
  const STRIDE = PACKS_ENTRY_BYTES;
  function tableOf(keys: readonly number[]) {
    const sorted = [...keys].sort((a, b) => a - b);
    const bytes = Buffer.alloc(sorted.length * STRIDE);
    for (const [n, key] of sorted.entries()) bytes.writeUIntBE(key, n * STRIDE, 6);
    let reads = 0;
    const read = async (from: number, count: number) => {
      reads += 1;
      return bytes.subarray(from * STRIDE, (from + count) * STRIDE);
    };
    return { records: { count: sorted.length, stride: STRIDE, read }, reads: () => reads };
  }
  const countOf = (found: Buffer | undefined) => found && found.length / STRIDE;

  it('are found, all of one key, or it is said that they were not', async () => {
    const key = fc.oneof(fc.nat(50), fc.nat(2 ** 20), fc.nat(), fc.constant(2 ** 48 - 1), fc.constant(0));
    await fc.assert(
      fc.asyncProperty(fc.array(key), fc.nat(5000), key, key, async (some, many, middle, asked) => {
        const keys = [...some, ...Array.from({ length: many }, (_, i) => middle + (i % 7 === 0 ? i : 0))];
        const { records } = tableOf(keys.filter((k) => k < 2 ** 48));
        for (const wanted of [asked, middle, ...some]) {
          const found = await recordsWith(wanted, records);
          const expected = keys.filter((k) => k === wanted).length;
          if (found !== undefined) expect([wanted, countOf(found)]).toEqual([wanted, expected]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('take two small reads each where keys are evenly spread', async () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => keyOf(idOf(`object ${i}`)));
    const { records, reads } = tableOf(ids);
    for (let i = 0; i < 500; i++) {
      expect(countOf(await recordsWith(ids[i * 7]!, records))).toBe(1);
      expect(countOf(await recordsWith(keyOf(idOf(`another ${i}`)), records))).toBe(0);
    }
    expect(reads()).toBeLessThan(2 * 1000);
  });
});
