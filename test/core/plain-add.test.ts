import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText } from '../../src/core/json/canonical.js';
import { parseCanonicalLine } from '../../src/core/json/canonical-lines.js';
import { check } from '../../src/core/json/schema.js';
import { type ArtifactFacts, ledgerOp } from '../../src/core/ledger/operation.js';
import { readPlainAdd } from '../../src/core/ledger/plain-add.js';
import { KINDS, LAYERS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { add, idOf, pin } from './chain.js';

/** What canonical form and schema make of a line; undefined where they refuse it. */
function naive(line: string): unknown {
  try {
    return check(ledgerOp, parseCanonicalLine(Buffer.from(line, 'latin1')), 'INVALID_RECORD', 'operation');
  } catch {
    return undefined;
  }
}

const text = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('exp-1/model', 'a b', 'x', '~!@#') },
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
  fc.constantFrom('a"b', 'a\\b', 'ä', '\x7f', 'x'.repeat(1025)),
);
const number = fc.oneof({ weight: 20, arbitrary: fc.nat() }, fc.maxSafeNat());
const dictionary = { minKeys: 1, maxKeys: 3 };
const more: fc.Arbitrary<Partial<ArtifactFacts>> = fc.record(
  {
    name: text,
    filename_hint: fc.oneof(text, fc.constant('')),
    kind: fc.constantFrom(...KINDS),
    layer: fc.constantFrom(...LAYERS),
    retention_class: fc.constantFrom(...RETENTION_CLASSES),
    payload_type: fc.constantFrom('file', 'directory'),
    classification: fc.constantFrom('low', 'medium', 'high'),
    exportable: fc.boolean(),
    retention_ttl_days: fc.constantFrom(0, 1, 7, 30, 365, 36_500, 36_501),
    revision: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.nat(3), fc.maxSafeNat()),
    size_bytes: number,
    manifest_size_bytes: number,
    created_at: fc.nat().map(toTimestamp),
    sources: fc.array(fc.nat(9).map(idOf), { maxLength: 3 }),
    job_id: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('job-1', 'ci:42/a@b+c') },
      fc.constantFrom('-x', ''),
      fc.string({ maxLength: 5 }),
    ),
    labels: fc.oneof(
      {
        weight: 20,
        arbitrary: fc.dictionary(fc.constantFrom('a', 'b.c', 'a-b', '10', '9'), text, dictionary),
      },
      fc.dictionary(fc.constantFrom('a', '__proto__', 'A'), text, dictionary),
    ),
  },
  { requiredKeys: [] },
);

/** Lines as they are written, and some with a character that is not, in any place. */
const line = fc
  .tuple(
    fc
      .tuple(
        more,
        fc.oneof(
          { weight: 20, arbitrary: fc.constant(null) },
          fc.record({ entity_kind: fc.constant('t'), entity_id: text }),
        ),
      )
      .map(([facts, entity]) => (entity === null ? facts : { ...facts, entities: [entity] })),
    fc.option(fc.tuple(fc.nat(700), fc.constantFrom('', ' ', '0', '-', '.', 'e', '"', ',', 'F', '\xe4'))),
  )
  .map(([facts, change]) => {
    let whole: string;
    try {
      whole = canonicalText(add(1, facts));
    } catch {
      whole = canonicalText(add(1));
    }
    const latin1 = Buffer.from(whole, 'utf8').toString('latin1');
    if (change === null) return latin1;
    const at = change[0] % latin1.length;
    return latin1.slice(0, at) + change[1] + latin1.slice(at + 1);
  });

it('is read in one pass like canonical form and schema, or left to them', () => {
  let plain = 0;
  fc.assert(
    fc.property(line, (one) => {
      const read = readPlainAdd(one);
      if (read === undefined) return;
      plain++;
      expect(read).toEqual(naive(one));
    }),
    { numRuns: 4000 },
  );
  expect(plain).toBeGreaterThan(400);
});

it('covers ordinary commits', () => {
  const ordinary = add(1, { name: 'exp-1/model', filename_hint: 'part.bin', sources: [idOf(2)] });
  expect(readPlainAdd(canonicalText(ordinary))).toEqual(ordinary);
  expect(readPlainAdd(canonicalText(pin(1, 'p')))).toBeUndefined();
  const noDay = canonicalText(ordinary).replace('1970-01-01', '1970-02-30');
  expect(readPlainAdd(noDay)).toBeUndefined();
});
