const PIECE_BYTES = 16 * 1024;
/** Ranges at least as long are handed on as they are. */
const LONG_BYTES = 4 * 1024;

/**
 * Whole lines of rows in the order of their keys: each `next` leads to some that follow one another in `lines`, which are
 * valid until it is called again. False at the end.
 */
export interface LineRanges {
  readonly lines: Buffer;
  readonly from: number;
  readonly to: number;
  next(): boolean;
}

/** Pieces as ranges. */
export class PieceRanges implements LineRanges {
  readonly #rest: Iterator<Buffer>;
  lines: Buffer = Buffer.alloc(0);
  readonly from = 0;

  constructor(pieces: Iterable<Buffer>) {
    this.#rest = pieces[Symbol.iterator]();
  }

  get to(): number {
    return this.lines.length;
  }

  next(): boolean {
    const { done, value } = this.#rest.next();
    if (done) return false;
    this.lines = value;
    return true;
  }
}

/** Ranges of lines that do not change as pieces that remain valid; short ones are put together. */
export function* piecesOf(ranges: LineRanges): Generator<Buffer> {
  let piece = Buffer.alloc(0);
  let used = 0;
  while (ranges.next()) {
    const { lines, from, to } = ranges;
    const isLong = to - from >= LONG_BYTES;
    if (used > 0 && (isLong || used + to - from > piece.length)) {
      yield piece.subarray(0, used);
      used = 0;
      piece = Buffer.alloc(0);
    }
    if (isLong) yield from === 0 && to === lines.length ? lines : lines.subarray(from, to);
    else {
      if (piece.length === 0) piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      used += lines.copy(piece, used, from, to);
    }
  }
  if (used > 0) yield piece.subarray(0, used);
}
