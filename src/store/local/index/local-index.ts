import type { TablesDamaged } from '../../../core/catalog/key-tables.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { CatalogIndex } from '../../port/catalog-index.js';
import type { CatalogCache } from './catalog-cache.js';
import type { LayeredTables } from './layered-tables.js';
import { ROOT } from './write-layer.js';

/** The index in `cache/`. */
export class LocalIndex implements CatalogIndex {
  readonly #cache: CatalogCache;
  readonly #disk: Disk;

  constructor(cache: CatalogCache, disk: Disk) {
    this.#cache = cache;
    this.#disk = disk;
  }

  get place(): string | undefined {
    return this.#cache.place;
  }
  get damage(): TablesDamaged | undefined {
    return this.#cache.damage;
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

  isShort(): Promise<boolean> {
    return this.#cache.isShort();
  }

  async isKept(): Promise<boolean> {
    return this.place !== undefined && (await this.#disk.find(`${this.place}/${ROOT}`)) !== undefined;
  }

  discard(damage?: TablesDamaged): Promise<void> {
    return this.#cache.discard(damage);
  }

  forget(): Promise<void> {
    return this.#cache.forget();
  }

  async makeRoom(): Promise<void> {
    try {
      if (await this.isShort()) await this.#cache.discard();
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
