import { isUtf8 } from 'node:buffer';
import * as z from 'zod/mini';
import { decodeUtf8, parseCanonical } from '../json/canonical.js';
import { check, checkEach, natural, objectId } from '../json/schema.js';
import type { ObjectId } from './ids.js';

/** A V8 string takes at most 2 GiB; a million files with long paths stay below this. */
export const MAX_INDEX_BYTES = 400 * 1024 * 1024;

/** An index entry as encoded: its path is not validated yet. */
export interface ListedEntry {
  readonly path: string;
  readonly content_hash: ObjectId;
  readonly size_bytes: number;
  readonly executable?: true;
}

/**
 * The one spelling of an entry in canonical JSON (A9): sorted keys, no whitespace, and a path without escapes, whose
 * text is its JSON form. Groups: content hash, executable, path, size.
 */
const ENTRY =
  /\{"content_hash":"([0-9a-f]{64})",(?:"executable":(true),)?"path":"([^"\\\x00-\x1f]*)","size_bytes":(0|[1-9][0-9]{0,15})\}(?:,(?=\{)|\]$)/y;

const EMPTY = Buffer.from('[]', 'latin1');
const COMMA = 0x2c;
/** Far above the maximum path length. */
const MAX_ENTRY_BYTES = 64 * 1024;

const indexEntry = z.strictObject({
  path: z.string(),
  content_hash: objectId,
  size_bytes: natural,
  executable: z.optional(z.literal(true)),
});

/** With its keys in the order of {@link indexEntry}: readers give the same JSON. */
function toEntry(path: string, hash: ObjectId, size: number, isExecutable: boolean): ListedEntry {
  return isExecutable
    ? { path, content_hash: hash, size_bytes: size, executable: true }
    : { path, content_hash: hash, size_bytes: size };
}

/**
 * Decodes an index in which every byte has the form above, in one pass: 6 ms for 10,000 files, where JSON parsing,
 * comparison with the canonical form and a schema check of each entry take 40. Undefined for anything else, which
 * those handle. INVALID_RECORD for invalid UTF-8.
 */
export function scanIndex(bytes: Uint8Array): ListedEntry[] | undefined {
  if (bytes.byteLength > MAX_INDEX_BYTES) return undefined;
  const text = decodeUtf8(bytes);
  if (text === '[]') return [];
  if (!text.startsWith('[{')) return undefined;
  const entries: ListedEntry[] = [];
  for (let at = 1; at < text.length; at = ENTRY.lastIndex) {
    ENTRY.lastIndex = at;
    const found = ENTRY.exec(text);
    if (found === null) return undefined;
    const size = Number(found[4]);
    if (!Number.isSafeInteger(size)) return undefined;
    entries.push(toEntry(found[3]!, found[1] as ObjectId, size, found[2] !== undefined));
  }
  return entries;
}

/** Follows the path of an entry; no such path contains a quote. */
const BEHIND_PATH = '","size_bytes":';
/** Offset of the content hash in an entry. */
const HASH_START = '{"content_hash":"'.length;
const HASH_END = HASH_START + 64;

/**
 * Like `scanIndex`, one entry at a time and without the text of the whole, which with its entries takes 40 MB for
 * 100,000 files. Returns false on any other form, which is left to `parseIndex`.
 */
export function* scanEntries(bytes: Buffer): Generator<ListedEntry, boolean> {
  if (bytes.byteLength > MAX_INDEX_BYTES || !isUtf8(bytes)) return false;
  if (bytes.equals(EMPTY)) return true;
  if (bytes[0] !== EMPTY[0]) return false;
  for (let at = 1; ; ) {
    const behind = bytes.indexOf(BEHIND_PATH, at, 'latin1');
    const end = behind < 0 ? -1 : bytes.indexOf('}', behind + BEHIND_PATH.length, 'latin1') + 1;
    if (end <= 0 || end - at > MAX_ENTRY_BYTES) return false;
    const isLast = end === bytes.length - 1;
    const entry = bytes.toString('utf8', at, end);
    ENTRY.lastIndex = 0;
    const found = ENTRY.exec(isLast ? `${entry}]` : `${entry},{`);
    if (found === null || bytes[end] !== (isLast ? EMPTY[1] : COMMA)) return false;
    const size = Number(found[4]);
    if (!Number.isSafeInteger(size)) return false;
    // Copies: a substring of `entry` would keep all of it in memory.
    const hash = bytes.toString('latin1', at + HASH_START, at + HASH_END) as ObjectId;
    const path = bytes.toString('utf8', behind - Buffer.byteLength(found[3]!), behind);
    yield toEntry(path, hash, size, found[2] !== undefined);
    if (isLast) return true;
    at = end + 1;
  }
}

/** Decodes any index, or reports why it is not one. */
export function parseIndex(bytes: Uint8Array): ListedEntry[] {
  const value = parseCanonical(bytes, MAX_INDEX_BYTES);
  const list = check(z.array(z.unknown()), value, 'INVALID_RECORD', 'bundle index');
  return checkEach(indexEntry, list, 'bundle index entry').map((e) => ({
    path: e.path,
    content_hash: e.content_hash,
    size_bytes: e.size_bytes,
    ...(e.executable === undefined ? {} : { executable: true as const }),
  }));
}
