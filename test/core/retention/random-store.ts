import fc from 'fast-check';
import type { PlanInput } from '../../../src/core/plan-input.js';
import type { ArtifactRecord } from '../../../src/core/record.js';
import { KINDS, RETENTION_CLASSES } from '../../../src/core/vocabulary.js';
import { artifact, DAY, idOf, input, NOW, objectIdOf, pin, plainObjects, policyWith } from './store.js';

/** Ages with every boundary of the rules close by. */
const ms = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 7, 30, 31, 90, -1), fc.constantFrom(-1, 0, 1))
  .map(([days, off]) => NOW - days * DAY + off);

const shape = fc.record(
  {
    created: ms,
    registered: ms,
    layer: fc.constantFrom('L1', 'L2', 'L3', 'L3', 'L3', 'L4'),
    kind: fc.constantFrom(...KINDS),
    retention_class: fc.constantFrom(...RETENTION_CLASSES),
    classification: fc.constantFrom('low', 'low', 'medium', 'high'),
    name: fc.constantFrom('a', 'b'),
    filename_hint: fc.constantFrom('a', 'file'),
    retention_ttl_days: fc.constantFrom(0, 1, 2, 30),
    pins: fc.array(fc.option(ms, { nil: undefined }), { maxLength: 2 }),
    sources: fc.array(fc.nat(24), { maxLength: 2 }),
    payload: fc.nat(9),
    damaged: fc.nat(9).map((n) => n === 0),
  },
  {
    requiredKeys: ['created', 'registered', 'retention_class', 'layer', 'kind', 'classification', 'payload'],
  },
);

/** A store of up to 25 artifacts that share series, payloads and sources, with a policy. */
export const randomStore: fc.Arbitrary<PlanInput> = fc
  .record({
    shapes: fc.array(shape, { maxLength: 25 }),
    ids: fc.uniqueArray(fc.nat(200), { minLength: 25, maxLength: 25 }),
    floor: fc.nat(3),
    window: fc.constantFrom(0, 2, 30),
    hold: fc.boolean(),
    quota: fc.option(fc.nat(2000), { nil: undefined }),
  })
  .map(({ shapes, ids, floor, window, hold, quota }) => {
    const damaged = new Set<string>();
    const artifacts = shapes.map((s, i): ArtifactRecord => {
      const { pins, sources, payload, damaged: broken, ...facts } = s;
      const size = [0, 1, 50, 100, 100, 300, 20, 7, 9, 400][payload]!;
      const ttlNeeded =
        facts.layer !== 'L1' && (facts.classification === 'high' || facts.kind === 'prompt_payload');
      const a = artifact(ids[i]!, {
        ...facts,
        ...(ttlNeeded && facts.retention_ttl_days === undefined ? { retention_ttl_days: 2 } : {}),
        content_hash: objectIdOf(`shared ${payload}`),
        size_bytes: size,
        pins: (pins ?? []).map((until, k) => pin(until, `p${k}`)),
        ...(sources === undefined ? {} : { sources: sources.map((k) => idOf(ids[k]!)) }),
      });
      if (broken) damaged.add(a.artifact_id);
      return { ...a, registered: { ...a.registered, seq: i >> 1, index: i & 1 } };
    });
    const rule = { window_days: window, floor };
    return input(artifacts, {
      policy: policyWith({
        classes: { log: rule, result: rule, evidence: rule, cache: rule, checkpoint: rule },
        hold_sources: hold,
        ...(quota === undefined ? {} : { quota_bytes: quota }),
      }),
      objectsOf: (a) => ({ ...plainObjects(a), damaged: damaged.has(a.artifact_id) }),
    });
  });
