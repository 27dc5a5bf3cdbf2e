import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;

/** Columns that `text` takes on a terminal; wide characters take two, combining ones none. */
export function displayWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

let segmenter: Intl.Segmenter | undefined;

/** Splits text into what a terminal shows as one character. Created on demand: a segmenter takes 15 ms. */
function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The longest prefix of `text` that takes at most `width` columns. Plain text only. */
export function head(text: string, width: number): string {
  if (ASCII.test(text)) return text.slice(0, Math.max(0, width));
  let taken = '';
  let used = 0;
  for (const grapheme of graphemes(text)) {
    used += displayWidth(grapheme);
    if (used > width) break;
    taken += grapheme;
  }
  return taken;
}

/** The longest suffix of `text` that takes at most `width` columns. */
export function tail(text: string, width: number): string {
  if (ASCII.test(text)) return width <= 0 ? '' : text.slice(-width);
  let taken = '';
  let used = 0;
  for (const grapheme of graphemes(text).reverse()) {
    used += displayWidth(grapheme);
    if (used > width) break;
    taken = grapheme + taken;
  }
  return taken;
}

/** `text` cut to `width` columns, with an ellipsis if something is omitted. */
export function cutTo(text: string, width: number, ellipsis = '…'): string {
  if (displayWidth(text) <= width) return text;
  return width <= 0 ? '' : head(text, width - displayWidth(ellipsis)) + ellipsis;
}

/** `text` padded with spaces to `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** `text` broken at spaces, or anywhere if necessary, into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(/\s+/).filter((w) => w !== '')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (displayWidth(word) > width) {
      const start = head(word, width) || word;
      lines.push(start);
      word = word.slice(start.length);
    }
    line = word;
  }
  return line === '' ? lines : [...lines, line];
}
