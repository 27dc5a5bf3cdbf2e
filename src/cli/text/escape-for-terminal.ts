import { escapeText } from '../../core/text/escape-control.js';

export { escapeText };

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
/** Nearly all text: spares the first look at the Unicode tables, which costs 4 ms. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;
const SGR = /^\x1b\[[0-9;]*m/;

function hex(c: string): string {
  const code = c.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * The net under every writer of text: whatever a command forgot to escape becomes visible here. Lets
 * newlines and tabs (no name holds one, B4) pass, and colours where hs itself uses them; leaves backslashes, which `escapeText` has doubled.
 */
export function guardText(text: string, colour: boolean): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (c, at: number) => {
    if (c === '\n' || c === '\t' || (c === '\x1b' && colour && SGR.test(text.slice(at, at + 16)))) return c;
    return hex(c);
  });
}

/** A value in a record that a program reads: it stays one line, and is otherwise as it is where it can be. */
export function guardField(value: string): string {
  return guardText(value, false).replaceAll('\n', '\\x0a');
}

/** One line of a message: nothing in it can start another line or steer the terminal. */
export function guardLine(text: string): string {
  return text.replace(UNSAFE, hex);
}

/** Bytes of an artifact shown on a terminal: text with its lines and tabs, all else escaped. */
export function guardBytes(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(UNSAFE, (c) => (c === '\n' || c === '\t' ? c : hex(c)));
}

/** JSON that is safe to show: the same characters are written as `\u` escapes, which mean the same. */
export function safeJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (PLAIN.test(json)) return json;
  return json.replace(UNSAFE, (c) => {
    let out = '';
    for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return out;
  });
}

/** For terminals without UTF-8: everything beyond ASCII is escaped too. */
export function asciiOnly(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, hex);
}
