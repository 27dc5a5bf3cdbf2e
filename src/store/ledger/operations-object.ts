import * as z from 'zod/mini';
import { canonicalLines, type Json, parseCanonicalLines } from '../../core/json/canonical.js';
import { check, natural } from '../../core/json/schema.js';
import { type LedgerOp, ledgerOp } from '../../core/ledger/operation.js';
import { HsError } from '../../errors/hs-error.js';

const OPS_SCHEMA = 'hs.ledger-ops/1';
/** A million operations of 400 bytes. */
export const MAX_OPS_BYTES = 450 * 1024 * 1024;

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

/** The same for a caller that cannot wait. */
export function decodeOps(bytes: Uint8Array): LedgerOp[] {
  const steps = decodeOpsSteps(bytes);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
