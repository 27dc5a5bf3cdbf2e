import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import type * as Lmdb from 'lmdb';
import { type Tables, TablesDamaged, TablesUnavailable } from '../core/tables.js';

/** Ordered key-value tables in one directory, shared by processes. Derived data only: nothing is fsynced. */
export interface IndexFile {
  /** A frozen view of what was last committed; `close` it when done. */
  snapshot(): Tables & { close(): void };
  /** Runs `change` alone among all processes; it commits when `change` returns, and not when it throws. */
  transaction<T>(change: (tables: Tables) => T): T;
  close(): Promise<void>;
}

const CHECKSUM_LENGTH = 16;

function checksum(key: string, text: string): string {
  return createHash('sha256').update(key).update('\0').update(text).digest('hex').slice(0, CHECKSUM_LENGTH);
}

/** lmdb returns flipped bytes silently. */
function decode(key: string, stored: string): unknown {
  const text = stored.slice(CHECKSUM_LENGTH);
  if (checksum(key, text) !== stored.slice(0, CHECKSUM_LENGTH))
    throw new TablesDamaged(`damaged value at ${key}`);
  return JSON.parse(text);
}

type Db = Lmdb.RootDatabase<string, string>;

class LmdbTables implements Tables {
  readonly #db: Db;
  readonly #transaction: Lmdb.Transaction | undefined;

  constructor(db: Db, transaction?: Lmdb.Transaction) {
    this.#db = db;
    this.#transaction = transaction;
  }

  get #options() {
    return this.#transaction === undefined ? {} : { transaction: this.#transaction };
  }

  get(key: string): unknown {
    const stored = this.#db.get(key, this.#options);
    return stored === undefined ? undefined : decode(key, stored);
  }

  put(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    this.#db.putSync(key, checksum(key, text) + text);
  }

  remove(key: string): void {
    this.#db.removeSync(key);
  }

  *range(prefix: string): Iterable<{ readonly key: string; readonly value: unknown }> {
    // U+FFFF sorts after every key: all of them are ASCII.
    for (const { key, value } of this.#db.getRange({
      start: prefix,
      end: `${prefix}\uffff`,
      ...this.#options,
    })) {
      yield { key, value: decode(key, value) };
    }
  }

  close(): void {
    this.#transaction?.done();
  }
}

/** What lmdb reports of the system (EROFS, ENOSPC, a full map) has a number for a code. */
function orUnavailable<T>(work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (!(e instanceof Error) || typeof (e as { code?: unknown }).code !== 'number') throw e;
    throw new TablesUnavailable(e.message, { cause: e });
  }
}

/** Opens or makes the tables in `directory`. lmdb takes long to load, so it is loaded here and not before. */
export async function openIndexFile(directory: string): Promise<IndexFile> {
  // An open that fails can damage lmdb's memory: it is not tried where it would fail.
  accessSync(directory, constants.W_OK);
  const { open } = await import('lmdb');
  const db: Db = orUnavailable(() =>
    open<string, string>({
      path: directory,
      encoding: 'string',
      noSync: true,
      noMetaSync: true,
      overlappingSync: false,
      maxReaders: 1024,
    }),
  );
  return {
    snapshot: () => {
      // lmdb shares one read transaction for a turn of the event loop; another process may have written since.
      db.resetReadTxn();
      return new LmdbTables(db, db.useReadTransaction());
    },
    transaction: (change) => orUnavailable(() => db.transactionSync(() => change(new LmdbTables(db)))),
    close: () => db.close(),
  };
}
