import { setImmediate } from 'node:timers/promises';
import { EarlySync } from '../../fsx/early-sync.js';
import type { SafeDir } from '../../fsx/safe-dir.js';

/** A file counts as at least one page: this is 1,000 small files. */
const PAGE_BYTES = 4096;
const LOOK_BYTES = 1000 * PAGE_BYTES;
/** The amount that makes a sync worth starting its program, which takes 3 ms: three syncs for 10,000 files of 4 KiB. */
const SYNC_BYTES = 3 * LOOK_BYTES;

/**
 * Starts to sync a tree while the rest of it is written. Durability depends on the last sync and on the success of
 * every one before it: an error that was reported once is not reported again.
 */
export class EarlyTreeSync {
  readonly #early: EarlySync;
  #written = 0;

  /** `top` must stay open until {@link idle}. */
  constructor(top: SafeDir) {
    this.#early = new EarlySync(() => top.syncFilesystem(), SYNC_BYTES);
  }

  /** Call after each written file, and await the result. */
  wrote(bytes: number): Promise<void> | undefined {
    this.#written += Math.max(bytes, PAGE_BYTES);
    return this.#written < LOOK_BYTES ? undefined : this.#lookUp();
  }

  /** Small files are written synchronously: signals and the end of a program are noticed only here. */
  async #lookUp(): Promise<void> {
    await setImmediate();
    this.#early.wrote(this.#written);
    this.#written = 0;
  }

  /** Waits until no sync is running. */
  idle(): Promise<void> {
    return this.#early.idle();
  }

  /** Like {@link idle}, but throws the error of a failed sync. */
  succeeded(): Promise<void> {
    return this.#early.succeeded();
  }
}
