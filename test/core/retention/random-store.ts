import fc from 'fast-check';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { KINDS, RETENTION_CLASSES } from '../../../src/core/manifest/vocabulary.js';
import type { RecordInput } from './store.js';
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
    /** Of a directory: files, which it shares with other directories and with file artifacts. */
    members: fc.array(fc.nat(9), { maxLength: 4 }),
    /** Manifests before the newest. */
    revised: fc.nat(2),
  },
  {
    requiredKeys: ['created', 'registered', 'retention_class', 'layer', 'kind', 'classification', 'payload'],
  },
);

/** What only its class, its age and a quota decide about: of those there must be many for an order to show. */
const plain = fc.record(
  {
    created: fc.constant(NOW - 40 * DAY),
    registered: ms.filter((at) => at <= NOW),
    layer: fc.constantFrom('L2', 'L3'),
    kind: fc.constant('file'),
    retention_class: fc.constantFrom(...RETENTION_CLASSES),
    classification: fc.constantFrom('low', 'medium'),
    name: fc.constantFrom('a', 'b'),
    payload: fc.nat(9),
  },
  {
    requiredKeys: ['created', 'registered', 'layer', 'kind', 'retention_class', 'classification', 'payload'],
  },
);

const SIZES = [0, 1, 50, 100, 100, 300, 20, 7, 9, 400];

const classRule = fc.record({ window_days: fc.constantFrom(0, 2, 30), floor: fc.nat(3) });

/** A store of up to 25 artifacts that share series, payloads and sources, with a policy. */
export const randomStore: fc.Arbitrary<RecordInput> = fc
  .record({
    shapes: fc.array(fc.oneof(shape, plain as typeof shape), { maxLength: 25, size: 'max' }),
    ids: fc.uniqueArray(fc.nat(200), { minLength: 25, maxLength: 25 }),
    classes: fc.record({
      log: classRule,
      result: classRule,
      evidence: classRule,
      cache: classRule,
      checkpoint: classRule,
    }),
    hours: fc.constantFrom(0, 24, 49),
    trashDays: fc.constantFrom(0, 7, 7),
    /** Removed ones, which were made from others too. */
    removed: fc.uniqueArray(fc.tuple(fc.nat(24), fc.array(fc.nat(24), { maxLength: 2 })), {
      maxLength: 4,
      selector: ([n]) => n,
    }),
    hold: fc.boolean(),
    /** In hundredths of what is stored, or so many bytes less: one that is met half-way shows the order in which it takes. */
    quota: fc.option(
      fc.oneof(
        fc.integer({ min: 0, max: 110 }),
        fc.integer({ min: 1, max: 40 }).map((n) => -10 * n),
      ),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ shapes, ids, classes, hours, trashDays, removed, hold, quota }) => {
    const damaged = new Set<string>();
    const files = new Map<string, readonly number[]>();
    const artifacts = shapes.map((s, i): ArtifactRecord => {
      const { pins, sources, payload, damaged: broken, members, revised = 0, ...facts } = s;
      const size = SIZES[payload]!;
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
      if (members !== undefined) files.set(a.artifact_id, members);
      const older = Array.from({ length: revised }, (_, n) => ({
        manifest: objectIdOf(`manifest ${ids[i]} before ${n}`),
        size_bytes: 5 + n,
      }));
      const manifests = [...older, ...a.manifests];
      return {
        ...a,
        manifests,
        revision: manifests.length,
        registered: { ...a.registered, seq: i >> 1, index: i & 1 },
      };
    });
    const live = new Set(artifacts.map((a) => a.artifact_id));
    const objectsOf = (a: ArtifactRecord) => {
      const members = (files.get(a.artifact_id) ?? []).map((n) => {
        return { id: objectIdOf(`shared ${n}`), size: SIZES[n]! };
      });
      return {
        objects: [...plainObjects(a).objects, ...members],
        damaged: damaged.has(a.artifact_id),
      };
    };
    const stored = new Map(artifacts.flatMap((a) => objectsOf(a).objects).map((o) => [o.id, o.size]));
    const bytes = [...stored.values()].reduce((x, y) => x + y, 0);
    return input(artifacts, {
      removed: removed
        .map(([n, from]) => ({ artifact_id: idOf(ids[n]!), sources: from.map((k) => idOf(ids[k]!)) }))
        .filter((r) => !live.has(r.artifact_id)),
      policy: policyWith({
        classes,
        ephemeral_hours: hours,
        trash_days: trashDays,
        hold_sources: hold,
        ...(quota === undefined
          ? {}
          : { quota_bytes: quota < 0 ? Math.max(0, bytes + quota) : Math.floor((bytes * quota) / 100) }),
      }),
      objectsOf,
    });
  });
