import { asciiOnly, escapeText, guardLine } from '../cli/text/escape-for-terminal.js';
import { displayWidth, head, pad, tail } from '../cli/text/width.js';

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

/** `text` in exactly `columns`; what is too long loses its middle, where names of a series are alike. */
export function fitted(
  text: string,
  columns: number,
  unicode: boolean,
  align: 'left' | 'right' = 'left',
): string {
  if (columns <= 0) return '';
  if (displayWidth(text) <= columns) return pad(text, columns, align);
  const back = columns >= 12 ? Math.floor((columns - 1) / 3) : 0;
  const cut = head(text, columns - 1 - back) + (unicode ? '…' : '~') + tail(text, back);
  return pad(cut, columns, align);
}
