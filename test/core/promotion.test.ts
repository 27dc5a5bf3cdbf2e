import { describe, expect, it } from 'vitest';
import { contradictsType } from '../../src/core/manifest/content-type.js';
import { toHandle } from '../../src/core/manifest/manifest.js';
import {
  nextLayer,
  type PromotionFacts,
  promotionProblems,
} from '../../src/core/manifest/promotion-checks.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import { manifestOf } from '../ops/bundle/bundle-files.js';

const ID = '11111111-1111-4111-8111-111111111111' as ArtifactId;
const SOURCE = '22222222-2222-4222-8222-222222222222' as ArtifactId;
const source = manifestOf(SOURCE, 'source');
const manifest = manifestOf(ID, 'text', {
  name: 'report',
  mime: 'text/plain',
  source_artifact_refs: [toHandle(source)],
});
const bytes = Buffer.from('text');

const GOOD: PromotionFacts = {
  manifest,
  rehashed: manifest.content_hash,
  content: { type: 'file', head: bytes, size: 4 },
  graph: (id) => (id === SOURCE ? { contentHash: source.content_hash, sources: [] } : undefined),
};
const attestation = { by: 'human:ada', reason: 'checked', content_hash: manifest.content_hash };
const gates = (facts: Partial<PromotionFacts>, to: 'L2' | 'L1' = 'L2') =>
  promotionProblems({ ...GOOD, ...facts }, to).map((p) => p.gate);

describe('promotion', () => {
  it('goes one step at a time, never from L4 and never beyond L1', () => {
    expect((['L4', 'L3', 'L2', 'L1'] as const).map(nextLayer)).toEqual([undefined, 'L2', 'L1', undefined]);
  });

  it('passes a valid artifact, and freezes it with an attestation', () => {
    expect(gates({})).toEqual([]);
    expect(gates({ attestation }, 'L1')).toEqual([]);
  });

  it('reports every gate that fails, together', () => {
    const bad = { ...manifest, name: '../out', mime: 'image/png', retention_ttl_days: 3 };
    const failed = gates({ manifest: bad, rehashed: sha256(Buffer.from('x')), graph: () => undefined }, 'L1');
    expect(failed).toEqual(['name', 'payload', 'sources', 'content_type', 'ttl', 'attestation']);
  });

  it('needs existing sources with the stated hash, without cycles', () => {
    expect(gates({ graph: () => undefined })).toEqual(['sources']);
    expect(gates({ graph: () => ({ contentHash: sha256(bytes), sources: [] }) })).toEqual(['sources']);
    const cyclic = (id: ArtifactId) => ({
      contentHash: source.content_hash,
      sources: id === SOURCE ? [ID] : [SOURCE],
    });
    expect(gates({ graph: cyclic })).toEqual(['sources']);
  });

  it('needs a readable payload of the stated type and size', () => {
    expect(gates({ rehashed: undefined, content: undefined })).toEqual(['payload']);
    expect(gates({ content: { type: 'directory', size: 4 } })).toEqual(['content_type']);
    const tree = { payload_type: 'directory', hash_basis: 'bundle_index' } as const;
    const directory = (mime: string) =>
      gates({ manifest: { ...GOOD.manifest, ...tree, mime }, content: { type: 'directory', size: 4 } });
    expect([directory('image/png'), directory('inode/directory')]).toEqual([['content_type'], []]);
    expect(gates({ content: { type: 'file', head: bytes, size: 5 } })).toEqual(['payload']);
  });

  it('accepts an attestation only for the frozen content', () => {
    const other = { ...attestation, content_hash: sha256(Buffer.from('x')) as ObjectId };
    expect(gates({ attestation: other }, 'L1')).toEqual(['attestation']);
    expect(gates({}, 'L1')).toEqual(['attestation']);
  });
});

describe('a media type', () => {
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
  const cut = Buffer.from('é').subarray(0, 1);
  it.each([
    ['text/plain', Buffer.from('text'), true],
    ['text/plain', png, false],
    ['text/plain', Buffer.from([0, 1, 2]), false],
    ['text/csv', Buffer.from([0xff, 0xfe]), false],
    ['image/png', png, true],
    ['image/png', Buffer.from('text'), false],
    ['image/jpeg', png, false],
    ['image/x-unknown', png, false],
    ['application/json', Buffer.from(' {"a":1}'), true],
    ['application/json', Buffer.from('<html>'), false],
    ['application/octet-stream', png, true],
    ['application/x-unheard-of', Buffer.from([0, 1]), true],
    ['text/plain', Buffer.alloc(0), true],
    ['video/mp4', Buffer.from('text that is no film'), false],
    ['video/mp4', Buffer.from('\0\0\0\x20ftypisom'), true],
    ['image/bmp', Buffer.from('a text'), false],
    ['text/plain', Buffer.from('BM is also how a text may begin'), true],
    ['application/epub+zip', Buffer.from('text'), false],
    ['application/java-archive', Buffer.from('PK\x05\x06'), true],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', Buffer.from('text'), false],
    ['image/svg+xml', Buffer.from('not xml'), false],
    ['image/svg+xml', Buffer.from('\ufeff <svg/>'), true],
    ['image/svg+xml', Buffer.from([0x1f, 0x8b, 8]), true],
    ['inode/directory', Buffer.from('text'), false],
  ])('%s of %j agrees with its content: %s', (mime, head, agrees) => {
    expect(contradictsType(mime, head, head.length) === undefined).toBe(agrees);
  });

  it('is not contradicted by a character cut at the end of the head', () => {
    const head = Buffer.concat([Buffer.from('text'), cut]);
    expect(contradictsType('text/plain', head, 10_000)).toBeUndefined();
    expect(contradictsType('text/plain', head, head.length)).toBeDefined();
  });
});
