import stringWidth from 'string-width';
import { asciiOnly, escapeText, guardLine } from '../cli/text/escape.js';

const ASCII = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * A boundary between columns. Private use characters are escaped in everything that comes from
 * an artifact, so this one can only be ours; the painter turns it into a jump to its column,
 * which keeps columns aligned where the terminal and string-width differ about a character.
 */
export const COLUMN = '\u{e000}';

/** Untrusted text as one harmless line (G6); with `unicode` false also without what the terminal cannot show. */
export function shown(text: string, unicode: boolean): string {
  const safe = escapeText(text);
  return unicode ? safe : asciiOnly(safe);
}

/** A message, which has escaped what it quotes. */
export function shownMessage(text: string, unicode: boolean): string {
  return unicode ? guardLine(text) : asciiOnly(guardLine(text));
}

/** Columns that `text` takes on a terminal. */
export function width(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The longest start of `text` that takes at most `columns`. */
function head(text: string, columns: number): string {
  if (ASCII.test(text)) return text.slice(0, columns);
  let taken = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const w = width(segment);
    if (used + w > columns) break;
    taken += segment;
    used += w;
  }
  return taken;
}

function tail(text: string, columns: number): string {
  if (ASCII.test(text)) return columns === 0 ? '' : text.slice(-columns);
  let taken = '';
  let used = 0;
  for (const { segment } of [...segmenter.segment(text)].reverse()) {
    const w = width(segment);
    if (used + w > columns) break;
    taken = segment + taken;
    used += w;
  }
  return taken;
}

/** `text` in exactly `columns`; what is too long loses its middle, where names of a series are alike. */
export function fitted(
  text: string,
  columns: number,
  unicode: boolean,
  align: 'left' | 'right' = 'left',
): string {
  if (columns <= 0) return '';
  let cut = text;
  if (width(text) > columns) {
    const back = columns >= 12 ? Math.floor((columns - 1) / 3) : 0;
    cut = head(text, columns - 1 - back) + (unicode ? '…' : '~') + tail(text, back);
  }
  const padding = ' '.repeat(Math.max(0, columns - width(cut)));
  return align === 'left' ? cut + padding : padding + cut;
}

/** `text` broken at spaces, or where it must be, into lines of at most `columns`. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (width(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (width(word) > columns) {
      const start = head(word, columns) || word;
      lines.push(start);
      word = word.slice(start.length);
    }
    line = word;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}
