import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText, parseCanonical } from '../../src/core/json/canonical.js';
import { manifestProblems, toManifest } from '../../src/core/manifest/manifest.js';
import { readPlainManifest } from '../../src/core/manifest/plain-manifest.js';
import { CLASSIFICATIONS, KINDS, LAYERS, RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { idOf } from './chain.js';

const HASH = 'ab'.repeat(32);
const PLAIN = {
  schema: 'hs.manifest/1',
  artifact_id: idOf(1),
  revision: 1,
  layer: 'L3',
  kind: 'file',
  payload_type: 'file',
  mime: 'text/plain',
  created_at: toTimestamp(0),
  content_hash: HASH,
  hash_basis: 'payload_bytes',
  size_bytes: 5,
  classification: 'low',
  exportable: true,
  retention_class: 'result',
  determinism_level: 'bitwise',
};
const handleOf = (n: number, more = {}) => ({
  artifact_id: idOf(n),
  kind: 'file',
  uri: `urn:uuid:${idOf(n)}`,
  content_hash: HASH,
  size_bytes: n,
  classification: 'low',
  exportable: false,
  ...more,
});

/** What canonical form and schema make of the bytes; undefined where they refuse them. */
function naive(bytes: Uint8Array): unknown {
  try {
    return toManifest(parseCanonical(bytes, bytes.byteLength));
  } catch {
    return undefined;
  }
}

const text = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('exp-1/model', 'a b', 'x', '~!@#', '[],{}') },
  fc.string({ minLength: 0, maxLength: 12 }),
  fc.constantFrom('a"b', 'a\\b', 'ä', '\x7f', 'x'.repeat(1025)),
);
const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 20, arbitrary: usual }, odd);
const days = fc.constantFrom(0, 1, 365, 9999, 10_000, 36_500, 36_501);
const handle = fc
  .tuple(fc.nat(9), fc.record({ retention_ttl_days: days }, { requiredKeys: [] }))
  .map(([n, more]) => handleOf(n, more));
const more = fc.record(
  {
    name: text,
    filename_hint: text,
    mime: often(
      fc.constantFrom('text/plain', 'a/b+c'),
      fc.constantFrom('text', 'A/b', `a/${'b'.repeat(254)}`),
    ),
    kind: fc.constantFrom(...KINDS),
    layer: fc.constantFrom(...LAYERS),
    retention_class: fc.constantFrom(...RETENTION_CLASSES),
    payload_type: fc.constantFrom('file', 'directory'),
    hash_basis: fc.constantFrom('payload_bytes', 'bundle_index'),
    classification: often(fc.constant('low'), fc.constantFrom(...CLASSIFICATIONS)),
    retention_ttl_days: days,
    revision: often(fc.constant(1), fc.nat(3)),
    supersedes: fc.constant(HASH),
    size_bytes: often(fc.nat(), fc.maxSafeNat()),
    created_at: fc.nat().map(toTimestamp),
    created_by_job_id: often(fc.constantFrom('job-1', 'ci:42/a@b+c'), fc.constantFrom('-x', '')),
    labels: fc.dictionary(
      often(fc.constantFrom('a', 'b.c', '10', '9'), fc.constantFrom('A', '__proto__')),
      text,
    ),
    source_artifact_refs: fc.array(handle, { maxLength: 3 }),
    source_entity_refs: fc.constant([{ entity_kind: 'e', entity_id: 'f' }]),
    provenance: fc.constant({}),
  },
  { requiredKeys: [] },
);
const change = fc.option(
  fc.tuple(fc.nat(1200), fc.constantFrom('', ' ', '0', '-', '.', 'e', '"', ',', 'F', '}', '\xe4')),
);

/** As they are written, and some with a character that is not, in any place. */
const manifest = fc.tuple(more, change).map(([fields, at]) => {
  let whole: string;
  try {
    whole = canonicalText({ ...PLAIN, ...fields });
  } catch {
    whole = canonicalText(PLAIN);
  }
  if (at === null) return Buffer.from(whole, 'utf8');
  const latin1 = Buffer.from(whole, 'utf8').toString('latin1');
  const place = at[0] % latin1.length;
  return Buffer.from(latin1.slice(0, place) + at[1] + latin1.slice(place + 1), 'latin1');
});

/** What `decodeManifest` takes from the reader. */
const plainly = (bytes: Uint8Array) => {
  const read = readPlainManifest(bytes);
  return read !== undefined && manifestProblems(read).length === 0 ? read : undefined;
};

it('is read in one pass like canonical form and schema, or left to them', () => {
  let plain = 0;
  fc.assert(
    fc.property(manifest, (bytes) => {
      const read = readPlainManifest(bytes);
      if (read === undefined) return;
      plain++;
      // Only the rules between fields are left.
      const problems = manifestProblems(read);
      if (problems.length > 0) expect(problems.join()).toMatch(/must be|not allowed in|required with/);
      expect(plainly(bytes)).toEqual(naive(bytes));
    }),
    { numRuns: 4000 },
  );
  expect(plain).toBeGreaterThan(50);
});

it('covers ordinary artifacts', () => {
  const ordinary = {
    ...PLAIN,
    name: 'exp-1/model',
    filename_hint: 'part.bin',
    retention_ttl_days: 30,
    labels: { a: 'b', c: 'd' },
    source_artifact_refs: [handleOf(2), handleOf(3, { retention_ttl_days: 1 })],
  };
  const of = (value: unknown) => readPlainManifest(Buffer.from(canonicalText(value)));
  expect(of(ordinary)).toEqual(ordinary);
  expect(of({ ...ordinary, revision: 2, supersedes: HASH })).toMatchObject({ revision: 2, supersedes: HASH });
  expect(of({ ...ordinary, created_at: '1970-02-30T00:00:00.000Z' })).toBeUndefined();
  expect(
    of({ ...ordinary, source_artifact_refs: [handleOf(2, { uri: `urn:uuid:${idOf(3)}` })] }),
  ).toBeUndefined();
});
