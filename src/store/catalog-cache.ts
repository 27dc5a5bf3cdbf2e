import { canonicalBytes, parseCanonical } from '../core/canonical.js';
import type { Random } from '../core/ports.js';
import { TablesUnavailable } from '../core/tables.js';
import { isErrno, isHsError } from '../errors/hs-error.js';
import type { Disk } from '../fsx/disk.js';
import type { IndexFile } from '../fsx/index-file.js';
import type { Layout } from './layout.js';

/** Raised whenever what the fold writes changes: an index of another format is discarded. */
const CACHE_FORMAT = 2;
const STAMP = 'stamp.json';
const MAX_STAMP_BYTES = 4096;
/** A collection needs a few KiB for its lease, its report and its entry before it frees any. */
const LEAST_FREE_BYTES = 1024 * 1024;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

interface Stamp {
  readonly format: number;
  readonly store_id: string;
  /** Nothing in the cache is fsynced: after a restart it may be torn, and is discarded unopened. */
  readonly boot_id: string;
  /** The data file was once this large; a shorter one was truncated, which lmdb dies of. */
  readonly bytes: number;
}

const LEFTOVER = /^(new|discarded)-[0-9a-f]{16}$/;

/** Whether a name in cache/ is of an index that a command which died was making or throwing away. */
export function isIndexLeftover(name: string): boolean {
  return LEFTOVER.test(name);
}

/** The catalog index on disk: derived, shared by processes, thrown away whenever it is in doubt. */
export class CatalogCache {
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #root: string;
  readonly #cache: string;
  readonly #storeId: string;
  readonly #open: (directory: string) => Promise<IndexFile>;
  #index: IndexFile | undefined;
  #unavailable = false;
  #removal: Promise<void> | undefined;

  constructor(
    disk: Disk,
    random: Random,
    layout: Layout,
    storeId: string,
    open: (directory: string) => Promise<IndexFile>,
  ) {
    this.#disk = disk;
    this.#random = random;
    this.#root = layout.root;
    this.#cache = layout.cache;
    this.#storeId = storeId;
    this.#open = open;
  }

  get #dir(): string {
    return `${this.#cache}/catalog`;
  }
  get #stampPath(): string {
    return `${this.#dir}/${STAMP}`;
  }

  /** The index, or undefined where it cannot be had (a read-only store): then the ledger is folded. */
  async index(): Promise<IndexFile | undefined> {
    if (this.#unavailable) return undefined;
    if (this.#index !== undefined) return this.#index;
    try {
      if (await this.isShort()) {
        this.giveUp();
        return undefined;
      }
      if (!(await this.#isSound())) await this.#renew();
      this.#index = await this.#open(this.#dir);
      return this.#index;
    } catch (e) {
      // A cache that is a link is damage, and no reason to fail: it is done without, and fsck tells of it.
      if (isErrno(e) || isHsError(e, 'INTEGRITY') || e instanceof TablesUnavailable) return undefined;
      throw e;
    }
  }

  /** lmdb opens its files by their paths, and would follow a link or write to a file that lies elsewhere too. */
  async #isPlain(): Promise<boolean> {
    for (const name of ['data.mdb', 'lock.mdb']) {
      const stat = await this.#disk.find(`${this.#dir}/${name}`);
      if (stat !== undefined && (stat.kind !== 'file' || stat.nlink !== 1)) return false;
    }
    return true;
  }

  /** Whether there is hardly room left. lmdb says so on standard error by itself. */
  async isShort(): Promise<boolean> {
    return (await this.#disk.space(this.#root)).freeBytes < LEAST_FREE_BYTES;
  }

  /** Does without the index from now on; it stays open for the views of it that are in use. */
  giveUp(): void {
    this.#unavailable = true;
  }

  async #bootId(): Promise<string> {
    try {
      return Buffer.from(await this.#disk.readFile(BOOT_ID, 100))
        .toString('latin1')
        .trim();
    } catch (e) {
      if (isErrno(e)) return 'unknown';
      throw e;
    }
  }

  async #dataBytes(): Promise<number> {
    try {
      return (await this.#disk.lstat(`${this.#dir}/data.mdb`)).size;
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return 0;
      throw e;
    }
  }

  async #isSound(): Promise<boolean> {
    try {
      const stamp = parseCanonical(
        await this.#disk.readFile(this.#stampPath, MAX_STAMP_BYTES),
        MAX_STAMP_BYTES,
      );
      const { format, store_id, boot_id, bytes } = stamp as unknown as Stamp;
      return (
        format === CACHE_FORMAT &&
        store_id === this.#storeId &&
        boot_id === (await this.#bootId()) &&
        (await this.#dataBytes()) >= bytes &&
        (await this.#isPlain())
      );
    } catch (e) {
      if (isErrno(e) || isHsError(e, 'INVALID_RECORD', 'INTEGRITY')) return false;
      throw e;
    }
  }

  /** Made beside its place with its stamp and renamed in, so that nobody takes a new one for a damaged one. */
  async #renew(): Promise<void> {
    await this.#remove();
    try {
      await this.#disk.mkdir(this.#cache, 0o700);
    } catch (e) {
      if (!isErrno(e, 'EEXIST')) throw e;
    }
    const fresh = `${this.#cache}/new-${this.#random.hex(8)}`;
    try {
      await this.#disk.mkdir(fresh, 0o700);
      await this.#writeStamp(fresh, 0);
      await this.#disk.rename(fresh, this.#dir);
    } catch (e) {
      await this.#disk.removeTree(fresh);
      // Another process was first, and may have taken this one's for left over: its index serves.
      if (!isErrno(e, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw e;
      return;
    }
    for (const { name } of await this.#disk.readdir(this.#cache)) {
      if (name !== undefined && isIndexLeftover(name)) await this.#disk.removeTree(`${this.#cache}/${name}`);
    }
  }

  async #writeStamp(dir: string, bytes: number): Promise<void> {
    const stamp: Stamp = {
      format: CACHE_FORMAT,
      store_id: this.#storeId,
      boot_id: await this.#bootId(),
      bytes,
    };
    const path = `${dir}/${STAMP}`;
    const tmp = `${path}.${this.#random.hex(8)}`;
    await this.#disk.writeFile(tmp, canonicalBytes(stamp), { mode: 0o600, sync: false });
    await this.#disk.rename(tmp, path);
  }

  /** Moves the directory away in one step first, since another process may be opening it. */
  async #remove(): Promise<void> {
    const away = `${this.#cache}/discarded-${this.#random.hex(8)}`;
    try {
      await this.#disk.rename(this.#dir, away);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return;
      throw e;
    }
    await this.#disk.removeTree(away);
  }

  /**
   * Throws the index away: this process does without from now on, and the next one makes it anew. It
   * stays open for the views of it that are in use.
   */
  discard(): Promise<void> {
    this.giveUp();
    this.#removal ??= this.#remove().catch((e) => {
      // It is met again, and thrown away again, by the next process.
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    });
    return this.#removal;
  }

  /** Removes the index before it is opened; where it cannot be removed, it is not opened either. */
  async forget(): Promise<void> {
    try {
      await this.#remove();
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      this.giveUp();
    }
  }

  get isDiscarded(): boolean {
    return this.#removal !== undefined;
  }

  /** Notes the size after the index was written to. */
  async settle(): Promise<void> {
    const bytes = await this.#dataBytes();
    try {
      const stamp = parseCanonical(
        await this.#disk.readFile(this.#stampPath, MAX_STAMP_BYTES),
        MAX_STAMP_BYTES,
      );
      if ((stamp as unknown as Stamp).bytes < bytes) await this.#writeStamp(this.#dir, bytes);
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INVALID_RECORD')) throw e;
    }
  }

  async close(): Promise<void> {
    const index = this.#index;
    this.#index = undefined;
    await this.#removal;
    await index?.close();
  }
}
