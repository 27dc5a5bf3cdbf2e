import { keyAt, lastKey, lineEnd } from '../../../core/catalog/row-lines.js';

const TAB = 0x09;

/** A source of lines, at one of them. */
class LineCursor {
  readonly #rest: Iterator<Buffer>;
  readonly #isLowest: boolean;
  #lines: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** That of the line. */
  key = '';
  isOver = false;

  /** The lowest removes nothing. */
  constructor(lines: Iterable<Buffer>, isLowest: boolean) {
    this.#rest = lines[Symbol.iterator]();
    this.#isLowest = isLowest;
    this.#turn();
  }

  /** To the line at `#at`, or the first of the next piece. */
  #turn(): void {
    while (this.#at >= this.#lines.length) {
      const next = this.#rest.next();
      this.isOver = next.done === true;
      if (next.done) return;
      this.#lines = next.value;
      this.#at = 0;
    }
    this.#end = lineEnd(this.#lines, this.#at);
    this.key = keyAt(this.#lines, this.#at, this.#end);
  }

  /** Past the line. */
  skip(): void {
    this.#at = this.#end + 1;
    this.#turn();
  }

  /** The lines of this piece with keys below `until`, without those that remove one; goes past them. */
  *take(until: string | undefined): Generator<Buffer> {
    const lines = this.#lines;
    if (this.#isLowest && (until === undefined || lastKey(lines) < until)) {
      yield lines.subarray(this.#at);
      this.#at = lines.length;
      this.#turn();
      return;
    }
    let start = this.#at;
    while (this.#at < lines.length) {
      const end = lineEnd(lines, this.#at);
      const key = keyAt(lines, this.#at, end);
      if (until !== undefined && key >= until) break;
      if (lines[this.#at + key.length] !== TAB) {
        if (start < this.#at) yield lines.subarray(start, this.#at);
        start = end + 1;
      }
      this.#at = end + 1;
    }
    if (start < this.#at) yield lines.subarray(start, this.#at);
    this.#turn();
  }
}

/**
 * Merges sources of lines sorted by key; for equal keys, the line of the first source wins, and where that removes the
 * key there is none. Lines between which no other source has any are never taken apart.
 */
export function* mergeLines(sources: readonly Iterable<Buffer>[]): Generator<Buffer> {
  let open = sources.map((lines, i) => new LineCursor(lines, i === sources.length - 1));
  for (;;) {
    if (open.some(({ isOver }) => isOver)) open = open.filter(({ isOver }) => !isOver);
    let [top] = open;
    if (top === undefined) return;
    for (const cursor of open) if (cursor.key < top.key) top = cursor;
    let until: string | undefined;
    for (const cursor of open) {
      if (cursor === top) continue;
      if (cursor.key === top.key) cursor.skip();
      if (!cursor.isOver && (until === undefined || cursor.key < until)) until = cursor.key;
    }
    yield* top.take(until);
  }
}
