import type { Head } from '../../../core/catalog/catalog.js';
import { foldEntry } from '../../../core/catalog/fold.js';
import { MemoryTables, type ReadTables } from '../../../core/catalog/key-tables.js';
import { decodeEntry, MAX_ENTRY_BYTES } from '../../../core/ledger/entry.js';
import { sha256 } from '../../../core/objects/hash.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { IndexPort } from '../../../fsx/sync-read-file.js';
import { brokenLedger } from '../../ledger/ledger.js';
import { decodeOps, MAX_OPS_BYTES } from '../../ledger/operations-object.js';
import { corrupt } from '../../objects/object-store.js';
import type { CatalogIndex } from '../../port/catalog-index.js';
import type { Layout } from '../layout.js';
import type { CatalogCache } from './catalog-cache.js';
import { IndexView } from './index-view.js';
import type { LayeredTables } from './layered-tables.js';
import { ROOT } from './write-layer.js';

/** The index in `cache/`, with what answers in its stead once it has met damage. */
export class LocalIndex implements CatalogIndex {
  readonly #cache: CatalogCache;
  readonly #disk: Disk;
  readonly #port: IndexPort;
  readonly #layout: Layout;
  /** Hash of format.json. */
  readonly #genesis: string;

  constructor(cache: CatalogCache, disk: Disk, port: IndexPort, layout: Layout, genesis: string) {
    this.#cache = cache;
    this.#disk = disk;
    this.#port = port;
    this.#layout = layout;
    this.#genesis = genesis;
  }

  get place(): string | undefined {
    return this.#cache.place;
  }
  get isDiscarded(): boolean {
    return this.#cache.isDiscarded;
  }

  tables(): Promise<LayeredTables | undefined> {
    return this.#cache.tables();
  }

  relieve(tables: LayeredTables): Promise<void> {
    return this.#cache.relieve(tables);
  }

  advance(tables: LayeredTables, entries: number, operations: number): Promise<LayeredTables> {
    return this.#cache.advance(tables, entries, operations);
  }

  view(tables: LayeredTables, head: Head): ReadTables {
    return new IndexView(tables, () => this.#foldNow(head));
  }

  /** The state at `head`, at once, since a read of a view cannot wait. */
  #foldNow(head: Head): ReadTables {
    const { root } = this.#layout;
    const readFile = (path: string, maxBytes: number) =>
      this.#port.readFile(root, path.slice(root.length + 1), maxBytes);
    void this.#cache.discard();
    const tables = new MemoryTables();
    let prev = this.#genesis;
    for (let seq = 0; seq <= head.seq; seq++) {
      const bytes = readFile(this.#layout.entry(seq), MAX_ENTRY_BYTES);
      const entry = decodeEntry(bytes);
      if (entry.seq !== seq || entry.prev !== prev) throw brokenLedger(`the chain is broken at entry ${seq}`);
      const hash = sha256(bytes);
      prev = hash;
      const id = entry.ops_object;
      const ops = id && readFile(this.#layout.object(id), MAX_OPS_BYTES);
      if (id !== undefined && sha256(ops!) !== id) throw corrupt(id);
      foldEntry(tables, entry, ops === undefined ? (entry.ops ?? []) : decodeOps(ops), hash);
    }
    return tables;
  }

  async isKept(): Promise<boolean> {
    return this.place !== undefined && (await this.#disk.find(`${this.place}/${ROOT}`)) !== undefined;
  }

  discard(): Promise<void> {
    return this.#cache.discard();
  }

  forget(): Promise<void> {
    return this.#cache.forget();
  }

  async makeRoom(): Promise<void> {
    try {
      if (await this.#cache.isShort()) await this.#cache.discard();
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
