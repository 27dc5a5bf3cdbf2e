import { activePins } from '../catalog/active-pins.js';
import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { Timestamp } from '../objects/ids.js';
import type { PlanItem } from './prune-plan.js';
import type { Freed } from './removal-account.js';
import { untilOf, type Verdict } from './rule.js';

export function toPlanItem(a: ArtifactRecord, v: Verdict, freed: Freed, clock: Timestamp): PlanItem {
  const pins = activePins(a, clock);
  const until = untilOf(v.end);
  return {
    artifact_id: a.artifact_id,
    verdict: v.verdict,
    rule: v.rule,
    size_bytes: a.size_bytes,
    freed_bytes: freed.bytes,
    ...(freed.atOnce === 0 ? undefined : { freed_at_once_bytes: freed.atOnce }),
    revision: a.revision,
    content_hash: a.content_hash,
    payload_type: a.payload_type,
    kind: a.kind,
    retention_class: a.retention_class,
    layer: a.layer,
    classification: a.classification,
    created_at: a.created_at,
    registered_at: a.registered.at,
    ...(until === undefined ? undefined : { until }),
    ...(pins.length === 0 ? undefined : { pins: pins.map((p) => p.name) }),
    ...(a.name === undefined ? undefined : { name: a.name }),
    ...(a.filename_hint === undefined ? undefined : { filename_hint: a.filename_hint }),
  };
}
