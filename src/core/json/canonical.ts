import { HsError } from '../../errors/hs-error.js';
import { normalText } from '../text/normal-form.js';
import { boundJson, type Density, MAX_DEPTH } from './bounds.js';

/** The values of canonical JSON (A9). Numbers are safe integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Keys whose strings are bytes from a filesystem and are kept unchanged, not in NFC (A9). */
const VERBATIM_KEYS: ReadonlySet<string> = new Set([
  'path',
  'paths',
  'filename_hint',
  'materialized_paths',
  'stray_paths',
  'export_target',
]);

export function invalid(message: string): HsError {
  return new HsError('INVALID_RECORD', message);
}

/** Record schemas silently drop this key, and assigning it pollutes the prototype: no record may have it (A4). */
function checkKey(key: string): void {
  if (key === '__proto__') throw invalid("an object has the key '__proto__'");
}

/** ASCII without anything to escape: its JSON form is the text in quotes. True for most strings in records. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A string in canonical form; `verbatim`: that of a key whose strings are kept unchanged. */
export function encodeString(value: string, verbatim: boolean): string {
  if (PLAIN.test(value)) return `"${value}"`;
  // ASCII is well-formed and already in NFC.
  if (!/^[\x00-\x7f]*$/.test(value)) {
    if (!value.isWellFormed()) throw invalid('a string holds a lone surrogate');
    if (!verbatim && value.normalize('NFC') !== value) throw invalid('a string is not in Unicode NFC');
  }
  return JSON.stringify(value);
}

/**
 * Sorted by UTF-16 code units. Records read or written before are already in order: checking takes a third of
 * sorting.
 */
function sortedKeys(record: object): string[] {
  const keys = Object.keys(record);
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort();
  return keys;
}

/** A number in canonical form. */
export function encodeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw invalid(`${Object.is(value, -0) ? '-0' : value} is not a safe integer`);
  }
  return String(value);
}

function encode(value: unknown, depth: number, verbatim: boolean): string {
  if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case 'string':
      return encodeString(value, verbatim);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return encodeNumber(value);
    case 'object':
      break;
    default:
      throw invalid(`a value of type ${typeof value} has no JSON form`);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    // A plain loop: `map` skips holes, which would then encode as nothing.
    let out = '[';
    for (let i = 0; i < value.length; i++) {
      out += (i === 0 ? '' : ',') + encode(value[i], depth + 1, verbatim);
    }
    return `${out}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw invalid('only plain objects have a JSON form');
  const record = value as Record<string, unknown>;
  let out = '{';
  for (const key of sortedKeys(record)) {
    checkKey(key);
    if (out.length > 1) out += ',';
    out += `${encodeString(key, false)}:${encode(record[key], depth + 1, VERBATIM_KEYS.has(key))}`;
  }
  return `${out}}`;
}

/**
 * The one encoding of a value (A9; RFC 8785 for the order of keys, by UTF-16 code units): sorted keys, no
 * insignificant whitespace, NFC strings, safe integers. INVALID_RECORD for anything without one: undefined,
 * fractions, lone surrogates, class instances.
 */
export function canonicalText(value: unknown): string {
  return encode(value, 0, false);
}

export function canonicalBytes(value: unknown): Buffer {
  return Array.isArray(value) ? canonicalArray(value) : Buffer.from(canonicalText(value), 'utf8');
}

/** A string built with `+=` is a tree until it is used: one of 40 MB kept the garbage collector busy for seconds. */
export const PIECE_LENGTH = 64 * 1024;

/**
 * Encodes the members of an array separately, in pieces: as one text, an index of 10,000 files takes three times as
 * long.
 */
export function canonicalArray(values: Iterable<unknown>): Buffer {
  const pieces: Buffer[] = [];
  let text = '[';
  let isFirst = true;
  for (const value of values) {
    text += (isFirst ? '' : ',') + encode(value, 1, false);
    isFirst = false;
    if (text.length < PIECE_LENGTH) continue;
    pieces.push(Buffer.from(text, 'utf8'));
    text = '';
  }
  pieces.push(Buffer.from(`${text}]`, 'utf8'));
  return Buffer.concat(pieces);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8, or throws INVALID_RECORD; `Buffer.toString` would silently turn invalid bytes into U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new HsError('INVALID_RECORD', 'not valid UTF-8', { cause });
  }
}

function countMembers(value: Json): number {
  if (value === null || typeof value !== 'object') return 0;
  for (const key of Object.keys(value)) checkKey(key);
  const children = Object.values(value) as Json[];
  return children.reduce<number>((n, v) => n + countMembers(v), Array.isArray(value) ? 0 : children.length);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new HsError('INVALID_RECORD', `not JSON: ${(cause as Error).message}`, { cause });
  }
}

export function withinLimit(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.byteLength > maxBytes) throw invalid(`${bytes.byteLength} bytes, the limit is ${maxBytes}`);
}

/**
 * Normalizes the strings of an external value to NFC, except file paths (A9), so that the same text typed on another
 * system, or read from a macOS file name, is equal.
 */
export function inNormalForm<T>(value: T): T {
  return normalize(value, 0, false) as T;
}

function normalize(value: unknown, depth: number, verbatim: boolean): unknown {
  if (typeof value === 'string') return verbatim ? value : normalText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((v) => normalize(v, depth + 1, verbatim));
  const entries = Object.entries(value);
  // Built from entries, so that a key '__proto__' remains a key, which the schema then refuses.
  return Object.fromEntries(
    entries.map(([key, v]) => [key, normalize(v, depth + 1, VERBATIM_KEYS.has(key))]),
  );
}

/**
 * Parses canonical JSON; refuses (INVALID_RECORD) any other spelling of the same value (A9) and, before it is built,
 * anything that would take much more memory than its length.
 */
export function parseCanonical(bytes: Uint8Array, maxBytes: number, density?: Density): Json {
  withinLimit(bytes, maxBytes);
  const text = decodeUtf8(bytes);
  boundJson(text, density);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // The parser's message quotes its input, which may be payload that the user may not read (B5).
    throw invalid('not JSON');
  }
  if (isPlainlySpelled(value, text) || spelledUntil(value, text, 0, false) === text.length) return value;
  throw invalid('not in canonical form');
}

/** Longer texts are compared piece by piece. */
const MOST_PLAIN_LENGTH = 64 * 1024;

/**
 * Whether the text is the canonical form of the value and all ASCII without escapes of code units: then the engine's own
 * serialization differs from the canonical one in the order of keys and in numbers alone. True for most records.
 */
function isPlainlySpelled(value: Json, text: string): boolean {
  return (
    text.length <= MOST_PLAIN_LENGTH &&
    /^[\x20-\x7e]*$/.test(text) &&
    !text.includes('\\u') &&
    JSON.stringify(value) === text &&
    isInOrder(value)
  );
}

function isInOrder(value: Json): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if ((before !== undefined && before > key) || key === '__proto__') return false;
    before = key;
    if (!isInOrder((value as Readonly<Record<string, Json>>)[key]!)) return false;
  }
  return true;
}

const DIFFERENT = Number.NaN;

function after(token: string, text: string, at: number): number {
  return !Number.isNaN(at) && text.startsWith(token, at) ? at + token.length : DIFFERENT;
}

/**
 * Where the canonical form of a parsed value that starts at `at` ends; NaN when the text differs. Compared piece by
 * piece, since building the form takes a multiple of the text's memory.
 */
function spelledUntil(value: Json, text: string, at: number, verbatim: boolean): number {
  if (value === null || typeof value !== 'object') return after(encode(value, 0, verbatim), text, at);
  if (Array.isArray(value)) {
    let end = after('[', text, at);
    for (let i = 0; i < value.length && !Number.isNaN(end); i++) {
      if (i > 0) end = after(',', text, end);
      end = spelledUntil(value[i], text, end, verbatim);
    }
    return after(']', text, end);
  }
  const record = value as Readonly<Record<string, Json>>;
  let end = after('{', text, at);
  let first = true;
  for (const key of sortedKeys(record)) {
    checkKey(key);
    end = after(`${first ? '' : ','}${encodeString(key, false)}:`, text, end);
    first = false;
    // Nothing after a difference needs to be compared.
    if (Number.isNaN(end)) return end;
    end = spelledUntil(record[key]!, text, end, VERBATIM_KEYS.has(key));
  }
  return after('}', text, end);
}

/** Parses JSON as people write it; refuses duplicate keys, where the last would silently win. */
export function parseLoose(bytes: Uint8Array, maxBytes: number): Json {
  withinLimit(bytes, maxBytes);
  const text = decodeUtf8(bytes);
  const members = boundJson(text);
  const value = parse(text);
  if (countMembers(value) !== members) throw invalid('an object has the same key twice');
  return value;
}
