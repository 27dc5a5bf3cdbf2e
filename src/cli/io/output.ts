import { errnoMeaning } from '../../errors/errno-meaning.js';
import { HsError } from '../../errors/hs-error.js';
import { guardBytes, guardText, safeJson } from '../text/escape-for-terminal.js';
import type { OutputStream } from './output-stream.js';

/** Thrown into a listing whose reader has gone; ends the command quietly with 0. */
export class OutputClosed extends Error {}

/**
 * Text is buffered up to this size, and flushed in each turn of the event loop, so that an interactive reader can
 * answer.
 */
const BUFFER_CHARS = 64 * 1024;

/** A record: a line, or the output of the user's own format, of which every byte counts. */
export type RecordText = string | { readonly formatted: string | Uint8Array };

export interface OutSettings {
  readonly colour: boolean;
  /** Records end with NUL. */
  readonly nul: boolean;
  /** Escape bytes that could control a terminal. */
  readonly terminal: boolean;
  /** Erases a progress line on the same terminal. */
  readonly before: () => void;
  /** A closed pipe ends the command. */
  readonly stopWhenClosed: boolean;
}

/**
 * Errors of a write after the reader has gone. The pipe between two Node programs, or to a pager, is a socket, which is
 * reset if its reader goes with unread bytes.
 */
const CLOSED: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** Standard output. Every method waits while the reader is slow, and throws if writing fails. */
export class Out {
  readonly #stream: OutputStream;
  readonly #settings: OutSettings;
  #stopWhenClosed: boolean;
  #buffer = '';
  #flushing: NodeJS.Immediate | undefined;
  #closed = false;
  #failure: unknown;
  #pending: Promise<void> = Promise.resolve();

  constructor(stream: OutputStream, settings: OutSettings) {
    this.#stream = stream;
    this.#settings = settings;
    this.#stopWhenClosed = settings.stopWhenClosed;
    stream.on('error', this.#onError);
  }

  /** The command changes something from here on, and completes even if its output is closed. */
  finishAlways(): void {
    this.#stopWhenClosed = false;
  }

  /** True once the reader has gone. */
  get isClosed(): boolean {
    return this.#closed;
  }

  readonly #onError = (e: NodeJS.ErrnoException): void => {
    if (CLOSED.has(e.code ?? '')) this.#closed = true;
    else this.#failure ??= e;
  };

  /** Lines for a user or a pipe. Adds the final newline if it is missing. */
  async text(text: string): Promise<void> {
    if (text === '') return;
    const safe = guardText(text, this.#settings.colour);
    await this.#add(safe.endsWith('\n') ? safe : `${safe}\n`);
  }

  /** One record: a line, or with `-z` the unchanged string and NUL. */
  async record(text: RecordText): Promise<void> {
    if (typeof text !== 'string') await this.#formatted(text.formatted);
    else if (!this.#settings.nul)
      await this.#add(`${guardText(text, this.#settings.colour).replaceAll('\n', '\\x0a')}\n`);
    else await this.#add(`${this.#settings.terminal ? guardText(text, false) : text}\0`);
  }

  /** Non-text bytes are written separately; on a terminal both are escaped. */
  async #formatted(content: string | Uint8Array): Promise<void> {
    const end = this.#settings.nul ? '\0' : '\n';
    if (typeof content !== 'string') {
      await this.bytes(content);
      await this.#add(end);
    } else await this.#add(`${this.#settings.terminal ? guardText(content, false) : content}${end}`);
  }

  /** One JSON document and a newline. */
  async json(value: unknown): Promise<void> {
    await this.#add(`${safeJson(value)}\n`);
  }

  /** One row of a list as JSON with its schema, which is written `head`; undefined where nothing is to be waited for. */
  row(head: string, value: object): Promise<void> | undefined {
    const json = safeJson(value);
    return this.#put(json === '{}' ? `${head}}\n` : `${head},${json.slice(1)}\n`);
  }

  /** Raw bytes; on a terminal, control characters are escaped (G6). */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (this.#settings.terminal) return this.#add(guardBytes(bytes));
    await this.flush();
    // Copied: the caller may reuse its buffer while the stream still holds it.
    await this.#write(Buffer.from(bytes));
  }

  async #add(text: string): Promise<void> {
    await this.#put(text);
  }

  #put(text: string): Promise<void> | undefined {
    this.#check();
    this.#buffer += text;
    if (this.#buffer.length >= BUFFER_CHARS) return this.flush();
    this.#flushing ??= setImmediate(() => {
      this.#pending = this.flush().catch((e: unknown) => {
        if (!(e instanceof OutputClosed)) this.#failure ??= e;
      });
    });
    return undefined;
  }

  /** Writes everything buffered so far. */
  async flush(): Promise<void> {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const text = this.#buffer;
    this.#buffer = '';
    if (text !== '') await this.#write(text);
    this.#check();
  }

  /** Ends the output: waits for the last byte. */
  async end(): Promise<void> {
    await this.#pending;
    await this.flush();
    await new Promise<void>((resolve) =>
      this.#closed ? resolve() : this.#stream.write('', () => resolve()),
    );
    this.#check();
  }

  release(): void {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing);
    this.#stream.off('error', this.#onError);
    // A write that fails after the command has ended cannot be reported.
    this.#stream.on('error', () => {});
  }

  #check(): void {
    if (this.#failure !== undefined) {
      const cause = this.#failure as NodeJS.ErrnoException;
      throw new HsError('SYSTEM', `cannot write to standard output: ${errnoMeaning(cause)}`, {
        cause,
      });
    }
    if (this.#closed && this.#stopWhenClosed) throw new OutputClosed();
  }

  async #write(chunk: string | Buffer): Promise<void> {
    if (this.#closed) return;
    if (this.#settings.terminal) this.#settings.before();
    if (!this.#stream.write(chunk)) {
      await new Promise<void>((resolve) => {
        const go = () => {
          this.#stream.off('drain', go).off('close', go).off('error', go);
          resolve();
        };
        this.#stream.on('drain', go).on('close', go).on('error', go);
      });
    }
    this.#check();
  }
}
