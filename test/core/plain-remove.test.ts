import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText } from '../../src/core/json/canonical.js';
import { parseCanonicalLine } from '../../src/core/json/canonical-lines.js';
import { check } from '../../src/core/json/schema.js';
import { ledgerOp } from '../../src/core/ledger/operation.js';
import { readPlainRemove } from '../../src/core/ledger/plain-remove.js';
import { idOf } from './chain.js';

/** What canonical form and schema make of a line; undefined where they refuse it. */
function naive(line: string): unknown {
  try {
    return check(ledgerOp, parseCanonicalLine(Buffer.from(line, 'latin1')), 'INVALID_RECORD', 'operation');
  } catch {
    return undefined;
  }
}

const lines = [
  ...[{}, { purge: true }].map((more) => canonicalText({ artifact_id: idOf(1), op: 'remove', ...more })),
  canonicalText({ artifact_id: idOf(1), op: 'remove', purge: false }),
  canonicalText({ artifact_id: idOf(1), op: 'restore' }),
];

it('reads every removal as canonical form and schema do', () => {
  for (const line of lines.slice(0, 2)) {
    expect(readPlainRemove(line)).toEqual(naive(line));
    expect(readPlainRemove(line)).toBeDefined();
  }
});

it('takes nothing that they refuse, or read otherwise', () => {
  const at = fc.record({
    line: fc.constantFrom(...lines),
    at: fc.nat(120),
    text: fc.string({ maxLength: 2 }),
  });
  fc.assert(
    fc.property(at, fc.nat(2), ({ line, at, text }, cut) => {
      const changed = line.slice(0, at) + text + line.slice(at + cut);
      const plain = readPlainRemove(changed);
      if (plain !== undefined) expect(plain).toEqual(naive(changed));
    }),
    { numRuns: 2000 },
  );
  for (const line of lines.slice(2)) expect(readPlainRemove(line)).toBeUndefined();
});
