import { TablesDamaged } from '../../../core/catalog/key-tables.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { IndexPort, OpenIndexFile } from '../../../fsx/sync-read-file.js';
import { KeyFilter } from './key-filter.js';
import { type BlockFact, decodeRow, type Row, type RunFact } from './sorted-run-format.js';

/** Blocks that are kept: a list goes through each once, a lookup comes back to few. */
const MOST_BLOCKS = 64;

/**
 * Rows in ascending order in a file that never changes. Every byte is compared with a hash before it is
 * believed, and the root's is proven: what was flipped, cut or planted is TablesDamaged, never an answer.
 */
export class Run {
  readonly fact: RunFact;
  readonly #file: OpenIndexFile;
  readonly #blocks: readonly BlockFact[];
  readonly #offsets: readonly number[];
  readonly #read = new Map<number, string>();
  #closed = false;
  #filter: KeyFilter | undefined;

  private constructor(fact: RunFact, file: OpenIndexFile, blocks: readonly BlockFact[]) {
    this.fact = fact;
    this.#file = file;
    this.#blocks = blocks;
    let offset = 0;
    this.#offsets = blocks.map(([, bytes]) => {
      offset += bytes;
      return offset - bytes;
    });
  }

  /** `path` is relative to the store. */
  static open(port: IndexPort, root: string, path: string, fact: RunFact): Run {
    const file = orDamaged(() => port.open(root, path));
    try {
      const { data_bytes: data, blocks_bytes: list, filter_bytes: filter } = fact;
      if (file.size !== data + list + filter) throw new TablesDamaged('a run of another length');
      const blocks = proven(file, data, list, fact.blocks_hash);
      return new Run(fact, file, JSON.parse(blocks.toString('utf8')) as BlockFact[]);
    } catch (e) {
      file.close();
      throw e;
    }
  }

  /** The block as text, its rows between newlines. */
  #block(n: number): string {
    if (this.#closed) throw new TablesDamaged('read after it was closed');
    const known = this.#read.get(n);
    if (known !== undefined) return known;
    const [, bytes, , hash] = this.#blocks[n]!;
    const text = `\n${proven(this.#file, this.#offsets[n]!, bytes, hash).toString('utf8')}`;
    if (this.#read.size >= MOST_BLOCKS) this.#read.delete(this.#read.keys().next().value!);
    this.#read.set(n, text);
    return text;
  }

  /** The last block whose first key is not above `key`; -1 when all are. */
  #blockOf(key: string): number {
    let low = 0;
    for (let high = this.#blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]![0] <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  get(key: string): Row | undefined {
    const { data_bytes, blocks_bytes, filter_bytes, filter_hash } = this.fact;
    this.#filter ??= new KeyFilter(proven(this.#file, data_bytes + blocks_bytes, filter_bytes, filter_hash));
    const n = this.#filter.mayHave(key) ? this.#blockOf(key) : -1;
    if (n < 0) return undefined;
    const text = this.#block(n);
    for (const end of ['\t', '\n']) {
      const at = text.indexOf(`\n${key}${end}`);
      if (at !== -1) return decodeRow(text.slice(at + 1, text.indexOf('\n', at + 1)));
    }
    return undefined;
  }

  /** Rows whose keys begin with `prefix`, in order; order and number are those that were written. */
  *rows(prefix: string): Generator<Row> {
    let before = '';
    for (let n = Math.max(0, this.#blockOf(prefix)); n < this.#blocks.length; n++) {
      const lines = this.#block(n).split('\n').slice(1, -1);
      if (lines.length !== this.#blocks[n]![2])
        throw new TablesDamaged('not as many rows as there should be');
      for (const line of lines) {
        const row = decodeRow(line);
        if (row.key <= before) throw new TablesDamaged('rows that are not in order');
        before = row.key;
        if (row.key.startsWith(prefix)) yield row;
        else if (row.key > prefix) return;
      }
    }
  }

  close(): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }
}

function proven(file: OpenIndexFile, offset: number, length: number, hash: ObjectId): Buffer {
  const bytes = orDamaged(() => file.read(offset, length));
  if (sha256(bytes) !== hash) throw new TablesDamaged('bytes that are not those that were written');
  return bytes;
}

/** An index that the disk does not give is as good as none. */
function orDamaged<T>(work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new TablesDamaged(e.message, { cause: e });
  }
}
