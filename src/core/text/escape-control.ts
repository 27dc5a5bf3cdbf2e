/**
 * Characters that a terminal could obey or hide: controls, format and bidi characters, line and paragraph separators,
 * surrogates, private use and unassigned; and the backslash, so that the escaped form is unambiguous. Neither
 * `util.stripVTControlCharacters` nor `JSON.stringify` covers these.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\\]/gu;

function escapeOne(c: string): string {
  if (c === '\\') return '\\\\';
  const code = c.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Makes `text` safe to show in a message: one line, no control sequences (G6). */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** Characters of a typed or foreign name shown in a message; a name may have 64 KiB. */
const SHOWN = 300;

/** {@link escapeText} of the beginning of a text of any length. */
export function shortText(text: string): string {
  return escapeText(text.length > SHOWN ? `${text.slice(0, SHOWN).toWellFormed()}…` : text);
}
