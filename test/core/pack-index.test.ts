import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import {
  encodePackIndex,
  type PackEntry,
  PackIndex,
  packIndexBytes,
} from '../../src/core/objects/pack-index.js';
import { PACK_TRAILER_BYTES } from '../../src/core/objects/pack-shape.js';

const idOf = (text: string) => sha256(Buffer.from(text));

/** Objects that follow one another, in the order of their bytes. */
function entriesOf(sizes: readonly number[]): PackEntry[] {
  let offset = 0;
  return sizes.map((size, i) => {
    const entry = { id: idOf(`object ${i}`), offset, size };
    offset += size;
    return entry;
  });
}

const totalOf = (entries: readonly PackEntry[]) => entries.reduce((sum, e) => sum + e.size, 0);

function decoded(entries: readonly PackEntry[], dataBytes = totalOf(entries)): [PackIndex, string] {
  const bytes = encodePackIndex(entries);
  return [new PackIndex(bytes, dataBytes), sha256(bytes)];
}

describe('the index of a pack', () => {
  it('finds each object and no other, for any sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 60 }), (sizes) => {
        const entries = entriesOf(sizes);
        const [index, name] = decoded(entries);
        index.verify(name);
        for (const { id, offset, size } of entries) expect(index.find(id)).toEqual({ offset, size });
        expect(index.find(idOf('another'))).toBeUndefined();
        const sorted = [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
        expect([...index.entries()]).toEqual(sorted);
      }),
    );
  });

  it('has one encoding for any order of its objects', () => {
    const entries = entriesOf([3, 0, 7, 1]);
    expect(encodePackIndex([...entries].reverse())).toEqual(encodePackIndex(entries));
  });

  it('matches the bytes in the manual', () => {
    const id = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' as ObjectId;
    const bytes = encodePackIndex([{ id, offset: 258, size: 5 }]);
    expect(bytes.toString('hex')).toBe(
      `${id}0000010200000005${'00000001'}${Buffer.from('hs-pack1').toString('hex')}`,
    );
    expect(packIndexBytes(bytes.subarray(-PACK_TRAILER_BYTES))).toBe(bytes.length);
  });

  it('distinguishes ids with the same first twelve digits', () => {
    const ids = ['0', '1', 'f'].map((end) => `${'ab'.repeat(6)}${end.repeat(52)}` as ObjectId);
    const [index] = decoded(ids.map((id, i) => ({ id, offset: i, size: 1 })));
    for (const [i, id] of ids.entries()) expect(index.find(id)).toEqual({ offset: i, size: 1 });
    expect(index.find(`${'ab'.repeat(6)}${'8'.repeat(52)}` as ObjectId)).toBeUndefined();
    expect([...index.entries('ab'.repeat(6))].map((e) => e.id)).toEqual(ids);
    expect([...index.entries(ids[1]!.slice(0, 13))].map((e) => e.id)).toEqual([ids[1]]);
    expect([...index.entries('abababac')].map((e) => e.id)).toEqual([]);
  });

  it.each<[string, (e: PackEntry[]) => PackEntry[], number]>([
    ['a gap', ([a, b]) => [a!, { ...b!, offset: b!.offset + 1 }], 1],
    ['an overlap', ([a, b]) => [a!, { ...b!, offset: b!.offset - 1 }], -1],
    ['bytes that no object has', (e) => e, 1],
    ['an object twice', ([a]) => [a!, { ...a!, offset: a!.size }], 0],
  ])('with %s is damaged', (_, change, more) => {
    const entries = change(entriesOf([10, 20]));
    const [index, name] = decoded(entries, totalOf(entries) + more);
    expect(() => index.verify(name)).toThrow('is damaged');
  });

  it.each<[string, { stored: number; size: number }[], number]>([
    ['that end before the file', [{ stored: 9, size: 30 }], 10],
    ['that end after it', [{ stored: 9, size: 30 }], 8],
    ['of which one is longer than its content', [{ stored: 31, size: 30 }], 31],
    ['of which one is empty', [{ stored: 0, size: 30 }], 0],
  ])('with blocks %s is damaged', (_, blocks, dataBytes) => {
    const bytes = encodePackIndex(entriesOf([10, 20]), blocks);
    expect(() => new PackIndex(bytes, dataBytes).verify(sha256(bytes))).toThrow('its blocks do not fill it');
  });

  it('under another name is damaged', () => {
    const [index] = decoded(entriesOf([10, 20]));
    expect(() => index.verify(idOf('another'))).toThrow('does not match its name');
  });

  it.each([
    ['another ending', Buffer.from('000000000001hs-pack2')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(PACK_TRAILER_BYTES)],
  ])('is not %s', (_, bytes) => {
    expect(packIndexBytes(bytes)).toBeUndefined();
  });
});
