/** Bytes of objects in memory at once, however many are under way: eight parts. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Lets work begin while its bytes fit, in order; what is larger than all of it runs alone. */
export class ByteBudget {
  #used = 0;
  readonly #waiting: (() => boolean)[] = [];

  /** Resolves, once so many bytes are free, to what gives them back. */
  take(bytes: number): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = () => {
        if (this.#used > 0 && this.#used + bytes > MOST_BYTES) return false;
        this.#used += bytes;
        resolve(() => this.#giveBack(bytes));
        return true;
      };
      if (this.#waiting.length > 0 || !begin()) this.#waiting.push(begin);
    });
  }

  #giveBack(bytes: number): void {
    this.#used -= bytes;
    while (this.#waiting[0]?.()) this.#waiting.shift();
  }

  async run<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    const giveBack = await this.take(bytes);
    try {
      return await task();
    } finally {
      giveBack();
    }
  }
}
