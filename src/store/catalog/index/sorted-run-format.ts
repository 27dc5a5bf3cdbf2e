import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { KeyFilter } from './key-filter.js';

/** A row of an index: a key and the JSON of its value; without it, the key is removed. */
export interface Row {
  readonly key: string;
  readonly text: string | undefined;
}

/** What one look reads: larger ones make the list of them shorter, which is read by every command. */
const BLOCK_BYTES = 16 * 1024;

/** First key, bytes, rows and hash of one block. */
export type BlockFact = readonly [first: string, bytes: number, rows: number, hash: ObjectId];

/** A run as the root names it: that its parts have these hashes is what proves every row of it. */
export interface RunFact {
  readonly name: string;
  readonly rows: number;
  readonly data_bytes: number;
  readonly blocks_bytes: number;
  readonly blocks_hash: ObjectId;
  readonly filter_bytes: number;
  readonly filter_hash: ObjectId;
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
 * The bytes of a run, in pieces: its rows in blocks, the list of the blocks, and a filter of its keys. `rows`
 * come in ascending order. Returns what the root is to say of it.
 */
export function* encodeRun(name: string, rows: Iterable<Row>): Generator<Buffer, RunFact> {
  const blocks: BlockFact[] = [];
  const filter = new KeyFilter.Builder();
  let text = '';
  let first = '';
  let inBlock = 0;
  let all = 0;
  let dataBytes = 0;
  const block = (): Buffer => {
    const bytes = Buffer.from(text, 'utf8');
    blocks.push([first, bytes.length, inBlock, sha256(bytes)]);
    dataBytes += bytes.length;
    text = '';
    inBlock = 0;
    return bytes;
  };
  for (const row of rows) {
    if (inBlock === 0) first = row.key;
    text += encodeRow(row);
    filter.add(row.key);
    inBlock++;
    all++;
    if (text.length >= BLOCK_BYTES) yield block();
  }
  if (inBlock > 0) yield block();
  const list = Buffer.from(JSON.stringify(blocks), 'utf8');
  yield list;
  const bits = filter.build();
  yield bits;
  return {
    name,
    rows: all,
    data_bytes: dataBytes,
    blocks_bytes: list.length,
    blocks_hash: sha256(list),
    filter_bytes: bits.length,
    filter_hash: sha256(bits),
  };
}
