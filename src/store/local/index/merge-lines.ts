import { keyEnd, lastKey, nearLineEnd, TAB } from '../../../core/catalog/row-lines.js';
import type { LineRanges } from './line-ranges.js';

/** A source of lines, at one of them. */
class LineCursor {
  readonly #source: LineRanges;
  /** For equal keys, the line of the first source wins. */
  readonly #rank: number;
  lines: Buffer = Buffer.alloc(0);
  #to = 0;
  /** The last key up to there, once it is asked for. */
  #lastKey: string | undefined;
  at = 0;
  /** Its newline. */
  end = 0;
  /** That of the line. */
  key = '';
  isOver = false;

  constructor(source: LineRanges, rank: number) {
    this.#source = source;
    this.#rank = rank;
    this.turn(0);
  }

  isBefore(other: LineCursor): boolean {
    return this.key < other.key || (this.key === other.key && this.#rank < other.#rank);
  }

  /** To the line at `at`, or the first of what comes next. */
  turn(at: number): void {
    this.at = at;
    while (this.at >= this.#to) {
      if (!this.#source.next()) {
        this.isOver = true;
        return;
      }
      this.lines = this.#source.lines;
      this.at = this.#source.from;
      this.#to = this.#source.to;
      this.#lastKey = undefined;
    }
    const end = keyEnd(this.lines, this.at);
    this.key = this.lines.toString('latin1', this.at, end);
    this.end = nearLineEnd(this.lines, end);
  }

  get removes(): boolean {
    return this.lines[this.at + this.key.length] !== TAB;
  }

  /**
   * Where those lines that follow one another from this one end which are below `until` and, unless `keepsRemoved`,
   * remove nothing. This one is known to be of those.
   */
  endBelow(until: string | undefined, keepsRemoved: boolean): number {
    const { lines } = this;
    const to = this.#to;
    if (this.end + 1 === to) return to;
    this.#lastKey ??= lastKey(lines, to);
    const areAllBelow = until === undefined || this.#lastKey < until;
    if (areAllBelow && keepsRemoved) return to;
    for (let at = this.end + 1; ; ) {
      if (at >= to) return to;
      const end = keyEnd(lines, at);
      if (!areAllBelow && until !== undefined && lines.toString('latin1', at, end) >= until) return at;
      if (!keepsRemoved && lines[end] !== TAB) return at;
      at = nearLineEnd(lines, end) + 1;
    }
  }
}

/**
 * Merges sources of lines in order; for equal keys, the line of the first source wins. Lines that remove a key are kept
 * or left out. Lines between which no other source has any are never taken apart.
 */
export class MergedLines implements LineRanges {
  /** The first is the least. */
  readonly #heap: LineCursor[] = [];
  readonly #keepsRemoved: boolean;
  /** Where the lines that were handed out end: the next call leaves them, which may overwrite them. */
  #left = -1;
  #isDouble = false;
  lines: Buffer = Buffer.alloc(0);
  from = 0;
  to = 0;

  constructor(sources: readonly LineRanges[], keepsRemoved: boolean) {
    this.#keepsRemoved = keepsRemoved;
    for (const [rank, source] of sources.entries()) {
      const cursor = new LineCursor(source, rank);
      if (!cursor.isOver) this.#heap.push(cursor);
    }
    this.#heap.sort((a, b) => (a.isBefore(b) ? -1 : 1));
  }

  next(): boolean {
    for (;;) {
      if (this.#left >= 0) this.#leave();
      const [top, left, right] = this.#heap;
      if (top === undefined) return false;
      const second = right?.isBefore(left!) ? right : left;
      this.#isDouble = second?.key === top.key;
      const isKept = this.#keepsRemoved || !top.removes;
      const isOne = this.#isDouble || !isKept;
      this.#left = isOne ? top.end + 1 : top.endBelow(second?.key, this.#keepsRemoved);
      if (!isKept) continue;
      this.lines = top.lines;
      this.from = top.at;
      this.to = this.#left;
      return true;
    }
  }

  /** Past the lines of the first source, and those of others with the same key. */
  #leave(): void {
    const top = this.#heap[0]!;
    const { key } = top;
    top.turn(this.#left);
    this.#left = -1;
    this.#sink();
    if (!this.#isDouble) return;
    while (this.#heap[0]?.key === key) {
      this.#heap[0].turn(this.#heap[0].end + 1);
      this.#sink();
    }
  }

  /** Restores the order after the first source changed. */
  #sink(): void {
    const heap = this.#heap;
    if (heap[0]!.isOver) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    const top = heap[0]!;
    let at = 0;
    for (;;) {
      let next = 2 * at + 1;
      if (next + 1 < heap.length && heap[next + 1]!.isBefore(heap[next]!)) next++;
      if (next >= heap.length || !heap[next]!.isBefore(top)) break;
      heap[at] = heap[next]!;
      at = next;
    }
    heap[at] = top;
  }
}
