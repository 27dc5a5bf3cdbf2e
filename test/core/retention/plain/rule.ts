import { activePins } from '../../../../src/core/catalog/active-pins.js';
import type { ArtifactRecord, Pin } from '../../../../src/core/catalog/artifact-record.js';
import { DAY_MS, HOUR_MS } from '../../../../src/core/duration.js';
import { isSensitive } from '../../../../src/core/manifest/sensitivity.js';

import { type Timestamp, timestampMs, toTimestamp } from '../../../../src/core/objects/ids.js';
import type { Policy } from '../../../../src/core/policy/policy.js';
import type { Rule } from '../../../../src/core/retention/prune-plan.js';

/** 9999-12-31T23:59:59.999Z: a later end has no timestamp, and needs none. */
const LAST_MS = 253_402_300_799_999;

/** What one rule of D2 says of one artifact. `until` as in `PlanItem`. */
export interface Verdict {
  readonly verdict: 'keep' | 'prune';
  readonly rule: Rule;
  readonly until?: Timestamp;
}

/** What decides besides the artifact itself. */
export interface Judgement {
  readonly retention: Policy['retention'];
  readonly clock: Timestamp;
  /** When the hold of a pinned artifact's source ends; `endless` where it does not; undefined where none holds it. */
  heldUntil(record: ArtifactRecord): number | undefined;
}

/** The end of a hold that has none. */
export const ENDLESS = Number.POSITIVE_INFINITY;

function verdict(kind: 'keep' | 'prune', rule: Rule, endMs: number): Verdict {
  return endMs <= LAST_MS ? { verdict: kind, rule, until: toTimestamp(endMs) } : { verdict: kind, rule };
}

/** When the TTL of an artifact is over, which counts from its creation; undefined where it has none. */
export function ttlEndMs(of: Pick<ArtifactRecord, 'created_at' | 'retention_ttl_days'>): number | undefined {
  return of.retention_ttl_days === undefined
    ? undefined
    : timestampMs(of.created_at) + of.retention_ttl_days * DAY_MS;
}

/** The end of the last of these pins; `ENDLESS` where one has none. */
export function pinsEnd(pins: readonly Pin[]): number {
  return pins.reduce((end, p) => Math.max(end, p.until === undefined ? ENDLESS : timestampMs(p.until)), 0);
}

/** Rules 1 and 2 of D2, which win over everything, an explicit id included (D1). */
export function judgeHolds(record: ArtifactRecord, clock: Timestamp): Verdict | undefined {
  const pins = activePins(record, clock);
  if (pins.length > 0) return verdict('keep', 'pinned', pinsEnd(pins));
  return record.layer === 'L1' ? { verdict: 'keep', rule: 'frozen' } : undefined;
}

/**
 * Rules 1 to 6 of D2 and the window of 7, the first that applies. A TTL counts from `created_at`,
 * what the policy gives (class windows, hours for L4) from the registration here; over means that the
 * end has come. `window_expired` is what the floor and then the planner may still overrule.
 */
export function judge(record: ArtifactRecord, by: Judgement): Verdict {
  const { retention, clock } = by;
  const holds = judgeHolds(record, clock);
  if (holds !== undefined) return holds;
  const clockMs = timestampMs(clock);
  const created = timestampMs(record.created_at);
  // Dated in the future: no age can be told, so no rule that needs one may take it.
  if (created > clockMs) return verdict('keep', 'future_dated', created);

  const ttlEnd = ttlEndMs(record);
  if (ttlEnd !== undefined && ttlEnd <= clockMs && isSensitive(record)) {
    return verdict('prune', 'sensitive_ttl', ttlEnd);
  }
  const held = by.heldUntil(record);
  if (held !== undefined) return verdict('keep', 'held', held);
  if (ttlEnd !== undefined) {
    return clockMs < ttlEnd ? verdict('keep', 'within_ttl', ttlEnd) : verdict('prune', 'ttl_expired', ttlEnd);
  }
  const registered = timestampMs(record.registered.at);
  if (record.layer === 'L4') {
    const end = registered + retention.ephemeral_hours * HOUR_MS;
    return clockMs < end ? verdict('keep', 'ephemeral_live', end) : verdict('prune', 'ephemeral', end);
  }
  const end = registered + retention.classes[record.retention_class].window_days * DAY_MS;
  return clockMs < end ? verdict('keep', 'within_window', end) : verdict('prune', 'window_expired', end);
}
