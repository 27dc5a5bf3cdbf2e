import type { Head } from '../../core/catalog/catalog.js';
import { decodeEntry, type LedgerEntry, MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import {
  ENTRIES_PER_DIR,
  type Layout,
  ledgerDirName,
  parseLedgerDir,
  parseLedgerFile,
} from '../local/layout.js';

export interface ReadEntry {
  readonly entry: LedgerEntry;
  /** SHA-256 of the entry's exact bytes: what the next entry carries as `prev`. */
  readonly hash: Head['hash'];
}

function broken(message: string): HsError {
  return new HsError('LEDGER_BROKEN', message, {
    hint: 'hs ledger verify tells where; restore the store from a copy',
  });
}

function demandFollows({ seq, prev }: LedgerEntry, expected: Head['hash']): void {
  if (prev !== expected) {
    throw broken(`ledger entry ${seq} does not follow entry ${seq - 1}: the chain is broken`);
  }
}

/**
 * The append-only, hash-chained run of entries. Entry n is one file that is published with `link()`,
 * which fails if the number is taken: a compare-and-swap without a lock. 8 processes, 19,501 numbers,
 * one winner each.
 */
export class Ledger {
  readonly #disk: Disk;
  readonly #layout: Layout;
  /** Hash of format.json: what entry 0 carries as `prev`. */
  readonly #genesis: Head['hash'];

  constructor(disk: Disk, layout: Layout, genesis: Head['hash']) {
    this.#disk = disk;
    this.#layout = layout;
    this.#genesis = genesis;
  }

  /** The highest number. A hole among the newest entries is a lost entry: LEDGER_BROKEN. */
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
      // A directory is made before its first entry, so the newest may be empty.
      if (numbers.length === 0) continue;
      const highest = numbers.reduce((a, b) => Math.max(a, b));
      const lowest = numbers.reduce((a, b) => Math.min(a, b));
      if (highest - lowest + 1 !== numbers.length || lowest % ENTRIES_PER_DIR !== 0) {
        throw broken(`the ledger has a hole: an entry before number ${highest} is missing`);
      }
      return highest;
    }
    throw broken('the ledger has no entries');
  }

  async head(): Promise<Head> {
    const seq = await this.headSeq();
    return { seq, hash: sha256(await this.#bytes(seq)) };
  }

  async #bytes(seq: number): Promise<Uint8Array> {
    try {
      return await this.#disk.readFile(this.#layout.entry(seq), MAX_ENTRY_BYTES);
    } catch (e) {
      if (isErrno(e, 'ENOENT')) throw broken(`ledger entry ${seq} is missing`);
      if (isErrno(e, 'EFBIG', 'EINVAL', 'ELOOP'))
        throw broken(`ledger entry ${seq} is not a small regular file`);
      throw e;
    }
  }

  /** The hash of an entry's bytes, or undefined when there is none of that number. */
  async hashAt(seq: number): Promise<Head['hash'] | undefined> {
    try {
      return sha256(await this.#disk.readFile(this.#layout.entry(seq), MAX_ENTRY_BYTES));
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return undefined;
      throw e;
    }
  }

  /** One entry, its own form checked; its place in the chain is `walk`'s business. */
  async read(seq: number): Promise<ReadEntry> {
    return this.#decoded(seq, await this.#bytes(seq));
  }

  #decoded(seq: number, bytes: Uint8Array): ReadEntry {
    let entry: LedgerEntry;
    try {
      entry = decodeEntry(bytes);
    } catch (e) {
      throw broken(`ledger entry ${seq} is not valid: ${(e as Error).message}`);
    }
    if (entry.seq !== seq) throw broken(`ledger entry ${seq} says that it is number ${entry.seq}`);
    return { entry, hash: sha256(bytes) };
  }

  /** Entries after `from` (all of them without it) up to the head, each checked to follow the one before. */
  async *walk(from?: Head, to?: number): AsyncGenerator<ReadEntry> {
    const last = to ?? (await this.headSeq());
    let prev = from?.hash ?? this.#genesis;
    for (let seq = (from?.seq ?? -1) + 1; seq <= last; seq++) {
      const read = await this.read(seq);
      demandFollows(read.entry, prev);
      prev = read.hash;
      yield read;
    }
  }

  /** The same from entry 0 up to `to` for a caller that cannot wait: `readFile` answers at once. */
  *walkNow(readFile: (path: string, maxBytes: number) => Uint8Array, to: number): Generator<ReadEntry> {
    let prev = this.#genesis;
    for (let seq = 0; seq <= to; seq++) {
      const read = this.#decoded(seq, readFile(this.#layout.entry(seq), MAX_ENTRY_BYTES));
      demandFollows(read.entry, prev);
      prev = read.hash;
      yield read;
    }
  }

  /**
   * Publishes an entry at its number. False: another writer was first, and nothing was changed.
   * OUTCOME_UNKNOWN when the entry is there but its directory could not be made durable.
   */
  async append(entry: LedgerEntry, bytes: Uint8Array, tmp: string): Promise<boolean> {
    const dir = this.#layout.ledgerDir(entry.seq);
    if (entry.seq % ENTRIES_PER_DIR === 0) await this.#makeDir(dir, entry.seq);
    await this.#disk.writeFile(tmp, bytes, { mode: 0o444, sync: true });
    try {
      await this.#disk.link(tmp, this.#layout.entry(entry.seq));
    } catch (e) {
      if (isErrno(e, 'EEXIST')) return false;
      throw e;
    } finally {
      // The link decided. A temporary that stays belongs to nobody: hs fsck --repair takes it away.
      await this.#disk.unlink(tmp).catch((e) => {
        if (!isErrno(e)) throw e;
      });
    }
    try {
      await this.#disk.syncDir(dir);
    } catch (cause) {
      throw new HsError('OUTCOME_UNKNOWN', `entry ${entry.seq} was written, but not made durable`, {
        cause,
        hint: `after a restart, look for event ${entry.event_id} with: hs ledger cat`,
        details: { event_id: entry.event_id, seq: entry.seq },
      });
    }
    return true;
  }

  /**
   * Makes entry `seq`, which was seen, and all before it durable: its writer may have died between the
   * link and the fsync. The directories before its own were durable before it could be linked (`#makeDir`).
   */
  async sync(seq: number): Promise<void> {
    await this.#disk.syncDir(this.#layout.ledgerDir(seq));
  }

  /** The first entry of a directory: the directory before it must be durable first, and so must the new name. */
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
