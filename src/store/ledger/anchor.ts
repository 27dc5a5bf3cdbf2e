import type { Head } from '../../core/catalog/catalog.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { AnchorStore } from '../port/local-side.js';
import type { Ledger } from './ledger.js';

/**
 * The highest ledger position that this user has seen of a store, kept outside of it: what finds a
 * ledger that was truncated or rolled back (F3). Where none can be kept there is nothing to compare with.
 */
export class Anchor {
  readonly #store: AnchorStore;
  readonly #ledger: Ledger;
  readonly #warn: ((message: string) => void) | undefined;
  #held = false;
  #saidUnkept = false;

  constructor(store: AnchorStore, ledger: Ledger, warn?: (message: string) => void) {
    this.#store = store;
    this.#ledger = ledger;
    this.#warn = warn;
  }

  /** Absolute; undefined: there is no place for one. */
  get path(): string | undefined {
    return this.#store.path;
  }
  /** What to say where it cannot be written. */
  get unkept(): string {
    return this.#store.unkept;
  }
  /** What to say where one is there that cannot be read. */
  get lost(): string {
    return this.#store.lost;
  }

  /** What was seen, or undefined: never. `lost`: it is there and cannot be read. */
  look(): Promise<Head | 'lost' | undefined> {
    return this.#store.look();
  }

  /** Whether it can be moved on. */
  isWritable(): Promise<boolean> {
    return this.#store.isWritable();
  }

  /** The same, with ROLLED_BACK for one that is lost. */
  async read(): Promise<Head | undefined> {
    const seen = await this.look();
    if (seen !== 'lost') return seen;
    throw new HsError('ROLLED_BACK', this.lost, {
      hint: 'check the ledger, then record that the anchor was lost: hs ledger accept-rollback',
    });
  }

  /** ROLLED_BACK when the ledger lacks what was seen of it before, or that is lost. `head` is where it stands now. */
  async check(head: Head): Promise<Head | undefined> {
    const seen = await this.read();
    if (seen === undefined) return undefined;
    const now = seen.seq === head.seq ? head.hash : await this.#ledger.hashAt(seen.seq);
    if (now === seen.hash) return seen;
    const what =
      now === undefined
        ? `it ends at entry ${head.seq}, but entry ${seen.seq} was seen before`
        : `entry ${seen.seq} is not the one that was seen before`;
    throw new HsError('ROLLED_BACK', `the ledger was truncated or replaced: ${what}`, {
      hint: 'if you restored this store from a copy, or continued in another copy, on purpose: hs ledger accept-rollback',
      details: { seen_seq: seen.seq, seen_hash: seen.hash, head_seq: head.seq, head_hash: head.hash },
    });
  }

  /** The ledger's head, compared with what was seen of it before (ROLLED_BACK), and remembered. */
  async checkedHead(): Promise<Head> {
    const head = await this.#ledger.head();
    const seen = await this.check(head);
    this.#held = false;
    if (seen === undefined || seen.seq < head.seq) await this.#rememberHead(head);
    return head;
  }

  /** A head that was only seen: its writer may have died before it was durable, and what a power cut may take back is no rollback. */
  async #rememberHead(head: Head): Promise<void> {
    if (this.path === undefined) return;
    try {
      await this.#ledger.settle(head.seq);
    } catch (e) {
      if (isErrno(e)) return;
      throw e;
    }
    await this.keep(head);
  }

  /** Leaves it alone until the head was checked or accepted: what is appended meanwhile, a refusal for one, must not hide a rollback. */
  hold(): void {
    this.#held = true;
  }

  /** Whether the ledger still is what it was when the store was opened, as each command asks when it begins. */
  async recheck(): Promise<void> {
    if (!this.#held) await this.checkedHead();
  }

  /** Takes the ledger as it stands for the whole one (`ledger accept-rollback`). */
  async acceptHead(): Promise<Head> {
    const head = await this.#ledger.head();
    this.#held = false;
    await this.#rememberHead(head);
    return head;
  }

  /** Moves it on after an entry is durable. */
  async remember(seq: number, bytes: Uint8Array): Promise<void> {
    if (this.#held) return;
    // Another command may have appended, and remembered, in between: the anchor only rises.
    const seen = await this.look();
    if (seen === undefined || (seen !== 'lost' && seen.seq < seq))
      await this.keep({ seq, hash: sha256(bytes) });
  }

  /** Writes it; where that cannot be, it is said once, and is no failure: a job without a writable home must still work. */
  async keep(head: Head): Promise<void> {
    if ((await this.#store.write(head)) || this.#saidUnkept) return;
    this.#saidUnkept = true;
    this.#warn?.(this.unkept);
  }
}
