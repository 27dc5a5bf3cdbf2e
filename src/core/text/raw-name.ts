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

/** A glob in which `\xe9`, the display form of such a byte, matches that byte. */
export function bytesInGlob(glob: string): string {
  return glob.replace(/(\\\\)|\\x([89a-f][0-9a-f])/gi, (all, escaped: string | undefined, hex: string) =>
    escaped === undefined ? String.fromCharCode(BYTE + Number.parseInt(hex, 16)) : all,
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
