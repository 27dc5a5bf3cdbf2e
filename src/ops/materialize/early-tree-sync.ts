import { setImmediate } from 'node:timers/promises';
import { EarlySync } from '../../fsx/early-sync.js';
import type { SafeDir } from '../../fsx/safe-dir.js';

/** A file counts for a page at least: this is 1,000 small ones. */
const PAGE_BYTES = 4096;
const LOOK_BYTES = 1000 * PAGE_BYTES;
/** So much makes a sync worth its program, which takes 3 ms to start: of 10,000 files of 4 KiB, three. */
const SYNC_BYTES = 3 * LOOK_BYTES;

/**
 * Begins to make a tree durable while the rest of it is written. What is promised rests on the last sync, and
 * on each before it having gone well: of a failure that one was told, the next is not told again.
 */
export class EarlyTreeSync {
  readonly #early: EarlySync;
  #written = 0;

  /** `top` stays open until {@link idle}. */
  constructor(top: SafeDir) {
    this.#early = new EarlySync(() => top.syncFilesystem(), SYNC_BYTES);
  }

  /** Told of each file that was written; what it returns is to be waited for. */
  wrote(bytes: number): Promise<void> | undefined {
    this.#written += Math.max(bytes, PAGE_BYTES);
    return this.#written < LOOK_BYTES ? undefined : this.#lookUp();
  }

  /** Small files are written without ever waiting: signals and the end of a program are seen only here. */
  async #lookUp(): Promise<void> {
    await setImmediate();
    this.#early.wrote(this.#written);
    this.#written = 0;
  }

  /** Waits until none is under way. */
  idle(): Promise<void> {
    return this.#early.idle();
  }

  /** The same, and throws what one has failed with. */
  succeeded(): Promise<void> {
    return this.#early.succeeded();
  }
}
