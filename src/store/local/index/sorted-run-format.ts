import { TablesDamaged } from '../../../core/catalog/key-tables.js';
import { NEWLINE, nearLineEnd, type Row, TAB } from '../../../core/catalog/row-lines.js';
import { compressBlock } from '../../../core/objects/compressed-block.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { KeyFilter } from './key-filter.js';
import type { LineRanges } from './line-ranges.js';

/** A lookup reads one block. Larger blocks make the block lists shorter. */
export const BLOCK_BYTES = 16 * 1024;
/** Blocks per group. In a run of 500 MB a lookup reads the list of 250 groups, one block list and one filter. */
export const GROUP_BLOCKS = 128;

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
 * Encodes a run in pieces: blocks of lines, after each group of blocks their list and a filter of their keys, and the
 * list of groups. `compress`: of no use where it is soon merged. Returns the run's entry for the root.
 */
export function* encodeRun(name: string, rows: LineRanges, compress: boolean): Generator<Buffer, RunFact> {
  const groups: GroupFact[] = [];
  const group = new GroupEncoder(compress);
  let offset = 0;
  function* finish() {
    const { pieces, fact, bytes } = group.finish(offset);
    yield* pieces;
    groups.push(fact);
    offset += bytes;
  }
  while (rows.next()) {
    const { lines, to } = rows;
    for (let at = rows.from; at < to; ) {
      at = group.add(lines, at, to);
      if (!group.hasBlock) continue;
      yield group.block();
      if (group.isFull) yield* finish();
    }
  }
  if (!group.isEmpty) yield* finish();
  const list = Buffer.from(JSON.stringify(groups), 'utf8');
  yield list;
  return {
    name,
    rows: group.rows,
    bytes: offset + list.length,
    groups_bytes: list.length,
    groups_hash: sha256(list),
  };
}

/** Encodes one group after another. */
class GroupEncoder {
  #blocks: BlockFact[] = [];
  #filter = new KeyFilter.Builder();
  readonly #compress: boolean;
  /** The block that is being filled. */
  #text = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
  #used = 0;
  #first = '';
  #rowsOfBlock = 0;
  /** Where the line that was added last begins, in what was or is the block. */
  #last = -1;
  #bytes = 0;
  /** Of all groups. */
  rows = 0;

  constructor(compress: boolean) {
    this.#compress = compress;
  }

  get isFull(): boolean {
    return this.#blocks.length >= GROUP_BLOCKS;
  }
  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#rowsOfBlock === 0;
  }
  get hasBlock(): boolean {
    return this.#used >= BLOCK_BYTES;
  }

  /**
   * Adds lines until a block is full; returns where those begin that were not added. TablesDamaged where they are not in
   * order.
   */
  add(lines: Buffer, from: number, to: number): number {
    let at = from;
    let last = -1;
    while (at < to && this.#used + at - from < BLOCK_BYTES) {
      const end = this.#filter.addLine(lines, at);
      if (this.#rowsOfBlock++ === 0) this.#first = lines.toString('latin1', at, end);
      const isNext =
        last >= 0
          ? isBelow(lines, last, lines, at)
          : this.#last < 0 || isBelow(this.#text, this.#last, lines, at);
      if (!isNext) throw new TablesDamaged('rows that are not in order');
      last = at;
      at = nearLineEnd(lines, end) + 1;
    }
    const used = this.#used + at - from;
    if (used > this.#text.length) {
      const text = Buffer.allocUnsafeSlow(2 * used);
      this.#text.copy(text, 0, 0, this.#used);
      this.#text = text;
    }
    lines.copy(this.#text, this.#used, from, at);
    this.#last = this.#used + last - from;
    this.#used = used;
    return at;
  }

  /** Ends the block, and returns it. */
  block(): Buffer {
    const text = this.#text.subarray(0, this.#used);
    const compressed = this.#compress ? compressBlock(text) : text;
    const bytes = compressed === text ? Buffer.from(text) : compressed;
    this.#blocks.push([this.#first, bytes.length, this.#rowsOfBlock, sha256(bytes), text.length]);
    this.#bytes += bytes.length;
    this.rows += this.#rowsOfBlock;
    this.#used = 0;
    this.#rowsOfBlock = 0;
    return bytes;
  }

  /** The last block, if one was begun, then the list and the filter. */
  finish(offset: number): FinishedGroup {
    const last = this.#rowsOfBlock > 0 ? [this.block()] : [];
    const list = Buffer.from(JSON.stringify(this.#blocks), 'utf8');
    const filter = this.#filter.build();
    const [first] = this.#blocks[0]!;
    const bytes = this.#bytes;
    this.#blocks = [];
    this.#filter = new KeyFilter.Builder();
    this.#bytes = 0;
    return {
      pieces: [...last, list, filter],
      fact: [first, offset, bytes, list.length, sha256(list), filter.length, sha256(filter)],
      bytes: bytes + list.length + filter.length,
    };
  }
}

interface FinishedGroup {
  readonly pieces: readonly Buffer[];
  readonly fact: GroupFact;
  readonly bytes: number;
}

/** Whether the key of the line at `a` is below that of the line at `b`; a tab or a newline, which end it, are below all. */
function isBelow(as: Buffer, a: number, bs: Buffer, b: number): boolean {
  for (let i = 0; ; i++) {
    const [x, y] = [as[a + i]!, bs[b + i]!];
    if (y === TAB || y === NEWLINE) return false;
    if (x !== y) return x < y;
  }
}
