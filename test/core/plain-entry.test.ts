import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../src/core/json/canonical.js';
import { encodeEntry, MAX_ENTRY_BYTES, toLedgerEntry } from '../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { MOST_PACKS } from '../../src/core/ledger/pack-places.js';
import { readPlainEntry } from '../../src/core/ledger/plain-entry.js';
import { ACTOR_TYPES } from '../../src/core/manifest/vocabulary.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { CAPABILITIES } from '../../src/core/policy/capabilities.js';
import { add, pin } from './chain.js';

const hash = sha256(Buffer.from('x'));
const uuid = '12345678-1234-4234-8234-123456789abc';

/** What canonical form and schema make of an entry; undefined where they refuse it. */
function naive(bytes: Uint8Array): unknown {
  try {
    return toLedgerEntry(parseCanonical(bytes, MAX_ENTRY_BYTES));
  } catch {
    return undefined;
  }
}

const rare = <T>(often: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 40, arbitrary: often }, { weight: 1, arbitrary: seldom });
const ops: fc.Arbitrary<LedgerOp[]> = fc.array(
  fc.constantFrom(
    add(1),
    add(2, { name: 'a},{b', labels: { k: '],"payload":{', l: '],"packs":[' } }),
    pin(1, 'p'),
  ),
  { maxLength: 3 },
);
const place = (n: number) => `${sha256(Buffer.from(`${n}`))}/${String(n).padStart(10, '0')}`;
const places = (count: number) => Array.from({ length: count }, (_, n) => place(n));
/** Values of fields, some of them of no entry. */
const entry = fc.record(
  {
    schema: rare(fc.constant('hs.ledger-entry/1'), fc.constant('hs.ledger-entryX1')),
    seq: rare<unknown>(fc.nat(), fc.constantFrom(-1, '7', Number.MAX_SAFE_INTEGER)),
    prev: rare(fc.constant<string>(hash), fc.constantFrom(hash.toUpperCase(), `${hash}0`)),
    event_id: rare(fc.constant(uuid), fc.constant(uuid.toUpperCase())),
    trace_id: fc.constant(uuid),
    at: rare(fc.constant('2026-01-31T12:00:00.000Z'), fc.constantFrom('2026-02-30T12:00:00.000Z', '')),
    actor: rare(fc.constantFrom(...ACTOR_TYPES), fc.constant('robot')),
    actor_id: rare(fc.constant('ada'), fc.constantFrom('', 'a"b', 'ä', 'x'.repeat(129))),
    job_id: rare(fc.constant('job/7'), fc.constantFrom('', '-x')),
    capability_id: rare(fc.constantFrom(...Object.keys(CAPABILITIES)), fc.constant('ledgerXnote')),
    decision: rare(fc.constantFrom('allow', 'deny'), fc.constant('maybe')),
    set_clock: rare<unknown>(fc.constant(undefined), fc.constant('2026-01-31T12:00:00.000Z')),
    ops: rare<unknown>(ops, fc.constantFrom(null, [null], [{ ...add(1), color: 'red' }], {})),
    ops_object: rare<unknown>(fc.constant(undefined), fc.constant(hash)),
    packs: rare<unknown>(
      fc.constantFrom([], places(1), places(3), [place(1), place(1)], places(MOST_PACKS)),
      fc.constantFrom(places(MOST_PACKS + 1), null, [null], [hash], [`${hash}/1`], [`${place(1)}0`], {}),
    ),
    color: rare<unknown>(fc.constant(undefined), fc.constant('red')),
  },
  { requiredKeys: ['schema', 'seq', 'prev', 'event_id', 'trace_id', 'at', 'actor', 'actor_id'] },
);
const content = rare<object>(
  fc.constantFrom<object>(
    { type: 'artifact_created', payload: { artifacts: 1, size_bytes: 256 } },
    { type: 'note', payload: { text: 'ä ,"prev":" ,"payload":{ ],"packs":[' } },
    { type: 'pin_changed', payload: { pinned: 1, unpinned: 0 } },
  ),
  fc.constantFrom<object>(
    { type: 'note', payload: { artifacts: 1, size_bytes: 256 } },
    { type: 'note', payload_object: hash },
    { type: 'toString', payload: {} },
    { type: 'note' },
    { type: 'artifact_created', payload: { artifacts: -1, size_bytes: 1 } },
    { type: 'note', payload: null },
    { type: 'note', payload: { ops: [], packs: places(1), payload: {} } },
  ),
);
/** Mostly as they are written; some with other bytes in a place. */
const bytes = fc
  .tuple(
    entry,
    content,
    fc.option(fc.tuple(fc.nat(1200), fc.constantFrom('', ' ', '0', '-', '"', '}', '\xe4')), { freq: 1 }),
  )
  .map(([fields, rest, change]) => {
    const all = Object.entries({ ...fields, ...rest }).filter(([, value]) => value !== undefined);
    const whole = canonicalBytes(Object.fromEntries(all)).toString('latin1');
    if (change === null) return Buffer.from(whole, 'latin1');
    const at = change[0] % whole.length;
    return Buffer.from(whole.slice(0, at) + change[1] + whole.slice(at + 1), 'latin1');
  });

it('is read in pieces like canonical form and schema, or left to them', () => {
  let plain = 0;
  fc.assert(
    fc.property(bytes, (one) => {
      const read = readPlainEntry(one);
      if (read === undefined) return;
      plain++;
      expect(read).toEqual(naive(one));
    }),
    { numRuns: 4000 },
  );
  expect(plain).toBeGreaterThan(200);
});

const ordinary = {
  schema: 'hs.ledger-entry/1',
  seq: 7,
  prev: hash,
  event_id: uuid,
  trace_id: uuid,
  type: 'artifact_created',
  at: '2026-01-31T12:00:00.000Z',
  actor: 'human',
  actor_id: 'ada',
  payload: { artifacts: 2, size_bytes: 512 },
  ops: [add(1), add(2, { name: 'a},{b' })],
};

it.each([
  ['ordinary entries', {}],
  ['entries that name a pack', { packs: places(1) }],
  ['entries that name as many packs as they may', { packs: places(MOST_PACKS) }],
  ['entries whose operations are an object', { ops: undefined, ops_object: hash, packs: places(2) }],
  ['entries of packs without operations', { ops: undefined, packs: places(2) }],
])('covers %s', (_, more) => {
  const fields = Object.entries({ ...ordinary, ...more }).filter(([, value]) => value !== undefined);
  const entry = toLedgerEntry(Object.fromEntries(fields));
  const written = encodeEntry(entry);
  expect(readPlainEntry(written)).toEqual(entry);
  expect(readPlainEntry(Buffer.concat([written, Buffer.from(' ')]))).toBeUndefined();
});

it('reads an entry with packs of which any one byte was changed like canonical form and schema, or not at all', () => {
  const written = encodeEntry(toLedgerEntry({ ...ordinary, ops: [pin(1, 'p')], packs: places(2) }));
  for (let at = 0; at < written.length; at++) {
    for (const other of ['', ' ', '0', ',', '"', ']', '\xe4']) {
      const changed = Buffer.concat([
        written.subarray(0, at),
        Buffer.from(other, 'latin1'),
        written.subarray(at + 1),
      ]);
      const read = readPlainEntry(changed);
      if (read !== undefined) expect(read, `${at} ${other}`).toEqual(naive(changed));
    }
  }
});
