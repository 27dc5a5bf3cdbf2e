import type { ArtifactRecord, Pin } from '../catalog/artifact-record.js';
import { DAY_MS, HOUR_MS } from '../duration.js';
import { isSensitive } from '../manifest/sensitivity.js';
import type { Layer, RetentionClass } from '../manifest/vocabulary.js';
import { LAST_TIME_MS, type Timestamp, timestampMs, toTimestamp } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import type { Rule } from './prune-plan.js';

/** The verdict of one rule of D2 on one artifact. */
export interface Verdict {
  readonly verdict: 'keep' | 'prune';
  readonly rule: Rule;
  /** ms: `until` of a `PlanItem`; `ENDLESS` for none. */
  readonly end: number;
}

/** The rest of a rule's input besides the artifact. */
export interface Judgement {
  readonly retention: Policy['retention'];
  /** ms. */
  readonly clock: number;
}

/** The properties of an artifact that the rules read; times in ms. */
export interface RetentionFacts {
  readonly created: number;
  readonly registered: number;
  /** When its TTL runs out; NaN without one. */
  readonly ttlEnd: number;
  /** When the last of its pins ends; `ENDLESS` if one has no end, 0 without pins. */
  readonly pinsEnd: number;
  readonly isSensitive: boolean;
  readonly layer: Layer;
  readonly retention_class: RetentionClass;
}

/** The end of a pin or hold without an end. */
export const ENDLESS = Number.POSITIVE_INFINITY;

/** An end as a timestamp; undefined if there is none, or none that a timestamp can express. */
export function untilOf(end: number): Timestamp | undefined {
  return end <= LAST_TIME_MS ? toTimestamp(end) : undefined;
}

/** When the TTL of an artifact runs out, counted from its creation; undefined without one. */
export function ttlEndMs(of: Pick<ArtifactRecord, 'created_at' | 'retention_ttl_days'>): number | undefined {
  return of.retention_ttl_days === undefined
    ? undefined
    : timestampMs(of.created_at) + of.retention_ttl_days * DAY_MS;
}

/** The end of the last of these pins; `ENDLESS` if one has no end. */
export function pinsEnd(pins: readonly Pin[]): number {
  return pins.reduce((end, p) => Math.max(end, p.until === undefined ? ENDLESS : timestampMs(p.until)), 0);
}

export function retentionFacts(record: ArtifactRecord): RetentionFacts {
  return {
    created: timestampMs(record.created_at),
    registered: timestampMs(record.registered.at),
    ttlEnd: ttlEndMs(record) ?? Number.NaN,
    pinsEnd: pinsEnd(record.pins),
    isSensitive: isSensitive(record),
    layer: record.layer,
    retention_class: record.retention_class,
  };
}

/** Rules 1 and 2 of D2, which win over everything, even over naming an id (D1). */
export function judgeHolds(
  of: Pick<RetentionFacts, 'pinsEnd' | 'layer'>,
  clock: number,
): Verdict | undefined {
  if (of.pinsEnd > clock) return { verdict: 'keep', rule: 'pinned', end: of.pinsEnd };
  return of.layer === 'L1' ? { verdict: 'keep', rule: 'frozen', end: ENDLESS } : undefined;
}

/**
 * The first of rules 1 to 6 of D2 and of the window of 7 that applies. A TTL counts from `created_at`, the windows of the
 * policy (classes, hours for L4) from the registration in this store. `heldUntil` is when the last pin on something
 * made from it ends, undefined without one. The floor of rule 7 may still overrule `window_expired`.
 */
export function judge(of: RetentionFacts, { retention, clock }: Judgement, heldUntil?: number): Verdict {
  const holds = judgeHolds(of, clock);
  if (holds !== undefined) return holds;
  const { created, registered, ttlEnd } = of;
  // Dated in the future: it has no age, so no rule that goes by age may prune it.
  if (created > clock) return { verdict: 'keep', rule: 'future_dated', end: created };

  if (ttlEnd <= clock && of.isSensitive) return { verdict: 'prune', rule: 'sensitive_ttl', end: ttlEnd };
  if (heldUntil !== undefined) return { verdict: 'keep', rule: 'held', end: heldUntil };
  if (ttlEnd > clock) return { verdict: 'keep', rule: 'within_ttl', end: ttlEnd };
  if (ttlEnd <= clock) return { verdict: 'prune', rule: 'ttl_expired', end: ttlEnd };
  const end = registered + windowMs(of, retention);
  if (of.layer === 'L4') {
    return clock < end
      ? { verdict: 'keep', rule: 'ephemeral_live', end }
      : { verdict: 'prune', rule: 'ephemeral', end };
  }
  return clock < end
    ? { verdict: 'keep', rule: 'within_window', end }
    : { verdict: 'prune', rule: 'window_expired', end };
}

/** How long the policy keeps an artifact without a TTL, in ms. */
export function windowMs(
  of: Pick<RetentionFacts, 'layer' | 'retention_class'>,
  retention: Policy['retention'],
): number {
  return of.layer === 'L4'
    ? retention.ephemeral_hours * HOUR_MS
    : retention.classes[of.retention_class].window_days * DAY_MS;
}
