import { createHash } from 'node:crypto';
import { accessSync, closeSync, constants, readFileSync } from 'node:fs';
import type * as Lmdb from 'lmdb';
import { type ReadTables, type Tables, TablesDamaged, TablesUnavailable } from '../core/tables.js';
import { errnoError } from './errno.js';
import { openNodeDir } from './node/dir.js';
import { openExisting } from './node/open.js';

/** Ordered key-value tables in one directory, shared by processes. Derived data only: nothing is fsynced. */
export interface IndexFile {
  /** A frozen view of what was last committed. */
  snapshot(): IndexSnapshot;
  /** Runs `change` alone among all processes; it commits when `change` returns, and not when it throws. */
  transaction<T>(change: (tables: Tables) => T): T;
  close(): Promise<void>;
}

/** Its reads throw TablesDamaged; `close` it when done. */
export interface IndexSnapshot extends ReadTables {
  /** How many keys begin with `prefix`: a microsecond for ten, since no value is looked at. */
  count(prefix: string): number;
  close(): void;
}

/** An index, and what one is derived from for a read of it that cannot wait for a promise. */
export interface IndexPort {
  open(directory: string): Promise<IndexFile>;
  /** The whole of a regular file below `root`, at once and through no link; failures are those of `Disk.readFile`. */
  readFile(root: string, path: string, maxBytes: number): Uint8Array;
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

/** What lmdb reports of its pages while it reads has a number for a code. */
function damageOf(e: unknown): unknown {
  const isNumbered = e instanceof Error && typeof (e as { code?: unknown }).code === 'number';
  return isNumbered ? new TablesDamaged(e.message, { cause: e }) : e;
}

type Db = Lmdb.RootDatabase<string, string>;

/** U+FFFF sorts after every key: all of them are ASCII. */
const within = (prefix: string) => ({ start: prefix, end: `${prefix}\uffff` });

class LmdbTables implements Tables, IndexSnapshot {
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
    try {
      const stored = this.#db.get(key, this.#options);
      return stored === undefined ? undefined : decode(key, stored);
    } catch (e) {
      throw damageOf(e);
    }
  }

  put(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    this.#db.putSync(key, checksum(key, text) + text);
  }

  remove(key: string): void {
    this.#db.removeSync(key);
  }

  *range(prefix: string): Iterable<{ readonly key: string; readonly value: unknown }> {
    try {
      for (const { key, value } of this.#db.getRange({ ...within(prefix), ...this.#options })) {
        yield { key, value: decode(key, value) };
      }
    } catch (e) {
      throw damageOf(e);
    }
  }

  count(prefix: string): number {
    try {
      return this.#db.getKeysCount({ ...within(prefix), ...this.#options });
    } catch (e) {
      throw damageOf(e);
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
async function openIndexFile(directory: string): Promise<IndexFile> {
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

function readFileNow(root: string, path: string, maxBytes: number): Uint8Array {
  const names = path.split('/');
  const name = names.pop()!;
  const dirs = [openNodeDir(root, false)];
  try {
    for (const dir of names) dirs.unshift(openNodeDir(`${dirs[0]!.path}/${dir}`, false));
    const { fd, stats } = openExisting(`${dirs[0]!.path}/${name}`, 'read', false);
    try {
      if (Number(stats.size) > maxBytes) throw errnoError('EFBIG', 'read', path);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    for (const dir of dirs) void dir.close();
  }
}

export const nodeIndex: IndexPort = { open: openIndexFile, readFile: readFileNow };
