import { canonicalText, invalid, type Json, PIECE_LENGTH, parseCanonical, withinLimit } from './canonical.js';

function* textsOf(records: Iterable<unknown>): Generator<string> {
  for (const record of records) yield canonicalText(record);
}

/** Encodes canonical JSON Lines, a header line first and one record per line (A9), in pieces. */
export const canonicalPieces = (records: Iterable<unknown>) => linePieces(textsOf(records));

/** The same of lines that are in canonical form already. */
export function* linePieces(lines: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE_LENGTH) continue;
    yield Buffer.from(text, 'utf8');
    text = '';
  }
  yield Buffer.from(text, 'utf8');
}

/** Like `canonicalPieces`, as one buffer. */
export function canonicalLines(records: Iterable<unknown>): Buffer {
  return Buffer.concat([...canonicalPieces(records)]);
}

/** A line holds one operation or one item of a plan. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The bytes of each line, for callers that parse some of them differently; the last line must end with a newline
 * (INVALID_RECORD).
 */
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

/** Parses one line of canonical JSON Lines. */
export function parseCanonicalLine(line: Uint8Array): Json {
  return parseCanonical(line, MAX_LINE_BYTES);
}

/** Parses canonical JSON Lines; INVALID_RECORD for a missing final newline, an empty or a non-canonical line. */
export function* parseCanonicalLines(bytes: Uint8Array, maxBytes: number): Generator<Json> {
  for (const line of linesOf(bytes, maxBytes)) yield parseCanonicalLine(line);
}
