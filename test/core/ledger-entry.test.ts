import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import {
  decodeEntry,
  encodeEntry,
  MAX_ENTRY_BYTES,
  objectsOfEntry,
  toLedgerEntry,
} from '../../src/core/ledger/entry.js';
import { PAYLOADS } from '../../src/core/ledger/entry-types.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { isHsError } from '../../src/errors/hs-error.js';

const hash = sha256(Buffer.from('x'));
const uuid = '12345678-1234-4234-8234-123456789abc';
const entry = (more: Record<string, unknown> = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({
      schema: 'hs.ledger-entry/1',
      seq: 7,
      prev: hash,
      event_id: uuid,
      trace_id: uuid,
      type: 'note',
      at: '2026-01-31T12:00:00.000Z',
      actor: 'human',
      actor_id: 'ada',
      payload: { text: 'hello' },
      ...more,
    }).filter(([, v]) => v !== undefined),
  );
const invalid = expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD'));

describe('a ledger entry', () => {
  it('round-trips', () => {
    const full = entry({
      set_clock: '2025-01-01T00:00:00.000Z',
      job_id: 'job/7',
      capability_id: 'ledger.note',
      decision: 'allow',
      ops: [{ op: 'unpin', artifact_id: uuid, name: 'release' }],
    });
    expect(decodeEntry(encodeEntry(toLedgerEntry(full)))).toEqual(full);
  });

  it.each([
    ['an unknown field', { color: 'red' }],
    ['an unknown type', { type: 'coffee' }],
    ['a type that every object has', { type: 'toString' }],
    ['a payload of another type', { payload: { artifacts: 1, size_bytes: 1 } }],
    ['a payload with an unknown field', { payload: { text: 'x', more: 1 } }],
    ['neither payload nor payload object', { payload: undefined }],
    ['both of them', { payload_object: hash }],
    ['both ops and an ops object', { ops: [], ops_object: hash }],
    ['an operation that is none', { ops: [{ op: 'forget' }] }],
    ['a pin name with a space', { ops: [{ op: 'pin', artifact_id: uuid, name: 'a b' }] }],
    ['an unknown capability', { capability_id: 'anything' }],
    ['an unknown actor', { actor: 'robot' }],
    ['no actor', { actor_id: '' }],
    ['a negative number', { seq: -1 }],
    ['a time without milliseconds', { at: '2026-01-31T12:00:00Z' }],
    ['another decision', { decision: 'maybe' }],
  ])('is refused with %s', (_, change) => {
    expect(() => toLedgerEntry(entry(change))).toThrow(invalid);
  });

  it('is refused before parsing if longer than 64 KiB', () => {
    const long = canonicalBytes(entry({ actor_id: 'x'.repeat(MAX_ENTRY_BYTES) }));
    expect(() => decodeEntry(long)).toThrow(/limit/);
  });

  it('is refused in any other spelling', () => {
    expect(() => decodeEntry(Buffer.from(JSON.stringify(entry())))).toThrow(invalid);
  });

  it('names the objects that it stores outside', () => {
    const outside = toLedgerEntry(entry({ payload: undefined, payload_object: hash, ops_object: hash }));
    expect(objectsOfEntry(outside)).toEqual([hash, hash]);
    expect(objectsOfEntry(toLedgerEntry(entry()))).toEqual([]);
  });

  it('has a closed registry of types', () => {
    expect(Object.keys(PAYLOADS).sort()).toMatchInlineSnapshot(`
      [
        "artifact_created",
        "artifact_promoted",
        "artifact_reclassified",
        "artifact_revised",
        "artifacts_restored",
        "bundle_imported",
        "capability_action",
        "export_decided",
        "export_record",
        "integrity_finding",
        "meta.gc_summary",
        "note",
        "objects_condemned",
        "objects_purged",
        "pin_changed",
        "policy_changed",
        "rollback_accepted",
        "store_created",
        "tool_run",
      ]
    `);
  });
});
