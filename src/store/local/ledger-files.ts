import { type LedgerEntry, MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { brokenLedger } from '../ledger/ledger.js';
import type { LedgerListing, LedgerStore, UnreadableEntry } from '../port/ledger-store.js';
import { ENTRIES_PER_DIR, type Layout, ledgerDirName, parseLedgerDir, parseLedgerFile } from './layout.js';
import { listLedger } from './ledger-listing.js';

/**
 * Entry n is one file, published with `link()`, which fails if the number is taken: a lock-free compare-and-swap. 8
 * processes, 19,501 numbers, one winner each.
 */
export class LedgerFiles implements LedgerStore {
  readonly #disk: Disk;
  readonly #layout: Layout;
  /** Entries up to this one are known to be durable. */
  #durable = -1;

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk;
    this.#layout = layout;
  }

  async headSeq(): Promise<number> {
    const names = await this.#disk.readdir(this.#layout.ledger).catch((e: unknown) => {
      if (!isErrno(e, 'ENOENT')) throw e;
      return [];
    });
    const dirs = names
      .map((e) => parseLedgerDir(e.name))
      .filter((n) => n !== undefined)
      .sort((a, b) => b - a);
    for (const dir of dirs) {
      const files = await this.#disk.readdir(`${this.#layout.ledger}/${ledgerDirName(dir)}`);
      const numbers = files.map((e) => parseLedgerFile(e.name)).filter((n) => n !== undefined);
      // A directory is created before its first entry, so the newest may be empty.
      if (numbers.length === 0) continue;
      const highest = numbers.reduce((a, b) => Math.max(a, b));
      const lowest = numbers.reduce((a, b) => Math.min(a, b));
      if (highest - lowest + 1 !== numbers.length || lowest % ENTRIES_PER_DIR !== 0) {
        throw brokenLedger(`the ledger has a hole: an entry before number ${highest} is missing`);
      }
      return highest;
    }
    throw brokenLedger('the ledger has no entries');
  }

  /** No-op: every look is fresh. */
  refresh(): void {}
  async assumeHead(): Promise<boolean> {
    return false;
  }
  async confirm(): Promise<void> {}

  async read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined> {
    try {
      return await this.#disk.readFile(this.#layout.entry(seq), MAX_ENTRY_BYTES);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return undefined;
      if (isErrno(e, 'ETOOLARGE')) return 'too large';
      if (isErrno(e, 'EINVAL', 'ELOOP')) return 'not a file';
      throw e;
    }
  }

  async append(
    { seq, event_id }: Pick<LedgerEntry, 'seq' | 'event_id'>,
    bytes: Uint8Array,
    lease: string,
  ): Promise<'appended' | 'taken'> {
    const dir = this.#layout.ledgerDir(seq);
    const staged = `${this.#layout.tmp}/${lease}-entry-${seq}`;
    if (seq % ENTRIES_PER_DIR === 0) await this.#makeDir(dir, seq);
    // Whoever wrote the entry before may have died, or failed, before it was durable: a power cut could keep this one and
    // lose that one, where a filesystem reorders the names of a directory.
    else if (this.#durable < seq - 1) await this.settle(seq - 1);
    await this.#disk.writeFile(staged, bytes, { mode: 0o444, sync: true });
    try {
      await this.#disk.link(staged, this.#layout.entry(seq));
    } catch (e) {
      if (isErrno(e, 'EEXIST')) return 'taken';
      throw e;
    } finally {
      // The link decided the outcome. A leftover temporary file belongs to nobody; `hs fsck --repair` removes it.
      await this.#disk.unlink(staged).catch((e) => {
        if (!isErrno(e)) throw e;
      });
    }
    try {
      await this.#disk.syncDir(dir);
    } catch (cause) {
      throw new HsError('OUTCOME_UNKNOWN', `entry ${seq} was written, but may not be durable`, {
        cause,
        hint: `after a restart, look for event ${event_id} with: hs ledger cat`,
        details: { event_id, seq },
      });
    }
    this.#durable = Math.max(this.#durable, seq);
    return 'appended';
  }

  /** Earlier directories were made durable before this entry could be linked (`#makeDir`). */
  async settle(seq: number): Promise<void> {
    await this.#disk.syncDir(this.#layout.ledgerDir(seq));
    this.#durable = Math.max(this.#durable, seq);
  }

  list(): Promise<LedgerListing> {
    return listLedger(this.#disk, this.#layout);
  }

  nameOf(seq: number): string {
    return this.#layout.entry(seq).slice(this.#layout.root.length + 1);
  }

  /**
   * Creates the directory for its first entry: the previous directory must be durable first, and so must the new
   * name.
   */
  async #makeDir(dir: string, seq: number): Promise<void> {
    if (seq > 0) await this.#disk.syncDir(this.#layout.ledgerDir(seq - 1));
    try {
      await this.#disk.mkdir(dir, 0o700);
    } catch (e) {
      if (!isErrno(e, 'EEXIST')) throw e;
    }
    await this.#disk.syncDir(this.#layout.ledger);
  }
}
