import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { KeyFilter } from './key-filter.js';

/** A row of an index: a key and the JSON of its value; without it, the key is removed. */
export interface Row {
  readonly key: string;
  readonly text: string | undefined;
}

/** What one look reads: larger ones make the lists of them shorter. */
const BLOCK_BYTES = 16 * 1024;
/** So many have a list and a filter of their own: of a run of 500 MB a look reads its 250 groups, one list, one filter. */
const GROUP_BLOCKS = 128;

/** First key, bytes, rows and hash of one block. */
export type BlockFact = readonly [first: string, bytes: number, rows: number, hash: ObjectId];

/** A group of blocks: first key, where they begin and end, and their list and filter, which follow them. */
export type GroupFact = readonly [
  first: string,
  offset: number,
  dataBytes: number,
  listBytes: number,
  listHash: ObjectId,
  filterBytes: number,
  filterHash: ObjectId,
];

/** A run as the root names it: that its parts have these hashes is what proves every row of it. */
export interface RunFact {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** The list of its groups, which comes last. */
  readonly groups_bytes: number;
  readonly groups_hash: ObjectId;
}

/** Keys are ASCII without control characters, and JSON has neither tab nor newline. */
export function encodeRow({ key, text }: Row): string {
  return text === undefined ? `${key}\n` : `${key}\t${text}\n`;
}

/** A row of a block. */
export function decodeRow(line: string): Row {
  const tab = line.indexOf('\t');
  return tab === -1 ? { key: line, text: undefined } : { key: line.slice(0, tab), text: line.slice(tab + 1) };
}

/**
 * The bytes of a run, in pieces: its rows in blocks, each group of blocks with their list and a filter of their keys,
 * and the list of the groups. `rows` come in ascending order. Returns what the root is to say of it.
 */
export function* encodeRun(name: string, rows: Iterable<Row>): Generator<Buffer, RunFact> {
  const groups: GroupFact[] = [];
  let group = new GroupEncoder();
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
    group = new GroupEncoder();
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
  #text = '';
  #first = '';
  #rows = 0;
  /** So far; once it is finished, with its list and its filter. */
  bytes = 0;

  get isFull(): boolean {
    return this.#blocks.length >= GROUP_BLOCKS;
  }
  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#rows === 0;
  }

  /** The block that the row fills, if it does. */
  add(row: Row): Buffer | undefined {
    if (this.#rows === 0) this.#first = row.key;
    this.#text += encodeRow(row);
    this.#filter.add(row.key);
    this.#rows++;
    return this.#text.length >= BLOCK_BYTES ? this.#block() : undefined;
  }

  #block(): Buffer {
    const bytes = Buffer.from(this.#text, 'utf8');
    this.#blocks.push([this.#first, bytes.length, this.#rows, sha256(bytes)]);
    this.bytes += bytes.length;
    this.#text = '';
    this.#rows = 0;
    return bytes;
  }

  /** The last block, where one is begun, the list and the filter. */
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
