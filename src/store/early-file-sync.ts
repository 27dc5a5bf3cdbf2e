import type { DiskFile } from '../fsx/disk.js';

/** 1 GiB is put in 1.0 s instead of 1.6 (two cores, ext4): the disk writes while the rest is read and hashed. */
const STEP_BYTES = 128 * 1024 * 1024;

/**
 * Makes a large file durable while the rest of it is written, so that the sync which is relied upon has little
 * left to do.
 */
export class EarlyFileSync {
  readonly #file: Pick<DiskFile, 'sync'>;
  readonly #step: number;
  #unsynced = 0;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: Pick<DiskFile, 'sync'>, step = STEP_BYTES) {
    this.#file = file;
    this.#step = step;
  }

  /** Told of bytes that were handed to the file. */
  wrote(count: number): void {
    this.#unsynced += count;
    if (this.#unsynced < this.#step || this.#underWay !== undefined) return;
    this.#unsynced = 0;
    this.#underWay = this.#sync();
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#underWay = undefined;
  }

  /** Waits until none is under way, and throws what one has failed with: the kernel tells of that once. */
  async succeeded(): Promise<void> {
    await this.#underWay;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
