import { encodeRow, type Row } from '../../../core/catalog/row-lines.js';
import { compressBlock } from '../../../core/objects/compressed-block.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { KeyFilter } from './key-filter.js';

/** A lookup reads one block. Larger blocks make the block lists shorter. */
export const BLOCK_BYTES = 16 * 1024;
/** Blocks per group. In a run of 500 MB a lookup reads the list of 250 groups, one block list and one filter. */
const GROUP_BLOCKS = 128;

/** First key of a block, its bytes in the file, its rows, the hash of those bytes, and its bytes uncompressed. */
export type BlockFact = readonly [
  first: string,
  bytes: number,
  rows: number,
  hash: ObjectId,
  textBytes: number,
];

/** A group of blocks: first key, offset and length, then its block list and filter, which follow the blocks. */
export type GroupFact = readonly [
  first: string,
  offset: number,
  dataBytes: number,
  listBytes: number,
  listHash: ObjectId,
  filterBytes: number,
  filterHash: ObjectId,
];

/** A run as named by the root. These hashes prove every row in it. */
export interface RunFact {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** The list of groups, at the end of the file. */
  readonly groups_bytes: number;
  readonly groups_hash: ObjectId;
}

/** Decodes a row of a block. */
export function decodeRow(line: string): Row {
  const tab = line.indexOf('\t');
  return tab === -1 ? { key: line, text: undefined } : { key: line.slice(0, tab), text: line.slice(tab + 1) };
}

/**
 * Encodes a run in pieces: blocks of rows, after each group of blocks their list and a filter of their keys, and the
 * list of groups. `rows` must be in ascending order. `compress`: of no use where it is soon merged. Returns the run's entry
 * for the root.
 */
export function* encodeRun(name: string, rows: Iterable<Row>, compress: boolean): Generator<Buffer, RunFact> {
  const groups: GroupFact[] = [];
  let group = new GroupEncoder(compress);
  let offset = 0;
  let all = 0;
  for (const row of rows) {
    all++;
    const block = group.add(row);
    if (block === undefined) continue;
    yield block;
    if (!group.isFull) continue;
    const { pieces, fact } = group.finish(offset);
    yield* pieces;
    groups.push(fact);
    offset += group.bytes;
    group = new GroupEncoder(compress);
  }
  if (!group.isEmpty) {
    const { pieces, fact } = group.finish(offset);
    yield* pieces;
    groups.push(fact);
    offset += group.bytes;
  }
  const list = Buffer.from(JSON.stringify(groups), 'utf8');
  yield list;
  return {
    name,
    rows: all,
    bytes: offset + list.length,
    groups_bytes: list.length,
    groups_hash: sha256(list),
  };
}

class GroupEncoder {
  readonly #blocks: BlockFact[] = [];
  readonly #filter = new KeyFilter.Builder();
  readonly #compress: boolean;
  #text = '';
  #first = '';
  #rows = 0;
  /** Bytes so far; once finished, including its list and filter. */
  bytes = 0;

  constructor(compress: boolean) {
    this.#compress = compress;
  }

  get isFull(): boolean {
    return this.#blocks.length >= GROUP_BLOCKS;
  }
  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#rows === 0;
  }

  /** The block that this row completes, if any. */
  add(row: Row): Buffer | undefined {
    if (this.#rows === 0) this.#first = row.key;
    this.#text += encodeRow(row);
    this.#filter.add(row.key);
    this.#rows++;
    return this.#text.length >= BLOCK_BYTES ? this.#block() : undefined;
  }

  #block(): Buffer {
    const text = Buffer.from(this.#text, 'utf8');
    const bytes = this.#compress ? compressBlock(text) : text;
    this.#blocks.push([this.#first, bytes.length, this.#rows, sha256(bytes), text.length]);
    this.bytes += bytes.length;
    this.#text = '';
    this.#rows = 0;
    return bytes;
  }

  /** The last block, if one was begun, then the list and the filter. */
  finish(offset: number): { readonly pieces: readonly Buffer[]; readonly fact: GroupFact } {
    const last = this.#rows > 0 ? [this.#block()] : [];
    const list = Buffer.from(JSON.stringify(this.#blocks), 'utf8');
    const filter = this.#filter.build();
    const [first] = this.#blocks[0]!;
    const dataBytes = this.bytes;
    this.bytes += list.length + filter.length;
    return {
      pieces: [...last, list, filter],
      fact: [first, offset, dataBytes, list.length, sha256(list), filter.length, sha256(filter)],
    };
  }
}
