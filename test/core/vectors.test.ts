import { readJsonSync } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { canonicalText, parseCanonical } from '../../src/core/json/canonical.js';
import { decodeEntry, encodeEntry } from '../../src/core/ledger/entry.js';
import { decodeManifest, encodeManifest } from '../../src/core/manifest/manifest.js';
import { decodeBundleIndex, encodeBundleIndex } from '../../src/core/objects/bundle-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { decodePolicy, encodePolicy } from '../../src/core/policy/policy.js';
import { decodePlan, encodePlan } from '../../src/core/retention/plan-file.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { encodeFormat } from '../../src/store/port/format.js';
import { planPrune } from './retention/over-columns.js';

interface Vector {
  readonly about: string;
  readonly value: unknown;
  readonly text: string;
  readonly sha256: string;
}

function load(name: string) {
  return readJsonSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url));
}

function pins(vector: Vector, encoded: Uint8Array): void {
  expect(Buffer.from(encoded).toString()).toBe(vector.text);
  expect(sha256(encoded)).toBe(vector.sha256);
}

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('canonical JSON', () => {
  const { accepted, refused } = load('canonical') as { accepted: Vector[]; refused: Vector[] };
  it.each(accepted)('has one encoding: $about', (vector) => {
    pins(vector, bytes(canonicalText(vector.value)));
    expect(parseCanonical(bytes(vector.text), 1e6)).toEqual(vector.value);
  });
  it.each(refused)('refuses $about', ({ text }) => {
    expect(() => parseCanonical(bytes(text), 1e6)).toThrow(
      expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD')),
    );
  });
});

describe('records keep the bytes of the format', () => {
  it.each(load('manifest') as Vector[])('manifest: $about', (vector) => {
    pins(vector, encodeManifest(decodeManifest(bytes(vector.text))));
  });
  it.each(load('bundle-index') as Vector[])('bundle index: $about', (vector) => {
    pins(vector, encodeBundleIndex(decodeBundleIndex(bytes(vector.text))));
  });
  it.each(load('ledger-entry') as Vector[])('ledger entry: $about', (vector) => {
    pins(vector, encodeEntry(decodeEntry(bytes(vector.text))));
  });
  it.each(load('policy') as Vector[])('policy: $about', (vector) => {
    pins(vector, encodePolicy(decodePolicy(bytes(vector.text))));
  });
  it.each(load('format') as Vector[])('format.json: $about', (vector) => {
    pins(vector, encodeFormat(vector.value as Parameters<typeof encodeFormat>[0]));
  });
});

describe.each(['plan', 'plan-2'])('a plan, vector %s,', (name) => {
  const vector = load(name);
  it('is read and written with the bytes of the format', () => {
    const { plan, hash } = decodePlan(bytes(vector.text));
    pins(vector, encodePlan(plan));
    expect(hash).toBe(JSON.parse(vector.text.trimEnd().split('\n').at(-1)).plan_hash);
  });
  it.skipIf(name === 'plan')(
    'has the same bytes for the same state, policy and clock, in any order of artifacts',
    () => {
      const { store_id, head, policy_hash, clock, artifacts } = vector.input;
      const plan = planPrune({
        storeId: store_id,
        head,
        policyId: policy_hash,
        policy: decodePolicy(bytes(load('policy')[0].text)),
        clock,
        artifacts: [...artifacts].reverse(),
        removed: [],
        objectsOf: (r) => ({
          objects: [
            { id: r.manifest, size: r.manifest_size_bytes },
            { id: r.content_hash, size: r.size_bytes },
          ],
          damaged: false,
        }),
      });
      pins(vector, encodePlan(plan));
    },
  );
});
