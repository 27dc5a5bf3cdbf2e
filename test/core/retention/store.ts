import type { ArtifactRecord, Pin } from '../../../src/core/catalog/artifact-record.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../../src/core/objects/ids.js';
import { toTimestamp } from '../../../src/core/objects/ids.js';
import { DEFAULT_POLICY, type Policy } from '../../../src/core/policy/policy.js';
import type { ArtifactObjects } from '../../../src/core/retention/artifact-columns.js';
import type { RecordInput } from './plain/plan-input.js';

export type { RecordInput };

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
/** The clock of these tests. */
export const NOW = Date.parse('2026-06-01T00:00:00.000Z');

export function objectIdOf(label: string): ObjectId {
  return sha256(Buffer.from(label));
}

export function idOf(n: number): ArtifactId {
  return `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as ArtifactId;
}

export function pin(until?: number, name = 'keep'): Pin {
  return {
    name,
    actor: 'human:test',
    at: toTimestamp(NOW - DAY),
    ...(until === undefined ? {} : { until: toTimestamp(until) }),
  };
}

type Change = Partial<Omit<ArtifactRecord, 'created_at' | 'registered'>> & {
  /** ms since the epoch; both default to NOW - 1 day. */
  readonly created?: number;
  readonly registered?: number;
};

/** An ordinary artifact, registered as entry `n`. */
export function artifact(n: number, change: Change = {}): ArtifactRecord {
  const { created, registered, ...rest } = change;
  const manifest = objectIdOf(`manifest ${n}`);
  return {
    artifact_id: idOf(n),
    revision: 1,
    manifest,
    manifest_size_bytes: 10,
    content_hash: objectIdOf(`payload ${n}`),
    payload_type: 'file',
    kind: 'file',
    retention_class: 'result',
    layer: 'L3',
    classification: 'low',
    exportable: true,
    size_bytes: 100,
    created_at: toTimestamp(created ?? NOW - DAY),
    registered: { seq: n, index: 0, at: toTimestamp(registered ?? NOW - DAY), actor: 'human:me' },
    manifests: [{ manifest, size_bytes: 10 }],
    pins: [],
    ...rest,
  };
}

/** Its manifests and its payload. */
export function plainObjects(a: ArtifactRecord): ArtifactObjects {
  return {
    damaged: false,
    objects: [
      ...a.manifests.map((m) => ({ id: m.manifest, size: m.size_bytes })),
      { id: a.content_hash, size: a.size_bytes },
    ],
  };
}

export function policyWith(retention: Partial<Policy['retention']>): Policy {
  return { ...DEFAULT_POLICY, retention: { ...DEFAULT_POLICY.retention, ...retention } };
}

/** No floors, so that a window decides alone. */
export const NO_FLOORS = policyWith({
  classes: {
    log: { window_days: 30, floor: 0 },
    result: { window_days: 30, floor: 0 },
    evidence: { window_days: 30, floor: 0 },
    cache: { window_days: 7, floor: 0 },
    checkpoint: { window_days: 30, floor: 0 },
  },
});

export function input(artifacts: readonly ArtifactRecord[], change: Partial<RecordInput> = {}): RecordInput {
  return {
    storeId: '00000000-0000-4000-8000-000000000001',
    head: { seq: 1000, hash: objectIdOf('head') },
    policyId: objectIdOf('policy'),
    policy: NO_FLOORS,
    clock: toTimestamp(NOW) as Timestamp,
    artifacts,
    removed: [],
    objectsOf: plainObjects,
    ...change,
  };
}
