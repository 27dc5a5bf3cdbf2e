import { escapeText } from '../../core/text/escape-control.js';

export { escapeText };

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
/** Nearly all text; avoids loading the Unicode tables, which takes 4 ms. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;
const SGR = /^\x1b\[[0-9;]*m/;

function hex(c: string): string {
  const code = c.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * Safety net for all text output: control characters that a command failed to escape become visible here. Passes
 * newlines and tabs (no name contains one, B4), and colours where hs itself uses them; leaves backslashes, which
 * `escapeText` has doubled.
 */
export function guardText(text: string, colour: boolean): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (c, at: number) => {
    if (c === '\n' || c === '\t' || (c === '\x1b' && colour && SGR.test(text.slice(at, at + 16)))) return c;
    return hex(c);
  });
}

/** A value in a record for programs: stays on one line, and is changed as little as possible. */
export function guardField(value: string): string {
  return guardText(value, false).replaceAll('\n', '\\x0a');
}

/** One line of a message: nothing in it can start another line or control the terminal. */
export function guardLine(text: string): string {
  return text.replace(UNSAFE, hex);
}

/** An artifact's bytes for a terminal: text with its newlines and tabs, all else escaped. */
export function guardBytes(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(UNSAFE, (c) => (c === '\n' || c === '\t' ? c : hex(c)));
}

/** JSON that is safe to display: the same characters as equivalent `\u` escapes. */
export function safeJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (PLAIN.test(json)) return json;
  return json.replace(UNSAFE, (c) => {
    let out = '';
    for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return out;
  });
}

/** For terminals without UTF-8: also escapes everything beyond ASCII. */
export function asciiOnly(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, hex);
}
