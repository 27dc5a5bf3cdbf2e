import type { ByteSource, FileSource, HeldSource } from '../../store/port/object-batch.js';

interface Closable extends ByteSource {
  close(): Promise<void>;
}

/** An open file that a batch may hold: then the batch closes it. */
export class OpenFile implements FileSource {
  readonly size: number;
  readonly #file: Closable;
  readonly #changed: () => Error;
  #isHeld = false;

  /** `changed`: the error for a file that has other bytes than before. */
  constructor(file: Closable, size: number, changed: () => Error) {
    this.#file = file;
    this.size = size;
    this.#changed = changed;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#file.read(buffer, position);
  }

  hold(): HeldSource {
    this.#isHeld = true;
    const file = this.#file;
    return {
      read: (buffer, position) => file.read(buffer, position),
      changed: this.#changed,
      close: () => file.close(),
    };
  }

  /** Closes the file unless it is held. */
  async end(): Promise<void> {
    if (!this.#isHeld) await this.#file.close();
  }
}
