import * as z from 'zod/mini';
import type { Head } from '../../core/catalog/catalog.js';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { natural, objectId, uuid } from '../../core/json/schema.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Ledger } from '../ledger/ledger-files.js';
import type { StateDir } from './state-dir.js';

const schema = z.strictObject({ store_id: uuid, seq: natural, hash: objectId });
const MAX_ANCHOR_BYTES = 4096;

/**
 * The highest ledger position that this user has seen of a store, kept outside of it: what finds a
 * ledger that was truncated or rolled back (F3). Without a home there is none, and nothing to compare with.
 */
export class Anchor {
  readonly #disk: Disk;
  readonly #state: StateDir;
  readonly #storeId: string;

  constructor(disk: Disk, state: StateDir, storeId: string) {
    this.#disk = disk;
    this.#storeId = storeId;
    this.#state = state;
  }

  get path(): string | undefined {
    const { path } = this.#state;
    return path === undefined ? undefined : `${path}/${this.#storeId}`;
  }

  /**
   * What was seen, or undefined: never, or no home. `lost` where an anchor is there that cannot be read:
   * to renew it would hide what it was to find. Power loss leaves none such.
   */
  async look(): Promise<Head | 'lost' | undefined> {
    if (this.path === undefined) return undefined;
    try {
      const bytes = await this.#disk.readFile(this.path, MAX_ANCHOR_BYTES);
      const result = z.safeParse(schema, parseCanonical(bytes, MAX_ANCHOR_BYTES));
      if (!result.success || result.data.store_id !== this.#storeId) return 'lost';
      return { seq: result.data.seq, hash: result.data.hash };
    } catch (e) {
      if (isHsError(e, 'INVALID_RECORD')) return 'lost';
      if (!isErrno(e)) throw e;
      return (await this.#isThere(this.path)) ? 'lost' : undefined;
    }
  }

  /** A directory that this user may not search is no anchor of theirs. */
  async #isThere(path: string): Promise<boolean> {
    try {
      return (await this.#disk.find(path)) !== undefined;
    } catch (e) {
      if (isErrno(e)) return false;
      throw e;
    }
  }

  /** The same, with ROLLED_BACK for one that is lost. */
  async read(): Promise<Head | undefined> {
    const seen = await this.look();
    if (seen !== 'lost') return seen;
    throw new HsError('ROLLED_BACK', this.lost, {
      hint: 'look at the ledger, then record that it was lost: hs ledger accept-rollback',
    });
  }

  /** What to say where it cannot be written. */
  get unkept(): string {
    const where =
      this.#state.path === undefined
        ? 'there is no home directory'
        : `'${escapeText(this.#state.path)}' cannot be written`;
    return `the anchor cannot be kept, since ${where}: a rollback of the ledger will not be noticed`;
  }

  /** Whether it can be moved on. */
  isWritable(): Promise<boolean> {
    return this.#state.isWritable();
  }

  get lost(): string {
    return `the anchor '${escapeText(this.path ?? '')}' cannot be read: whether the ledger was rolled back is not known`;
  }

  /** ROLLED_BACK when the ledger lacks what was seen of it before, or that is lost. `head` is where it stands now. */
  async check(ledger: Ledger, head: Head): Promise<Head | undefined> {
    const seen = await this.read();
    if (seen === undefined) return undefined;
    const now = seen.seq === head.seq ? head.hash : await ledger.hashAt(seen.seq);
    if (now === seen.hash) return seen;
    const what =
      now === undefined
        ? `it ends at entry ${head.seq}, and was seen at ${seen.seq}`
        : `entry ${seen.seq} is not the one that was seen`;
    throw new HsError('ROLLED_BACK', `the ledger was truncated or replaced: ${what}`, {
      hint: 'if you restored this store from a copy, or went on in another copy of it, on purpose: hs ledger accept-rollback',
      details: { seen_seq: seen.seq, seen_hash: seen.hash, head_seq: head.seq, head_hash: head.hash },
    });
  }

  /**
   * Remembers a position. Not being able to is no failure of the command: the anchor only adds a
   * check, and a job without a writable home must still work.
   */
  async write(head: Head): Promise<boolean> {
    return this.#state.replace(this.#storeId, canonicalBytes({ store_id: this.#storeId, ...head }));
  }
}
