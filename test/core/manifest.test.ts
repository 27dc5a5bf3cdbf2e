import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import {
  decodeManifest,
  encodeManifest,
  manifestProblems,
  toHandle,
  toManifest,
} from '../../src/core/manifest/manifest.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { isHsError } from '../../src/errors/hs-error.js';

const hash = sha256(Buffer.from('x'));
const id = '12345678-1234-4234-8234-123456789abc';

const manifest = (more: Record<string, unknown> = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({
      schema: 'hs.manifest/1',
      artifact_id: id,
      revision: 1,
      layer: 'L3',
      kind: 'file',
      payload_type: 'file',
      mime: 'text/plain',
      created_at: '2026-01-31T12:00:00.000Z',
      content_hash: hash,
      hash_basis: 'payload_bytes',
      size_bytes: 1,
      classification: 'low',
      exportable: true,
      retention_class: 'result',
      determinism_level: 'bitwise',
      ...more,
    }).filter(([, v]) => v !== undefined),
  );

const REQUIRED = Object.keys(manifest());

describe('a manifest', () => {
  it('round-trips', () => {
    const full = manifest({
      name: 'reports/weekly',
      filename_hint: 'e\u0301.txt',
      created_by_job_id: 'job-7',
      source_entity_refs: [{ entity_kind: 'ticket', entity_id: 'T-1' }],
      source_artifact_refs: [toHandle(toManifest(manifest()))],
      retention_ttl_days: 30,
      provenance: {
        engine_id: 'hs',
        program: 'make',
        arguments: ['-j', ''],
        exit_status: 0,
        sandbox: { backend: 'bwrap', level: 'enforced', gaps: [] },
      },
      labels: { 'a.b-c_1': 'ü' },
    });
    const read = decodeManifest(encodeManifest(toManifest(full)));
    expect(read).toEqual(full);
    expect(manifestProblems(full)).toEqual([]);
  });

  it.each(REQUIRED)('is not valid without %s', (field) => {
    expect(manifestProblems(manifest({ [field]: undefined })).join()).toContain(field);
  });

  it.each([
    ['an unknown field', { color: 'red' }, "unknown field 'color'"],
    ['an unknown field further in', { provenance: { engine: 'x' } }, 'provenance'],
    ['another schema', { schema: 'hs.manifest/2' }, 'schema'],
    ['an id in capitals', { artifact_id: id.toUpperCase() }, 'artifact_id'],
    ['revision 0', { revision: 0 }, 'revision'],
    ['a string for a number', { size_bytes: '1' }, 'size_bytes'],
    ['a negative size', { size_bytes: -1 }, 'size_bytes'],
    ['a fraction', { size_bytes: 1.5 }, 'size_bytes'],
    ['a kind that is none', { kind: 'image' }, 'kind'],
    ['a layer that is none', { layer: 'L5' }, 'layer'],
    ['a time zone', { created_at: '2026-01-31T12:00:00+01:00' }, 'created_at'],
    ['a day that is none', { created_at: '2026-02-30T12:00:00.000Z' }, 'created_at'],
    ['a mime that is none', { mime: 'text' }, 'mime'],
    ['a label in capitals', { labels: { A: 'x' } }, 'labels'],
    ['a label __proto__', { labels: JSON.parse('{"__proto__":"x"}') }, 'labels'],
    ['a name with a control character', { name: 'a\u0007' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['more days than a century', { retention_ttl_days: 36_501 }, 'retention_ttl_days'],
    ['null for what is absent', { name: null }, 'name'],
    ['a directory by its bytes', { payload_type: 'directory' }, 'hash_basis'],
    ['a file by an index', { hash_basis: 'bundle_index' }, 'hash_basis'],
    ['a bundle that is a file', { kind: 'bundle' }, 'payload_type'],
    ['high without days (A6)', { classification: 'high' }, 'retention_ttl_days'],
    ['a prompt payload without days (A6)', { kind: 'prompt_payload' }, 'retention_ttl_days'],
    ['days in L1 (A6)', { layer: 'L1', retention_ttl_days: 1 }, 'retention_ttl_days'],
    ['a first revision that supersedes', { supersedes: hash }, 'supersedes'],
    ['a second revision that does not', { revision: 2 }, 'supersedes'],
  ])('is not valid with %s', (_, change, field) => {
    const problems = manifestProblems(manifest(change)).join('; ');
    expect(problems).toContain(field);
    expect(() => toManifest(manifest(change))).toThrow(
      expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_MANIFEST')),
    );
  });

  it('is valid as high in L1 without a TTL', () => {
    expect(manifestProblems(manifest({ layer: 'L1', classification: 'high', exportable: false }))).toEqual(
      [],
    );
  });

  it('reports all its problems at once', () => {
    expect(manifestProblems(manifest({ color: 1, kind: 'x', size_bytes: -1 })).length).toBeGreaterThanOrEqual(
      3,
    );
  });

  it.each([
    ['450,000 references', { source_artifact_refs: Array(450_000).fill(1) }],
    [
      '80,000 labels',
      { labels: Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`K${i}`, 'x'])) },
    ],
    ['80,000 fields', Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`K${i}`, 'x']))],
    ['a field with an endless name', { labels: { ['K'.repeat(800_000)]: 'x' } }],
  ])('tells of %s that are wrong, and of not more than a person reads', (_, change) => {
    const problems = manifestProblems(manifest(change));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(21);
    expect(problems.join('').length).toBeLessThan(10_000);
    expect(() => decodeManifest(canonicalBytes(manifest(change)))).toThrow(
      expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_MANIFEST') && e.message.length < 10_000),
    );
  });

  it('is refused in any other spelling of the same value', () => {
    const canonical = canonicalBytes(manifest()).toString();
    expect(decodeManifest(Buffer.from(canonical))).toMatchObject({ artifact_id: id });
    for (const spelled of [
      `${canonical}\n`,
      JSON.stringify(manifest()),
      canonical.replace('"size_bytes":1', '"size_bytes":1.0'),
    ]) {
      expect(() => decodeManifest(Buffer.from(spelled))).toThrow(/canonical/);
    }
  });

  it('is named by a handle with just the facts that guards need (A5)', () => {
    expect(toHandle(toManifest(manifest({ retention_ttl_days: 3, name: 'n' })))).toEqual({
      artifact_id: id,
      kind: 'file',
      uri: `urn:uuid:${id}`,
      content_hash: hash,
      size_bytes: 1,
      classification: 'low',
      exportable: true,
      retention_ttl_days: 3,
    });
  });
});
