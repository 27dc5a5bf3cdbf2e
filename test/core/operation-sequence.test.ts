import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import { OperationSequence } from '../../src/core/catalog/operation-sequence.js';
import { ENTRY_SCHEMA, type LedgerEntry } from '../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { foldEntry } from '../helpers/fold-entry.js';
import { add, facts, idOf, pin, policy, remove, restore, unpin } from './chain.js';

const entry: LedgerEntry = {
  schema: ENTRY_SCHEMA,
  seq: 7,
  prev: policy,
  event_id: idOf(0),
  trace_id: idOf(0),
  type: 'note',
  payload: { text: 'x' },
  at: toTimestamp(0),
  actor: 'human',
  actor_id: 'ada',
};

const number = fc.integer({ min: 1, max: 200 }).map((n) => Math.ceil(n / 50));
const op = fc.oneof<fc.Arbitrary<LedgerOp>[]>(
  number.map((n) => add(n)),
  fc
    .tuple(number, fc.integer({ min: 1, max: 4 }))
    .map(([n, revision]): LedgerOp => ({ op: 'revise', ...facts(n, { revision }) })),
  number.map((n) => pin(n, 'p')),
  number.map((n) => unpin(n, 'p')),
  number.map((n) => remove(n)),
  number.map((n) => restore(n)),
);

function failure(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (e) {
    return (e as Error).message;
  }
}

it('refuses what the fold refuses, in the same words, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
      const tables = new MemoryTables();
      const check = new OperationSequence();
      const first: LedgerOp = { op: 'set_policy', policy };
      foldEntry(tables, entry, [first], policy);
      check.apply(entry, first, 0);
      for (const [i, op] of ops.entries()) {
        const next = { ...entry, seq: entry.seq + 1 + i };
        const [folded, checked] = [
          failure(() => foldEntry(tables, next, [op], policy)),
          failure(() => check.apply(next, op, 0)),
        ];
        expect([op, checked]).toEqual([op, folded]);
      }
    }),
    { numRuns: 500 },
  );
});

it('refuses a ledger that sets no policy, as the fold does', () => {
  const check = new OperationSequence();
  check.apply(entry, add(1), 0);
  expect(failure(() => check.finish(entry, policy, undefined))).toBe(
    failure(() => foldEntry(new MemoryTables(), entry, [add(1)], policy)),
  );
});

it('remembers more artifacts than its initial capacity', () => {
  const check = new OperationSequence();
  for (let n = 0; n < 1000; n++) check.apply(entry, add(n), 0);
  for (let n = 0; n < 1000; n++) check.apply(entry, remove(n), 0);
  expect(failure(() => check.apply(entry, add(999), 0))).toMatch(/exists already/);
  expect(failure(() => check.apply(entry, remove(500), 0))).toMatch(/is not there/);
});
