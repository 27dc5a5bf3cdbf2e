import { asciiOnly, escapeText, guardLine } from '../cli/text/escape-for-terminal.js';
import { displayWidth, head, pad, tail } from '../cli/text/width.js';

/**
 * A boundary between columns. Private use characters are escaped in all text from artifacts, so this one is always
 * ours; the painter turns it into a jump to its column, which keeps columns aligned even if the terminal and
 * string-width disagree about a character.
 */
export const COLUMN = '\u{e000}';

/** Untrusted text as one harmless line (G6); with `unicode` false, restricted to what the terminal can show. */
export function shown(text: string, unicode: boolean): string {
  const safe = escapeText(text);
  return unicode ? safe : asciiOnly(safe);
}

/** A message, in which quoted text is already escaped. */
export function shownMessage(text: string, unicode: boolean): string {
  return unicode ? guardLine(text) : asciiOnly(guardLine(text));
}

/** `text` in exactly `columns`; text that is too long loses its middle, where names in a series are usually alike. */
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
