import { errnoError } from './errno.js';

// ignoreBOM: a name with a leading U+FEFF differs from the same name without it.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a name's bytes, or `undefined` when they are not UTF-8. */
export function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of a path from the system; EILSEQ when it is not UTF-8. */
export function decodePath(bytes: Uint8Array, syscall: string, path: string): string {
  const text = decodeName(bytes);
  if (text === undefined) throw errnoError('EILSEQ', syscall, path);
  return text;
}
