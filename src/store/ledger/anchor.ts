import type { Head } from '../../core/catalog/catalog.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { AnchorStore } from '../port/local-side.js';
import type { Ledger } from './ledger.js';

/** Entries that are read before the newest of them is remembered: a hundred take 10 ms. */
const MOST_FOLLOWED = 100;

/**
 * The highest ledger position this user has seen of a store, kept outside it, to detect truncation and rollback (F3).
 * Where no anchor can be kept, nothing is compared.
 */
export class Anchor {
  readonly #store: AnchorStore;
  readonly #ledger: Ledger;
  readonly #warn: ((message: string) => void) | undefined;
  #held = false;
  #isAssumed = false;
  /** The head that the look of `assumeHead` found. */
  #confirmed: Head | undefined;
  #saidUnkept = false;

  constructor(store: AnchorStore, ledger: Ledger, warn?: (message: string) => void) {
    this.#store = store;
    this.#ledger = ledger;
    this.#warn = warn;
  }

  /** Absolute path; undefined: nowhere to keep one. */
  get path(): string | undefined {
    return this.#store.path;
  }
  /** Message for an anchor that cannot be written. */
  get unkept(): string {
    return this.#store.unkept;
  }
  /** Message for an anchor that exists but cannot be read. */
  get lost(): string {
    return this.#store.lost;
  }

  /** The anchor; undefined: none. `lost`: it exists but cannot be read. */
  look(): Promise<Head | 'lost' | undefined> {
    return this.#store.look();
  }

  /** Whether the anchor can be advanced. */
  isWritable(): Promise<boolean> {
    return this.#store.isWritable();
  }

  /** Like `look`, but throws ROLLED_BACK when the anchor is lost. */
  async read(): Promise<Head | undefined> {
    const seen = await this.look();
    if (seen !== 'lost') return seen;
    throw new HsError('ROLLED_BACK', this.lost, {
      hint: 'check the ledger, then record that the anchor was lost: hs ledger accept-rollback',
    });
  }

  /**
   * ROLLED_BACK when the ledger lacks entries seen before, or the anchor is lost. `head` is the current head. Returns
   * the head, which may be a newer one, and the anchor.
   */
  async check(current: Head): Promise<{ readonly head: Head; readonly seen: Head | undefined }> {
    const seen = await this.read();
    return { head: seen === undefined ? current : await this.#compared(current, seen), seen };
  }

  /** The head, which may be a newer one, if it follows the entry that was seen. */
  async #compared(current: Head, seen: Head): Promise<Head> {
    let head = current;
    if (head.seq < seen.seq) {
      // Where entries are listed, a listing may be older than the anchor.
      this.#ledger.refresh(seen.seq);
      head = await this.#ledger.head();
    }
    const now = seen.seq === head.seq ? head.hash : await this.#ledger.hashAt(seen.seq);
    if (now === seen.hash) return head;
    const what =
      now === undefined
        ? `it ends at entry ${head.seq}, but entry ${seen.seq} was seen before`
        : `entry ${seen.seq} is not the one that was seen before`;
    throw new HsError('ROLLED_BACK', `the ledger was truncated or replaced: ${what}`, {
      hint: 'if you restored this store from a copy, or continued in another copy, on purpose: hs ledger accept-rollback',
      details: { seen_seq: seen.seq, seen_hash: seen.hash, head_seq: head.seq, head_hash: head.hash },
    });
  }

  /**
   * ROLLED_BACK when entries that were seen are not among those up to this head. Nothing is compared where the head is
   * only assumed, after `hold`, or with an anchor that was lost since the command was let in.
   */
  async demandSeen(head: Head): Promise<void> {
    if (this.#held || this.#isAssumed) return;
    const seen = await this.look();
    if (seen !== undefined && seen !== 'lost') await this.#compared(head, seen);
  }

  /** Looks for the ledger's newest head, compares it with the anchor (ROLLED_BACK) and remembers it. */
  checkedHead(): Promise<Head> {
    this.#ledger.refresh();
    return this.#checked();
  }

  async #checked(): Promise<Head> {
    const { head, seen } = await this.check(await this.#ledger.head());
    this.#held = false;
    const isNewer = this.path !== undefined && (seen === undefined || seen.seq < head.seq);
    if (isNewer && (await this.#isChain(head, seen))) await this.#rememberHead(head);
    return head;
  }

  /**
   * Whether the entries after the one that was seen, or the newest of them, lead to this head: others may have left a
   * file there that is no entry, and is taken away again.
   */
  async #isChain(head: Head, seen: Head | undefined): Promise<boolean> {
    const far = head.seq - MOST_FOLLOWED;
    try {
      let from = seen;
      if (far > (seen?.seq ?? 0)) {
        const hash = await this.#ledger.hashAt(far);
        if (hash === undefined) return false;
        from = { seq: far, hash };
      }
      let last: Head['hash'] | undefined;
      for await (const read of this.#ledger.walk(from, head.seq)) last = read.hash;
      return last === head.hash;
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'LEDGER_BROKEN')) throw e;
      return false;
    }
  }

  /**
   * Remembers a head that was only read, once it is durable: its writer may have died before that, and losing the
   * entry in a power cut is not a rollback.
   */
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

  /**
   * Freezes the anchor until the head is checked or accepted, so that entries appended meanwhile (a refusal, for
   * example) cannot hide a rollback.
   */
  hold(): void {
    this.#held = true;
  }

  /** Checks that the ledger still contains what it did when the store was opened; run at the start of each command. */
  async recheck(): Promise<void> {
    if (!this.#held) await this.checkedHead();
  }

  /**
   * Like `checkedHead`, for commands that only add: where a look is expensive, it goes on beside their work, which
   * begins with the state that was known. What that refuses, and each entry, waits for `confirm`.
   */
  async assumeHead(): Promise<void> {
    this.#isAssumed = await this.#ledger.assumeHead();
    if (!this.#isAssumed) await this.#checked();
  }

  /**
   * Waits for the look of `assumeHead` and checks its head (ROLLED_BACK). False: `head`, of a state that was read before,
   * was only assumed and is not the one.
   */
  async confirm(head?: Head): Promise<boolean> {
    if (this.#isAssumed) {
      await this.#ledger.confirm();
      const confirmed = await this.#checked();
      this.#confirmed = confirmed;
      this.#isAssumed = false;
      return head === undefined || head.hash === confirmed.hash;
    }
    const first = this.#confirmed;
    return first === undefined || head === undefined || head.seq > first.seq || head.hash === first.hash;
  }

  /** Accepts the current ledger as complete (`ledger accept-rollback`). */
  async acceptHead(): Promise<Head> {
    const head = await this.#ledger.head();
    this.#held = false;
    await this.#rememberHead(head);
    return head;
  }

  /** Advances the anchor after an entry is durable. ROLLED_BACK, and the anchor as it was, if that follows others than were seen. */
  async remember(seq: number, bytes: Uint8Array): Promise<void> {
    if (this.#held) return;
    const seen = await this.look();
    if (seen === 'lost') return;
    const head = { seq, hash: sha256(bytes) };
    try {
      if (seen !== undefined) await this.#compared(head, seen);
    } catch (e) {
      if (isHsError(e, 'ROLLED_BACK')) throw e;
      // The entry is there, whatever cannot be read now: the next command compares.
      return;
    }
    // Another command may have appended and advanced the anchor meanwhile: it only ever rises.
    if (seen === undefined || seen.seq < seq) await this.keep(head);
  }

  /** Writes the anchor. A failure is reported once and not fatal: a job without a writable home must still work. */
  async keep(head: Head): Promise<void> {
    if ((await this.#store.write(head)) || this.#saidUnkept) return;
    this.#saidUnkept = true;
    this.#warn?.(this.unkept);
  }
}
