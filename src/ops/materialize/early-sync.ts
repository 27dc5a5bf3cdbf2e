import { setImmediate } from 'node:timers/promises';
import type { SafeDir } from '../../fsx/safe-dir.js';

/** A file counts for a page at least: this is 1,000 small ones. */
const PAGE_BYTES = 4096;
const LOOK_BYTES = 1000 * PAGE_BYTES;
/** So much makes a sync worth its program, which takes 3 ms to start: of 10,000 files of 4 KiB, three. */
const SYNC_BYTES = 3 * LOOK_BYTES;

/**
 * Begins to make a tree durable while the rest of it is written, so that the last sync finds little left.
 * What is promised rests on that last one, and on each before it having gone well: of a failure that one
 * was told, the next is not told again.
 */
export class EarlySync {
  readonly #top: SafeDir;
  #written = 0;
  #look = LOOK_BYTES;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `top` stays open until {@link idle}. */
  constructor(top: SafeDir) {
    this.#top = top;
  }

  /** Told of each file that was written; what it returns is to be waited for. */
  wrote(bytes: number): Promise<void> | undefined {
    this.#written += Math.max(bytes, PAGE_BYTES);
    return this.#written < this.#look ? undefined : this.#lookUp();
  }

  /** Small files are written without ever waiting: signals and the end of a program are seen only here. */
  async #lookUp(): Promise<void> {
    await setImmediate();
    if (this.#written >= SYNC_BYTES && this.#underWay === undefined) {
      this.#written = 0;
      this.#underWay = this.#begin();
    }
    this.#look = this.#written + LOOK_BYTES;
  }

  async #begin(): Promise<void> {
    try {
      await this.#top.syncFilesystem();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#underWay = undefined;
  }

  /** Waits until none is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  /** The same, and throws what one has failed with. */
  async succeeded(): Promise<void> {
    await this.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
