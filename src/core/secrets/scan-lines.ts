import type { Detector } from './detectors.js';
import { findSecrets } from './find-secrets.js';

/** A finding in a text that is read in pieces. */
export interface LineFinding {
  readonly detector: string;
  readonly kind: Detector['kind'];
  /** Both start at 1; a column counts characters. */
  readonly line: number;
  readonly column: number;
}

/** Longer than any secret a detector matches, so that none is split unseen. */
const OVERLAP = 16 * 1024;
const WINDOW = 1024 * 1024;

/** Scans bytes of any length in constant memory; invalid UTF-8 is decoded with replacement characters. */
export async function* scanLines(
  chunks: AsyncIterable<Uint8Array>,
  kinds: readonly Detector['kind'][],
): AsyncGenerator<LineFinding> {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  /** Findings in `text` before this position have been reported. */
  let told = 0;
  let line = 1;
  let column = 1;
  const advance = (to: number) => {
    const passed = text.slice(0, to);
    const last = passed.lastIndexOf('\n');
    if (last >= 0) {
      line += passed.split('\n').length - 1;
      column = to - last;
    } else column += to;
  };
  function* tell(until: number): Generator<LineFinding> {
    for (const { detector, kind, start } of findSecrets(text, kinds)) {
      if (start < told || start >= until) continue;
      const before = text.slice(0, start);
      const breaks = before.split('\n').length - 1;
      const inLine = breaks === 0 ? column + start : start - before.lastIndexOf('\n');
      yield { detector, kind, line: line + breaks, column: inLine };
    }
    told = until;
  }
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length < WINDOW + OVERLAP) continue;
    const keepFrom = text.length - 2 * OVERLAP;
    yield* tell(text.length - OVERLAP);
    advance(keepFrom);
    text = text.slice(keepFrom);
    told -= keepFrom;
  }
  text += decoder.decode();
  yield* tell(text.length);
}
