import * as z from 'zod/mini';
import { type DecodedBeginning, FIRST_OPS } from '../../core/catalog/ledger-rows.js';
import { canonicalText } from '../../core/json/canonical.js';
import { linePieces, linesOf, parseCanonicalLine } from '../../core/json/canonical-lines.js';
import { check, natural } from '../../core/json/schema.js';
import { type LedgerOp, ledgerOp } from '../../core/ledger/operation.js';
import { readPlainAdd } from '../../core/ledger/plain-add.js';
import { readPlainRemove } from '../../core/ledger/plain-remove.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError } from '../../errors/hs-error.js';

const OPS_SCHEMA = 'hs.ledger-ops/1';
/** A million operations of 400 bytes each. */
export const MAX_OPS_BYTES = 450 * 1024 * 1024;

/**
 * Bytes read for each operation to show. One has a name, a hint and a few hashes; fewer are shown when one has
 * thousands of sources.
 */
const MOST_SHOWN_BYTES = 64 * 1024;

/** How many operations a list has, and the first {@link FIRST_OPS} of them. */
export interface FirstOps {
  readonly count: number;
  readonly ops: readonly LedgerOp[];
}

const header = z.strictObject({ schema: z.literal(OPS_SCHEMA), count: natural });

/**
 * Encodes operations that do not fit in an entry as canonical JSON Lines, in pieces: a header, then one operation a
 * line. INVALID_RECORD where `decodeOpsSteps` would refuse the result.
 */
export function encodeOps(ops: readonly LedgerOp[]): Generator<Buffer> {
  return linePieces(linesToWrite(ops));
}

function* linesToWrite(ops: readonly LedgerOp[]): Generator<string> {
  yield canonicalText({ schema: OPS_SCHEMA, count: ops.length });
  for (const op of ops) {
    const line = canonicalText(op);
    // What the reader takes needs no second check.
    const plain =
      op.op === 'remove' ? readPlainRemove(line) : op.op === 'add' ? readPlainAdd(line) : undefined;
    if (plain === undefined) check(ledgerOp, op, 'INVALID_RECORD', 'operation');
    yield line;
  }
}

/** Names and hints take at most a few KiB; longer lines go through the full parser. */
const MOST_PLAIN_BYTES = 16 * 1024;
/** No `add` is as short. */
const MOST_REMOVE_BYTES = 128;

function countOf(line: Uint8Array | undefined): number {
  const value = line === undefined ? undefined : parseCanonicalLine(line);
  return check(header, value, 'INVALID_RECORD', 'operation list').count;
}

function toOp(line: Uint8Array): LedgerOp {
  if (line.byteLength <= MOST_PLAIN_BYTES) {
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1');
    const plain = line.byteLength <= MOST_REMOVE_BYTES ? readPlainRemove(text) : readPlainAdd(text);
    if (plain !== undefined) return plain;
  }
  return check(ledgerOp, parseCanonicalLine(line), 'INVALID_RECORD', 'operation');
}

/** Decodes the operations stepwise: a list of a million takes seconds. */
export function* decodeOpsSteps(bytes: Uint8Array): Generator<void, LedgerOp[]> {
  const lines = linesOf(bytes, MAX_OPS_BYTES);
  const count = countOf(lines.next().value as Uint8Array | undefined);
  const ops: LedgerOp[] = [];
  for (const line of lines) {
    ops.push(toOp(line));
    yield;
  }
  if (ops.length !== count) {
    throw new HsError('INVALID_RECORD', `operation list has ${ops.length} operations, it says ${count}`);
  }
  return ops;
}

/** Decodes the operations in parts while the list is read. Errors of the list as a whole are thrown at its end. */
export async function* decodeOpsParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LedgerOp[], void> {
  let rest: Uint8Array = Buffer.alloc(0);
  let expected: number | undefined;
  let count = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > MAX_OPS_BYTES) throw new HsError('INVALID_RECORD', 'operation list is too long');
    const text = Buffer.concat([rest, chunk]);
    const end = text.lastIndexOf(0x0a) + 1;
    rest = text.subarray(end);
    const ops: LedgerOp[] = [];
    for (const line of linesOf(text.subarray(0, end), MAX_OPS_BYTES)) {
      if (expected === undefined) expected = countOf(line);
      else ops.push(toOp(line));
    }
    count += ops.length;
    if (ops.length > 0) yield ops;
  }
  if (rest.byteLength > 0) throw new HsError('INVALID_RECORD', 'the last line is cut off');
  if (count !== expected) {
    throw new HsError('INVALID_RECORD', `operation list has ${count} operations, it says ${expected}`);
  }
}

/** The number of operations in a list and the first {@link FIRST_OPS}. Reads the whole list but parses only these. */
export async function decodeFirstOps(chunks: AsyncIterable<Uint8Array>): Promise<FirstOps> {
  let begin = Buffer.alloc(0);
  let isCut = false;
  for await (const chunk of chunks) {
    if (begin.length < FIRST_OPS * MOST_SHOWN_BYTES) begin = Buffer.concat([begin, chunk]);
    else isCut = true;
  }
  const whole = isCut ? begin.subarray(0, begin.lastIndexOf(0x0a) + 1) : begin;
  const lines = linesOf(whole, whole.length);
  const count = countOf(lines.next().value as Uint8Array | undefined);
  const ops: LedgerOp[] = [];
  for (const line of lines) {
    if (ops.push(toOp(line)) >= FIRST_OPS) break;
  }
  return { count, ops };
}

/** The same, read no further than they are; undefined if it is not the list that was told of, or they are very long. */
export async function decodeBeginning(
  chunks: AsyncIterable<Uint8Array>,
  { count, hash }: DecodedBeginning,
): Promise<FirstOps | undefined> {
  const wanted = Math.min(count, FIRST_OPS);
  let begin = Buffer.alloc(0);
  for await (const chunk of chunks) {
    begin = Buffer.concat([begin, chunk]);
    const ends = [...lineEnds(begin, wanted + 1)];
    if (ends.length > wanted) {
      const lines = begin.subarray(ends[0], ends[wanted]);
      if (sha256(lines) !== hash) return undefined;
      return { count, ops: [...linesOf(lines, lines.length)].map(toOp) };
    }
    if (begin.length > FIRST_OPS * MOST_SHOWN_BYTES) break;
  }
  return undefined;
}

/** Where the first lines end, behind their newlines. */
function* lineEnds(bytes: Buffer, most: number): Generator<number> {
  for (let end = 0, n = 0; n < most; n++) {
    end = bytes.indexOf(0x0a, end) + 1;
    if (end === 0) return;
    yield end;
  }
}
