import * as z from 'zod/mini';
import { canonicalLines, type Json, parseCanonicalLines } from '../../core/json/canonical.js';
import { check, natural } from '../../core/json/schema.js';
import { type LedgerOp, ledgerOp } from '../../core/ledger/operation.js';
import { HsError } from '../../errors/hs-error.js';

const OPS_SCHEMA = 'hs.ledger-ops/1';
/** A million operations of 400 bytes. */
export const MAX_OPS_BYTES = 450 * 1024 * 1024;

/** An operation has a name, a hint and a few hashes; one with thousands of sources is shown with fewer beside it. */
const MOST_SHOWN_BYTES = 64 * 1024;

const header = z.strictObject({ schema: z.literal(OPS_SCHEMA), count: natural });

/**
 * Operations that do not fit an entry: canonical JSON Lines, a header first, then one a line. INVALID_RECORD
 * for one that `decodeOps` would refuse.
 */
export function encodeOps(ops: readonly LedgerOp[]): Buffer {
  for (const op of ops) check(ledgerOp, op, 'INVALID_RECORD', 'operation');
  return canonicalLines([{ schema: OPS_SCHEMA, count: ops.length }, ...ops]);
}

/** The operations, in steps: a list of a million takes seconds. */
export function* decodeOpsSteps(bytes: Uint8Array): Generator<void, LedgerOp[]> {
  const lines: Generator<Json> = parseCanonicalLines(bytes, MAX_OPS_BYTES);
  const first = check(header, lines.next().value, 'INVALID_RECORD', 'operation list');
  const ops: LedgerOp[] = [];
  for (const line of lines) {
    ops.push(check(ledgerOp, line, 'INVALID_RECORD', 'operation'));
    yield;
  }
  if (ops.length !== first.count) {
    throw new HsError(
      'INVALID_RECORD',
      `operation list has ${ops.length} operations, it says ${first.count}`,
    );
  }
  return ops;
}

/**
 * The same from the bytes of a list as they are read, a part at a time. What is wrong with the list as a whole is
 * thrown at its end.
 */
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
    for (const line of parseCanonicalLines(text.subarray(0, end), MAX_OPS_BYTES)) {
      if (expected === undefined) expected = check(header, line, 'INVALID_RECORD', 'operation list').count;
      else ops.push(check(ledgerOp, line, 'INVALID_RECORD', 'operation'));
    }
    count += ops.length;
    if (ops.length > 0) yield ops;
  }
  if (rest.byteLength > 0) throw new HsError('INVALID_RECORD', 'the last line is cut off');
  if (count !== expected) {
    throw new HsError('INVALID_RECORD', `operation list has ${count} operations, it says ${expected}`);
  }
}

/** How many operations a list says that it has, and the first of them. All of it is read, and no more of it parsed. */
export async function decodeFirstOps(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
): Promise<{ readonly count: number; readonly ops: readonly LedgerOp[] }> {
  let begin = Buffer.alloc(0);
  let isCut = false;
  for await (const chunk of chunks) {
    if (begin.length < most * MOST_SHOWN_BYTES) begin = Buffer.concat([begin, chunk]);
    else isCut = true;
  }
  const whole = isCut ? begin.subarray(0, begin.lastIndexOf(0x0a) + 1) : begin;
  const lines: Generator<Json> = parseCanonicalLines(whole, whole.length);
  const { count } = check(header, lines.next().value, 'INVALID_RECORD', 'operation list');
  const ops: LedgerOp[] = [];
  for (const line of lines) {
    if (ops.push(check(ledgerOp, line, 'INVALID_RECORD', 'operation')) >= most) break;
  }
  return { count, ops };
}

/** The same for a caller that cannot wait. */
export function decodeOps(bytes: Uint8Array): LedgerOp[] {
  const steps = decodeOpsSteps(bytes);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
