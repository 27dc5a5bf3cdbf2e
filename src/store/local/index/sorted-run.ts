import { TablesClosed, TablesDamaged } from '../../../core/catalog/key-tables.js';
import type { Row } from '../../../core/catalog/row-lines.js';
import { expandBlock } from '../../../core/objects/compressed-block.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { AheadBlock, ReadAhead } from '../../../fsx/read-ahead.js';
import type { IndexPort, OpenIndexFile } from '../../../fsx/sync-read-file.js';
import { countLines, findLine, linesWith } from './block-lines.js';
import { KeyFilter } from './key-filter.js';
import {
  BLOCK_BYTES,
  type BlockFact,
  decodeRow,
  GROUP_BLOCKS,
  type GroupFact,
  type RunFact,
} from './sorted-run-format.js';

/**
 * Cached blocks of all runs together, 8 MiB: the ids of 100,000 artifacts, which a removal of many asks for in no order. A
 * fold of a long ledger has a hundred runs open.
 */
const MOST_BLOCKS = 512;
const compressed = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
/** By number of the run and offset. */
const cachedBlocks = new Map<string, Buffer>();
let lastNumber = 0;
/** Cached group lists and filters. A run of 500 MB has 250, of 40 KiB each. */
const MOST_GROUPS = 256;
/** A scan that ends before costs no thread. */
const GROUPS_ALONE = 2;
/** What is left of a scan must take longer than to start one: 50,000 artifacts. */
const LEAST_AHEAD = 10;
/** Groups that are announced before they are read. */
const GROUPS_AHEAD = 2;
/** After all that begins with a prefix. */
const LAST = '\uffff';

/** A block in a scan. */
interface ScannedBlock {
  /** Its group. */
  readonly g: number;
  /** Its first key. */
  readonly first: string;
  /** That of the block behind it; empty at the end. */
  readonly next: string;
  readonly rows: number;
  readonly lines: Buffer;
}

interface Group {
  readonly blocks: readonly BlockFact[];
  /** Offset of each block in the file. */
  readonly offsets: readonly number[];
  filter?: KeyFilter;
}

/** The index of the last one whose first key is not above `key`; -1 if there is none. */
function lastUpTo(facts: readonly (readonly [string, ...unknown[]])[], key: string): number {
  let low = 0;
  for (let high = facts.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (facts[middle]![0] <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Adds to a cache of at most `most` items, evicting the oldest. */
function keep<K, V>(all: Map<K, V>, most: number, key: K, value: V): V {
  if (all.size >= most) all.delete(all.keys().next().value!);
  all.set(key, value);
  return value;
}

/**
 * An immutable file of rows in ascending order. Every byte is verified by a hash, starting from the sealed root, before
 * it is used: flipped, truncated or planted bytes throw TablesDamaged and are never returned.
 */
export class Run {
  readonly fact: RunFact;
  readonly #file: OpenIndexFile;
  readonly #facts: readonly GroupFact[];
  readonly #groups = new Map<number, Group>();
  readonly #number = ++lastNumber;
  /** What is asked for in order is in the same block as the one before. */
  #last: { readonly group: Group; readonly n: number; readonly lines: Buffer } | undefined;
  /** What reads ahead for the scans under way. */
  readonly #ahead = new Set<ReadAhead>();
  #closed = false;

  private constructor(fact: RunFact, file: OpenIndexFile, groups: readonly GroupFact[]) {
    this.fact = fact;
    this.#file = file;
    this.#facts = groups;
  }

  /** `path` is relative to the store. */
  static open(port: IndexPort, root: string, path: string, fact: RunFact): Run {
    const file = orDamaged(() => port.open(root, path));
    try {
      const { bytes, groups_bytes: length, groups_hash } = fact;
      if (file.size !== bytes) throw new TablesDamaged('a run of another length');
      const groups = proven(file, bytes - length, length, groups_hash);
      return new Run(fact, file, JSON.parse(groups.toString('utf8')) as GroupFact[]);
    } catch (e) {
      file.close();
      throw e;
    }
  }

  #proven(offset: number, length: number, hash: ObjectId, into?: Buffer): Buffer {
    if (this.#closed) throw new TablesClosed('read after it was closed');
    return proven(this.#file, offset, length, hash, into);
  }

  #group(n: number): Group {
    const known = this.#groups.get(n);
    if (known !== undefined) return known;
    const [, offset, dataBytes, listBytes, listHash] = this.#facts[n]!;
    const list = this.#proven(offset + dataBytes, listBytes, listHash);
    const blocks = JSON.parse(list.toString('utf8')) as BlockFact[];
    let next = offset;
    const offsets = blocks.map(([, bytes]) => {
      next += bytes;
      return next - bytes;
    });
    return keep(this.#groups, MOST_GROUPS, n, { blocks, offsets });
  }

  #mayHave(n: number, key: string): boolean {
    const group = this.#group(n);
    const [, offset, dataBytes, listBytes, , bytes, hash] = this.#facts[n]!;
    group.filter ??= new KeyFilter(this.#proven(offset + dataBytes + listBytes, bytes, hash));
    return group.filter.mayHave(key);
  }

  /** The lines of a block that is likely to be asked for again. */
  #block(group: Group, n: number): Buffer {
    if (this.#last?.group === group && this.#last.n === n) return this.#last.lines;
    const lines = this.#cached(group, n);
    this.#last = { group, n, lines };
    return lines;
  }

  #cached(group: Group, n: number): Buffer {
    const key = `${this.#number} ${group.offsets[n]}`;
    const lines = cachedBlocks.get(key) ?? this.#lines(group, n);
    // Evicted last: what is asked for in order must not evict what is asked for in no order.
    cachedBlocks.delete(key);
    return keep(cachedBlocks, MOST_BLOCKS, key, lines);
  }

  /** The lines of a block; `plain` is for those of one that is not compressed. */
  #lines({ blocks, offsets }: Group, n: number, plain?: Buffer): Buffer {
    const [, bytes, , hash, textBytes] = blocks[n]!;
    // What is decompressed is of no use any more: a scan leaves a third less for the garbage collector.
    const into = bytes < textBytes ? compressed : plain;
    const lines = expandBlock(this.#proven(offsets[n]!, bytes, hash, into), textBytes);
    if (lines === undefined) throw new TablesDamaged('a block that cannot be decompressed');
    return lines;
  }

  get(key: string): Row | undefined {
    const n = lastUpTo(this.#facts, key);
    if (n < 0 || !this.#mayHave(n, key)) return undefined;
    const group = this.#group(n);
    const line = findLine(this.#block(group, lastUpTo(group.blocks, key)), key);
    return line === undefined ? undefined : decodeRow(line);
  }

  /**
   * The blocks that may have keys from `from` on that begin with `prefix`, in order. A
   * thread reads ahead in a scan that turns out to be long. `again`: the first one is likely to be asked for again.
   */
  *#scan(prefix: string, from: string, again: boolean): Generator<ScannedBlock> {
    const begin = Math.max(0, lastUpTo(this.#facts, from));
    const last = lastUpTo(this.#facts, prefix + LAST);
    let ahead: ReadAhead | undefined;
    try {
      for (let g = begin; g <= last; g++) {
        const group = this.#group(g);
        const next = this.#facts[g + 1]?.[0] ?? '';
        if (g === begin + GROUPS_ALONE && last - g >= LEAST_AHEAD) {
          ahead = this.#file.readAhead?.((last - g + 1) * GROUP_BLOCKS);
          if (ahead !== undefined) this.#ahead.add(ahead);
          for (let n = g; n < g + GROUPS_AHEAD; n++) ahead?.publish(this.#announced(n));
        }
        if (g + GROUPS_AHEAD <= last) ahead?.publish(this.#announced(g + GROUPS_AHEAD));
        for (let n = Math.max(0, lastUpTo(group.blocks, from)); n < group.blocks.length; n++) {
          const [first, , rows] = group.blocks[n]!;
          if (!first.startsWith(prefix) && first > prefix) return;
          const isAgain = again && g === begin && n === Math.max(0, lastUpTo(group.blocks, from));
          const lines = isAgain ? this.#block(group, n) : (this.#aheadOf(ahead) ?? this.#lines(group, n));
          yield { g, first, next: group.blocks[n + 1]?.[0] ?? next, rows, lines };
        }
      }
    } finally {
      if (ahead !== undefined && this.#ahead.delete(ahead)) ahead.close();
    }
  }

  /** Of a run that was closed meanwhile, nothing is believed. */
  #aheadOf(ahead: ReadAhead | undefined): Buffer | undefined {
    return this.#closed ? undefined : ahead?.next();
  }

  #announced(g: number): AheadBlock[] {
    const { blocks, offsets } = this.#group(g);
    return blocks.map(([, bytes, , hash, textBytes], n) => ({ offset: offsets[n]!, bytes, textBytes, hash }));
  }

  /**
   * Rows whose keys begin with `prefix`, those after `after` if given, in order. Verifies their order and number.
   */
  *rows(prefix: string, after = ''): Generator<Row> {
    let before = '';
    // A range within one block is looked up again and again; what a scan passes through is not.
    for (const block of this.#scan(prefix, after > prefix ? after : prefix, prefix !== '')) {
      const lines = block.lines.toString('utf8').split('\n').slice(0, -1);
      if (lines.length !== block.rows) throw new TablesDamaged('not as many rows as there should be');
      for (const line of lines) {
        const row = decodeRow(line);
        if (row.key <= before) throw new TablesDamaged('rows that are not in order');
        before = row.key;
        if (row.key <= after) continue;
        if (row.key.startsWith(prefix)) yield row;
        else if (row.key > prefix) return;
      }
    }
  }

  /**
   * The rows as lines, in pieces of at most a block; a line without a tab removes its key. Of all rows, the filters are
   * verified too.
   */
  *lines(prefix: string, after = ''): Generator<Buffer> {
    const isWanted = (key: string) => key > after && key.startsWith(prefix);
    let group = -1;
    for (const { g, first, next, lines } of this.#scan(prefix, after > prefix ? after : prefix, false)) {
      if (prefix === '' && g !== group) this.#mayHave(g, '');
      group = g;
      if (isWanted(first) && isWanted(next)) yield lines;
      else yield* linesWith(lines, isWanted);
    }
  }

  /** All lines, in blocks; each is valid until the next. Verifies their number. */
  *blocks(): Generator<Buffer> {
    const plain = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
    for (let g = 0; g < this.#facts.length; g++) {
      const group = this.#group(g);
      for (let n = 0; n < group.blocks.length; n++) {
        const lines = this.#lines(group, n, plain);
        if (countLines(lines) !== group.blocks[n]![2]) {
          throw new TablesDamaged('not as many rows as there should be');
        }
        yield lines;
      }
      this.#groups.delete(g);
    }
  }

  close(): void {
    for (const ahead of this.#ahead) ahead.close();
    this.#ahead.clear();
    if (!this.#closed) this.#file.close();
    this.#closed = true;
    // Views may hold it for long: of a fold that wrote hundreds, their lists and filters would be 20 MB.
    this.#groups.clear();
    this.#last = undefined;
  }
}

function proven(file: OpenIndexFile, offset: number, length: number, hash: ObjectId, into?: Buffer): Buffer {
  const bytes = orDamaged(() => file.read(offset, length, into));
  if (sha256(bytes) !== hash) throw new TablesDamaged('bytes that are not those that were written');
  return bytes;
}

/** An unreadable index is treated as damaged. */
function orDamaged<T>(work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new TablesDamaged(e.message, { cause: e });
  }
}
