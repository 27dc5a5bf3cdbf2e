import { createSha256, sha256 } from './hash.js';
import type { ObjectId } from './ids.js';
import { type Digests, ID_BYTES, KEY_BYTES } from './pack-index.js';

/**
 * A file of the index over packs: for each object of some packs the first bytes of its id, and which of them has it. In
 * order: magic, number of packs and of entries (4 bytes each), the names of the packs, the entries in order, SHA-256 of
 * all that. An entry is `KEY_BYTES` of the id and the number of the pack in 2 bytes; all numbers are big-endian. What it
 * says of a pack is always so, since a name has one content.
 */
const MAGIC = 'hs-packs';
const HASH_BYTES = 32;
export const PACKS_HEAD_BYTES = MAGIC.length + 4 + 4;
export const PACKS_ENTRY_BYTES = KEY_BYTES + 2;
/** As many as have a number. */
export const MOST_INDEXED_PACKS = 65_536;

/** What such a file begins with. */
export interface PacksHead {
  readonly packs: readonly ObjectId[];
  /** Number of entries. */
  readonly entries: number;
  /** Offset of the first entry in the file. */
  readonly at: number;
}

/** Bytes of a file of this size before its entries; undefined: it is not one. */
export function packsHeadBytes(start: Buffer, size: number): number | undefined {
  if (start.length < PACKS_HEAD_BYTES || start.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return undefined;
  const [packs, entries] = [start.readUInt32BE(MAGIC.length), start.readUInt32BE(MAGIC.length + 4)];
  const at = PACKS_HEAD_BYTES + packs * ID_BYTES;
  return packs <= MOST_INDEXED_PACKS && at + entries * PACKS_ENTRY_BYTES + HASH_BYTES === size
    ? at
    : undefined;
}

/** Decodes the bytes before the entries, as many as `packsHeadBytes` tells. */
export function decodePacksHead(head: Buffer): PacksHead {
  const packs: ObjectId[] = [];
  for (let at = PACKS_HEAD_BYTES; at < head.length; at += ID_BYTES) {
    packs.push(head.toString('hex', at, at + ID_BYTES) as ObjectId);
  }
  return { packs, entries: head.readUInt32BE(MAGIC.length + 4), at: head.length };
}

/** The entries of a whole file; undefined when it is damaged. */
export function provenPacksEntries(bytes: Buffer): Buffer | undefined {
  const at = packsHeadBytes(bytes, bytes.length);
  if (at === undefined) return undefined;
  const end = bytes.length - HASH_BYTES;
  return sha256(bytes.subarray(0, end)) === bytes.toString('hex', end) ? bytes.subarray(at, end) : undefined;
}

/** The packs that entries of one key name. */
export function packsOfEntries(entries: Buffer, { packs }: PacksHead): ObjectId[] {
  const named = new Set<ObjectId>();
  for (let at = 0; at < entries.length; at += PACKS_ENTRY_BYTES) {
    const name = packs[entries.readUInt16BE(at + KEY_BYTES)];
    if (name !== undefined) named.add(name);
  }
  return [...named];
}

/** The entries with this key among all in order. */
export function entriesWith(key: number, entries: Buffer): Buffer {
  const keyAt = (n: number) => entries.readUIntBE(n * PACKS_ENTRY_BYTES, KEY_BYTES);
  const count = entries.length / PACKS_ENTRY_BYTES;
  let low = 0;
  for (let high = count; low < high; ) {
    const middle = (low + high) >>> 1;
    if (keyAt(middle) < key) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < count && keyAt(end) === key) end++;
  return entries.subarray(low * PACKS_ENTRY_BYTES, end * PACKS_ENTRY_BYTES);
}

/** The entries of each of the packs, by its number: those of one pack in order. Undefined: one is of no pack. */
export function entriesByPack(entries: Buffer, { packs }: PacksHead): readonly Buffer[] | undefined {
  const counts = new Uint32Array(packs.length);
  for (let at = KEY_BYTES; at < entries.length; at += PACKS_ENTRY_BYTES) {
    const number = entries.readUInt16BE(at);
    if (number >= packs.length) return undefined;
    counts[number]! += 1;
  }
  const byPack = [...counts].map((count) => Buffer.alloc(count * PACKS_ENTRY_BYTES));
  counts.fill(0);
  for (let at = 0; at < entries.length; at += PACKS_ENTRY_BYTES) {
    const number = entries.readUInt16BE(at + KEY_BYTES);
    entries.copy(byPack[number]!, counts[number]! * PACKS_ENTRY_BYTES, at, at + PACKS_ENTRY_BYTES);
    counts[number]! += 1;
  }
  return byPack;
}

/** Whether these entries are those of the objects of one pack, in order. */
export function areEntriesOf(entries: Buffer, { bytes, stride, count }: Digests): boolean {
  if (entries.length !== count * PACKS_ENTRY_BYTES) return false;
  for (let n = 0; n < count; n++) {
    const at = n * PACKS_ENTRY_BYTES;
    if (entries.compare(bytes, n * stride, n * stride + KEY_BYTES, at, at + KEY_BYTES) !== 0) return false;
  }
  return true;
}

/** Makes such a file of at most as many entries. */
export class PacksIndexWriter {
  readonly #numbers = new Map<ObjectId, number>();
  readonly #entries: Buffer;
  #end = 0;

  constructor(mostEntries: number) {
    // Not of a pool: they are sorted in place, as numbers of 8 bytes.
    this.#entries = Buffer.alloc(mostEntries * PACKS_ENTRY_BYTES);
  }

  /** Whether it is of no packs. */
  get isEmpty(): boolean {
    return this.#numbers.size === 0;
  }

  #add(from: Buffer, at: number, number: number): void {
    from.copy(this.#entries, this.#end, at, at + KEY_BYTES);
    this.#entries.writeUInt16BE(number, this.#end + KEY_BYTES);
    this.#end += PACKS_ENTRY_BYTES;
  }

  /** All objects of a pack; nothing if they are there already. */
  addPack(name: ObjectId, { bytes, stride, count }: Digests): void {
    if (this.#numbers.has(name)) return;
    const number = this.#numbers.size;
    this.#numbers.set(name, number);
    for (let n = 0; n < count; n++) this.#add(bytes, n * stride, number);
  }

  /** The same of the packs of another file, as far as they are wanted. */
  addEntries(entries: Buffer, { packs }: PacksHead, isWanted: (pack: ObjectId) => boolean): void {
    const numbers = packs.map((name) => {
      if (this.#numbers.has(name) || !isWanted(name)) return undefined;
      this.#numbers.set(name, this.#numbers.size);
      return this.#numbers.size - 1;
    });
    for (let at = 0; at < entries.length; at += PACKS_ENTRY_BYTES) {
      const number = numbers[entries.readUInt16BE(at + KEY_BYTES)];
      if (number !== undefined) this.#add(entries, at, number);
    }
  }

  /** The file and its name; call it once. */
  finish(): { readonly name: string; readonly bytes: Buffer } {
    const names = [...this.#numbers.keys()];
    const head = Buffer.alloc(PACKS_HEAD_BYTES + names.length * ID_BYTES);
    head.write(MAGIC, 0, 'latin1');
    head.writeUInt32BE(names.length, MAGIC.length);
    head.writeUInt32BE(this.#end / PACKS_ENTRY_BYTES, MAGIC.length + 4);
    for (const [n, name] of names.entries()) head.write(name, PACKS_HEAD_BYTES + n * ID_BYTES, 'hex');
    const entries = this.#entries.subarray(0, this.#end);
    sortEntries(entries);
    const hash = createSha256();
    hash.update(head);
    hash.update(entries);
    const bytes = Buffer.concat([head, entries, Buffer.from(hash.digest(), 'hex')]);
    return { name: nameOf(names), bytes };
  }
}

/** As numbers of 8 bytes, which takes a tenth of the time of comparing bytes. */
function sortEntries(entries: Buffer): void {
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (isLittle) entries.swap64();
  new BigUint64Array(entries.buffer, entries.byteOffset, entries.length / PACKS_ENTRY_BYTES).sort();
  if (isLittle) entries.swap64();
}

/** One for each set of packs: two processes that write the same at once write one file. */
function nameOf(names: readonly ObjectId[]): string {
  return `packs-${sha256(Buffer.from([...names].sort().join('\n'))).slice(0, 16)}`;
}

const NAME = /^packs-[0-9a-f]{16}$/;
/** Whether a name is that of such a file. */
export const isPacksIndexName = (name: string) => NAME.test(name);
