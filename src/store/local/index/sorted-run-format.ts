import { TablesDamaged } from '../../../core/catalog/key-tables.js';
import { NEWLINE, nearLineEnd, type Row, TAB } from '../../../core/catalog/row-lines.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { type BlockCompressor, type StoredBlock, storedBlock } from '../../../fsx/compress-ahead.js';
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

/** In this thread, one block at a time. */
export class BlocksAlone implements BlockCompressor {
  readonly most = 1;
  readonly #compress: boolean;
  #block: StoredBlock | undefined;

  /** `compress`: of no use where a run is soon merged. */
  constructor(compress: boolean) {
    this.#compress = compress;
  }

  give(text: Buffer): void {
    this.#block = storedBlock(text, this.#compress);
  }

  take(): StoredBlock {
    return this.#block!;
  }

  close(): void {}
}

/**
 * Encodes a run in pieces: blocks of lines, after each group of blocks their list and a filter of their keys, and the
 * list of groups. Returns the run's entry for the root. `compressor` is left open.
 */
export function* encodeRun(
  name: string,
  rows: LineRanges,
  compressor: BlockCompressor,
): Generator<Buffer, RunFact> {
  const filling = new BlockFilling();
  const groups = new GroupEncoder();
  /** Given to be compressed. */
  const given: GivenBlock[] = [];
  while (rows.next()) {
    const { lines, to } = rows;
    for (let at = rows.from; at < to; ) {
      at = filling.add(lines, at, to);
      if (!filling.isFull) continue;
      if (given.length === compressor.most) yield* groups.add(given.shift()!, compressor.take());
      given.push(filling.end(compressor));
    }
  }
  if (filling.hasRows) {
    if (given.length === compressor.most) yield* groups.add(given.shift()!, compressor.take());
    given.push(filling.end(compressor));
  }
  const last = given.at(-1);
  if (last !== undefined) last.filter ??= filling.filter;
  for (const block of given) yield* groups.add(block, compressor.take());
  const list = Buffer.from(JSON.stringify(groups.facts), 'utf8');
  yield list;
  return {
    name,
    rows: groups.rows,
    bytes: groups.bytes + list.length,
    groups_bytes: list.length,
    groups_hash: sha256(list),
  };
}

/** A block whose text is being compressed. */
interface GivenBlock {
  readonly first: string;
  readonly rows: number;
  readonly textBytes: number;
  /** Of the last block of a group. */
  filter: InstanceType<typeof KeyFilter.Builder> | undefined;
}

/** Fills one block after another. */
class BlockFilling {
  #text = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
  #used = 0;
  #first = '';
  #rows = 0;
  /** Where the line that was added last begins, in what was or is the block. */
  #last = -1;
  /** Blocks of the group. */
  #blocks = 0;
  /** Of the keys of the group. */
  filter = new KeyFilter.Builder();

  get hasRows(): boolean {
    return this.#rows > 0;
  }
  get isFull(): boolean {
    return this.#used >= BLOCK_BYTES;
  }

  /**
   * Adds lines until the block is full; returns where those begin that were not added. TablesDamaged where they are not
   * in order.
   */
  add(lines: Buffer, from: number, to: number): number {
    let at = from;
    let last = -1;
    while (at < to && this.#used + at - from < BLOCK_BYTES) {
      const end = this.filter.addLine(lines, at);
      if (this.#rows++ === 0) this.#first = lines.toString('latin1', at, end);
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

  /** Ends the block, and gives it away. */
  end(compressor: BlockCompressor): GivenBlock {
    const text = this.#text.subarray(0, this.#used);
    compressor.give(text);
    const isLast = ++this.#blocks === GROUP_BLOCKS;
    const filter = isLast ? this.filter : undefined;
    const block = { first: this.#first, rows: this.#rows, textBytes: text.length, filter };
    if (isLast) {
      this.filter = new KeyFilter.Builder();
      this.#blocks = 0;
    }
    this.#used = 0;
    this.#rows = 0;
    return block;
  }
}

/** Encodes one group after another. */
class GroupEncoder {
  readonly facts: GroupFact[] = [];
  #blocks: BlockFact[] = [];
  /** Of the blocks of the group. */
  #dataBytes = 0;
  /** Of all groups. */
  rows = 0;
  bytes = 0;

  /** The block, and after the last of a group its list and its filter. */
  *add({ first, rows, textBytes, filter }: GivenBlock, { bytes, hash }: StoredBlock): Generator<Buffer> {
    this.#blocks.push([first, bytes.length, rows, hash, textBytes]);
    this.#dataBytes += bytes.length;
    this.rows += rows;
    yield bytes;
    if (filter === undefined) return;
    const list = Buffer.from(JSON.stringify(this.#blocks), 'utf8');
    const bits = filter.build();
    const [begin] = this.#blocks[0]!;
    this.facts.push([
      begin,
      this.bytes,
      this.#dataBytes,
      list.length,
      sha256(list),
      bits.length,
      sha256(bits),
    ]);
    this.bytes += this.#dataBytes + list.length + bits.length;
    this.#blocks = [];
    this.#dataBytes = 0;
    yield list;
    yield bits;
  }
}

/** Whether the key of the line at `a` is below that of the line at `b`; a tab or a newline, which end it, are below all. */
function isBelow(as: Buffer, a: number, bs: Buffer, b: number): boolean {
  for (let i = 0; ; i++) {
    const [x, y] = [as[a + i]!, bs[b + i]!];
    if (y === TAB || y === NEWLINE) return false;
    if (x !== y) return x < y;
  }
}
