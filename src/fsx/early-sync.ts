/** Starts to make a large file durable while the rest of it is written, so that little is left for the final sync. */
export class EarlySync {
  readonly #sync: () => Promise<unknown>;
  readonly #stepBytes: number;
  #unsynced = 0;
  #underWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Calls `sync` each time `stepBytes` more bytes were written, one call at a time. */
  constructor(sync: () => Promise<unknown>, stepBytes: number) {
    this.#sync = sync;
    this.#stepBytes = stepBytes;
  }

  /** Counts bytes being written. */
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

  /** Waits until no sync is running. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  /** Like `idle`, but throws the error of a failed sync: the kernel reports it only once. */
  async succeeded(): Promise<void> {
    await this.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
