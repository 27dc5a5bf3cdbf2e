import { HsError } from '../../errors/hs-error.js';
import { normalText } from '../text/normal-form.js';
import { boundJson, type Density, MAX_DEPTH } from './bounds.js';

/** What canonical JSON can hold (A9). Numbers are safe integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Keys whose strings are bytes from a filesystem and are kept as they are, not in NFC (A9). */
const VERBATIM_KEYS: ReadonlySet<string> = new Set([
  'path',
  'paths',
  'filename_hint',
  'materialized_paths',
  'stray_paths',
  'export_target',
]);

function invalid(message: string): HsError {
  return new HsError('INVALID_RECORD', message);
}

/** Schemas of records drop this key silently, and assigning it poisons: no record has it (A4). */
function checkKey(key: string): void {
  if (key === '__proto__') throw invalid("an object has the key '__proto__'");
}

/** ASCII without anything to escape: its JSON form is itself in quotes. Most strings of every record. */
const PLAIN = /^[ !#-[\]-~]*$/;

function encodeString(value: string, verbatim: boolean): string {
  if (PLAIN.test(value)) return `"${value}"`;
  // ASCII is well formed and its own normal form.
  if (!/^[\x00-\x7f]*$/.test(value)) {
    if (!value.isWellFormed()) throw invalid('a string holds a lone surrogate');
    if (!verbatim && value.normalize('NFC') !== value) throw invalid('a string is not in Unicode NFC');
  }
  return JSON.stringify(value);
}

/** By UTF-16 code units. What was read or written before has them in order: asking is a third of sorting. */
function sortedKeys(record: object): string[] {
  const keys = Object.keys(record);
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort();
  return keys;
}

function encode(value: unknown, depth: number, verbatim: boolean): string {
  if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case 'string':
      return encodeString(value, verbatim);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
        throw invalid(`${Object.is(value, -0) ? '-0' : value} is not a safe integer`);
      }
      return String(value);
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
 * The one encoding of a value (A9; RFC 8785 for the order of keys, by UTF-16 code units): keys
 * sorted, no insignificant space, NFC strings, safe integers. Throws INVALID_RECORD for what has
 * none: undefined, fractions, lone surrogates, class instances.
 */
export function canonicalText(value: unknown): string {
  return encode(value, 0, false);
}

export function canonicalBytes(value: unknown): Buffer {
  return Array.isArray(value) ? canonicalArray(value) : Buffer.from(canonicalText(value), 'utf8');
}

/** A string that grows by `+=` is a tree until it is used: one of 40 MB kept the collector busy for seconds. */
const PIECE_LENGTH = 64 * 1024;

/** Members of the array are encoded apart, in pieces: as one text, an index of 10,000 files takes three times as long. */
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

/** Decodes UTF-8, or throws INVALID_RECORD; `Buffer.toString` would turn bad bytes into U+FFFD silently. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
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

function withinLimit(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.byteLength > maxBytes) throw invalid(`${bytes.byteLength} bytes, the limit is ${maxBytes}`);
}

/**
 * A value from outside with its strings in the form that records hold, file paths apart (A9): the same text
 * typed on another system, or read from a file name of macOS, is the same text.
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
  // From entries, so that a key '__proto__' stays a key, which the schema then refuses.
  return Object.fromEntries(
    entries.map(([key, v]) => [key, normalize(v, depth + 1, VERBATIM_KEYS.has(key))]),
  );
}

/**
 * Reads canonical JSON and refuses (INVALID_RECORD) any other spelling of the same value (A9), and what would
 * take much more memory than its length before it is built.
 */
export function parseCanonical(bytes: Uint8Array, maxBytes: number, density?: Density): Json {
  withinLimit(bytes, maxBytes);
  const text = decodeUtf8(bytes);
  boundJson(text, density);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // The parser quotes what it reads, and that may be the payload of what the reader may not read (B5).
    throw invalid('not JSON');
  }
  if (spelledUntil(value, text, 0, false) !== text.length) throw invalid('not in canonical form');
  return value;
}

const DIFFERENT = Number.NaN;

function after(token: string, text: string, at: number): number {
  return !Number.isNaN(at) && text.startsWith(token, at) ? at + token.length : DIFFERENT;
}

/**
 * Where the canonical form of a value that was parsed ends, if it stands at `at`; else NaN. It is compared
 * piece by piece, since to put it together takes a multiple of the text.
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
    // What comes behind a difference need not be looked at.
    if (Number.isNaN(end)) return end;
    end = spelledUntil(record[key]!, text, end, VERBATIM_KEYS.has(key));
  }
  return after('}', text, end);
}

/** Reads JSON as people write it; duplicate keys, of which the last would win silently, are refused. */
export function parseLoose(bytes: Uint8Array, maxBytes: number): Json {
  withinLimit(bytes, maxBytes);
  const text = decodeUtf8(bytes);
  const members = boundJson(text);
  const value = parse(text);
  if (countMembers(value) !== members) throw invalid('an object has the same key twice');
  return value;
}

/** Canonical JSON Lines: each record on a line of its own, a header line first (A9); in pieces. */
export function* canonicalPieces(records: Iterable<unknown>): Generator<Buffer> {
  let text = '';
  for (const record of records) {
    text += `${canonicalText(record)}\n`;
    if (text.length < PIECE_LENGTH) continue;
    yield Buffer.from(text, 'utf8');
    text = '';
  }
  yield Buffer.from(text, 'utf8');
}

/** The same as a whole. */
export function canonicalLines(records: Iterable<unknown>): Buffer {
  return Buffer.concat([...canonicalPieces(records)]);
}

/** A line holds one operation or one item of a plan. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** The bytes of each line, for who reads some of them in another way; the last must end, too (INVALID_RECORD). */
export function* linesOf(bytes: Uint8Array, maxBytes: number): Generator<Uint8Array> {
  withinLimit(bytes, maxBytes);
  let start = 0;
  while (start < bytes.byteLength) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) throw invalid('the last line is cut off');
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** One line of canonical JSON Lines. */
export function parseCanonicalLine(line: Uint8Array): Json {
  return parseCanonical(line, MAX_LINE_BYTES);
}

/** Reads canonical JSON Lines; a missing last newline, an empty or a respelled line is INVALID_RECORD. */
export function* parseCanonicalLines(bytes: Uint8Array, maxBytes: number): Generator<Json> {
  for (const line of linesOf(bytes, maxBytes)) yield parseCanonicalLine(line);
}
