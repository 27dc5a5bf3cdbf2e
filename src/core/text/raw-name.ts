import { escapeText } from './escape-control.js';

/** A byte that is not UTF-8 is represented as this plus its value: a lone surrogate, which no valid text contains. */
const BYTE = 0xdc00;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONGEST_CHARACTER = 4;

/** A name of any bytes as text for matching: each byte that is not UTF-8 is one character. */
export function textOfName(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    text += character ?? String.fromCharCode(BYTE + bytes[at]!);
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return text;
}

function characterAt(bytes: Uint8Array, at: number): string | undefined {
  for (let length = 1; length <= LONGEST_CHARACTER && at + length <= bytes.length; length++) {
    try {
      return strict.decode(bytes.subarray(at, at + length));
    } catch {}
  }
  return undefined;
}

/** A glob in which `\xe9`, the display form of such a byte, matches that byte, and `\x0a` the control character. */
export function bytesInGlob(glob: string): string {
  return glob.replace(
    /(\\\\)|\\x([01][0-9a-f]|7f|[89a-f][0-9a-f])/gi,
    (all, escaped: string | undefined, hex: string) => {
      if (escaped !== undefined) return all;
      const byte = Number.parseInt(hex, 16);
      return String.fromCharCode(byte < 0x80 ? byte : BYTE + byte);
    },
  );
}

/** The result of {@link textOfName}, safe to show: such a byte appears as `\xe9`. */
export function showName(text: string): string {
  return text
    .split(/([\udc80-\udcff])/u)
    .map((part) =>
      /^[\udc80-\udcff]$/u.test(part) ? `\\x${(part.charCodeAt(0) - BYTE).toString(16)}` : escapeText(part),
    )
    .join('');
}

/** A glob that matches a name, in displayable characters; `?` stands for those with no form of their own. */
export function globOf(text: string): string {
  return Array.from(text, (c) => {
    if ('*?[]{}()|!+@,\\'.includes(c)) return `\\${c}`;
    const shown = showName(c);
    return shown === c || (shown.startsWith('\\x') && !/[\x80-\x9f]/.test(c)) ? shown : '?';
  }).join('');
}
