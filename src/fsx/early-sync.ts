/**
 * Begins to make something large durable while the rest of it is written, so that the sync which is relied
 * upon has little left to do.
 */
export class EarlySync {
  readonly #sync: () => Promise<unknown>;
  readonly #stepBytes: number;
  #unsynced = 0;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `sync` is called when so many bytes were written since the time before, one call at a time. */
  constructor(sync: () => Promise<unknown>, stepBytes: number) {
    this.#sync = sync;
    this.#stepBytes = stepBytes;
  }

  /** Told of bytes that are on their way. */
  wrote(bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < this.#stepBytes || this.#underWay !== undefined) return;
    this.#unsynced = 0;
    this.#underWay = this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      await this.#sync();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#underWay = undefined;
  }

  /** Waits until none is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  /** The same, and throws what one has failed with: the kernel tells of that once. */
  async succeeded(): Promise<void> {
    await this.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
