import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordLines, recordOfLine, type TextRange } from '../../src/core/catalog/record-lines.js';
import { rowText } from '../../src/core/catalog/record-row.js';
import type { ArtifactFacts } from '../../src/core/ledger/operation.js';
import {
  CLASSIFICATIONS,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from '../../src/core/manifest/vocabulary.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../src/core/objects/ids.js';

const LAST_MS = 253_402_300_799_999;
const FIRST_MS = -62_167_219_200_000;

const hash = fc.nat().map((n) => sha256(Buffer.from(`${n}`)));
const uuid = fc.uuid() as fc.Arbitrary<ArtifactId>;
const time = fc.integer({ min: FIRST_MS, max: LAST_MS }).map(toTimestamp);
const number = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((t) => t.isWellFormed());
const absent = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const facts = fc.record({
  artifact_id: uuid,
  revision: fc.constantFrom(1, 1, 1, 2),
  manifest: hash,
  manifest_size_bytes: number,
  content_hash: hash,
  payload_type: fc.constantFrom(PAYLOAD_TYPES[0], ...PAYLOAD_TYPES),
  kind: fc.constantFrom(...KINDS),
  retention_class: fc.constantFrom(...RETENTION_CLASSES),
  layer: fc.constantFrom(...LAYERS),
  classification: fc.constantFrom(...CLASSIFICATIONS),
  exportable: fc.boolean(),
  size_bytes: number,
  created_at: time,
  name: absent(text),
  filename_hint: absent(text),
  retention_ttl_days: absent(fc.nat(40_000)),
  sources: absent(fc.array(uuid, { minLength: 1, maxLength: 4 })),
  job_id: absent(fc.constantFrom('j', ']["0')),
}) as fc.Arbitrary<ArtifactFacts>;
const state = fc.record({
  registered: fc.record({ seq: number, index: fc.nat(), at: time, actor: text }),
  pins: fc.constantFrom([], [], [{ name: 'p', actor: 'human:x', at: toTimestamp(0) }]),
});

/** What the reader found, in the words of a record. */
function found(line: RecordLines) {
  const { bytes } = line;
  const slice = (from: number, length: number) => Buffer.from(bytes).toString('utf8', from, from + length);
  const range = ({ from, to }: TextRange) => (from === 0 ? undefined : slice(from, to - from));
  return {
    artifact_id: slice(line.id, 36),
    manifest: slice(line.manifest, 64),
    manifest_size_bytes: line.manifestSize,
    content_hash: slice(line.content, 64),
    kind: KINDS[line.kind],
    retention_class: RETENTION_CLASSES[line.class],
    layer: LAYERS[line.layer],
    classification: CLASSIFICATIONS[line.rank],
    exportable: line.exportable === 1,
    size_bytes: line.size,
    created_at: toTimestamp(line.created),
    seq: line.seq,
    index: line.index,
    at: toTimestamp(line.registered),
    name: range(line.name),
    filename_hint: range(line.hint),
    retention_ttl_days: line.ttlDays < 0 ? undefined : line.ttlDays,
    sources:
      line.sourceCount === 0
        ? undefined
        : Array.from({ length: line.sourceCount }, (_, n) => slice(line.sourceAt(n), 36)),
  };
}

describe('the line of a row', () => {
  it('is read as its JSON is, or not at all', () => {
    const line = new RecordLines();
    let plain = 0;
    fc.assert(
      fc.property(facts, state, text, (of, { registered, pins }, before) => {
        const lead = Buffer.from(`a/key\t${JSON.stringify([before])}\n`, 'utf8');
        const row = Buffer.from(`a/x\t${rowText(of, { registered, pins })}\n`, 'utf8');
        const lines = Buffer.concat([lead, row]);
        const record = recordOfLine(lines, lead.length, lines.length - 1);
        const names = `${of.name ?? ''}${of.filename_hint ?? ''}`;
        const isPlain =
          of.payload_type === 'file' &&
          of.revision === 1 &&
          pins.length === 0 &&
          JSON.stringify(names) === `"${names}"`;
        expect(line.read(lines, lead.length, lines.length - 1)).toBe(isPlain);
        if (!isPlain) return;
        plain++;
        const all = { ...record, ...record.registered };
        const read = found(line);
        for (const key of Object.keys(read) as (keyof typeof read)[]) expect(read[key]).toEqual(all[key]);
      }),
      { numRuns: 500 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  it('that is cut off is not read', () => {
    const line = new RecordLines();
    const [of] = fc.sample(
      facts.map((f) => ({ ...f, revision: 1, payload_type: 'file' as const, name: 'n', filename_hint: 'h' })),
      { numRuns: 1, seed: 1 },
    );
    const registered = { seq: 1, index: 0, at: toTimestamp(0), actor: 'human:x' };
    const whole = Buffer.from(`a/x\t${rowText(of!, { registered })}`, 'utf8');
    const names = whole.indexOf('"n","h"');
    for (let length = 0; length < names + 10; length++) {
      expect(line.read(whole.subarray(0, length), 0, length), `${length}`).toBe(false);
    }
    expect(line.read(whole, 0, whole.length)).toBe(true);
  });
});
