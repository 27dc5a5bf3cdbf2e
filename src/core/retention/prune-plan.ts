import type { Classification, Kind, Layer, PayloadType, RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';

/** The name of the rule that decided (D2). */
export const PRUNE_RULES = [
  'sensitive_ttl',
  'ttl_expired',
  'ephemeral',
  'window_expired',
  'quota',
  'requested',
] as const;
export const KEEP_RULES = [
  'pinned',
  'frozen',
  'held',
  'within_ttl',
  'ephemeral_live',
  'within_window',
  'min_versions',
  'future_dated',
  'damaged',
  /** The rules prune it, but it is not in the list that was confirmed (D3), or does not match the filter. */
  'unlisted',
] as const;
export type PruneRule = (typeof PRUNE_RULES)[number];
export type KeepRule = (typeof KEEP_RULES)[number];
export type Rule = PruneRule | KeepRule;

/** A plan that lists what it prunes, and optionally what it keeps. */
export const PLAN_SCHEMA = 'hs.prune-plan/2';
/** The older form, which lists every artifact. */
export const LONG_PLAN_SCHEMA = 'hs.prune-plan/1';

/** The verdict on one artifact. */
export interface PlanItem {
  readonly artifact_id: ArtifactId;
  readonly verdict: 'keep' | 'prune';
  readonly rule: Rule;
  /** When the rule that keeps it ends, or since when the rule that prunes it applies. */
  readonly until?: Timestamp;
  /** Names of the pins that hold it now. */
  readonly pins?: readonly string[];
  /** Logical bytes of the payload. */
  readonly size_bytes: number;
  /** Bytes that its removal frees, given everything else that is pruned; 0 for kept artifacts. */
  readonly freed_bytes: number;
  /** Of these, the bytes freed at once, without a trash window; absent if 0. Not written to a file. */
  readonly freed_at_once_bytes?: number;
  /**
   * It cannot be restored: it, or something with the same bytes, has no trash window (D7), or it is damaged. Not written
   * to a file, since the plan is made again before a saved one is applied.
   */
  readonly irreversible?: true;
  readonly revision: number;
  readonly content_hash: ObjectId;
  readonly payload_type: PayloadType;
  readonly kind: Kind;
  readonly retention_class: RetentionClass;
  readonly layer: Layer;
  readonly classification: Classification;
  readonly created_at: Timestamp;
  readonly registered_at: Timestamp;
  readonly name?: string;
  readonly filename_hint?: string;
}

/** How many artifacts one rule decided about, and the bytes of their payloads. */
export interface RuleTotal {
  readonly artifacts: number;
  readonly size_bytes: number;
}

/** First line of a plan file. All bytes are counts of bytes. */
export interface PlanHeader {
  readonly schema: typeof PLAN_SCHEMA | typeof LONG_PLAN_SCHEMA;
  readonly store_id: string;
  /** The ledger position at which the plan was made. */
  readonly head_seq: number;
  readonly head_hash: ObjectId;
  readonly policy_hash: ObjectId;
  /** The time by which retention was judged. */
  readonly clock: Timestamp;
  readonly scanned: number;
  readonly pruned: number;
  readonly spared: number;
  /** Damaged artifacts, neither judged nor removed (D8). scanned = pruned + spared + failed. */
  readonly failed: number;
  readonly pruned_bytes: number;
  /** Sum of the items' freed_bytes. */
  readonly freed_bytes: number;
  /** Sums over the items; absent if 0, and in a file. */
  readonly freed_at_once_bytes?: number;
  readonly irreversible?: number;
  /** Bytes of all distinct objects that live artifacts refer to and that are there, before the removal. */
  readonly stored_bytes: number;
  readonly quota_bytes?: number;
  /** Bytes by which the quota is still exceeded after everything that may be pruned is. */
  readonly quota_unmet_bytes?: number;
  /** One entry for each rule that decided about any. This and `kept_sha256` are not in plans that list every artifact. */
  readonly rules?: Readonly<Partial<Record<Rule, RuleTotal>>>;
  /** SHA-256 of the list of kept artifacts: a line `ARTIFACT_ID RULE` for each, in order of id. */
  readonly kept_hash?: ObjectId;
  /** The filters of the plan; absent without any, and in reports that list every artifact. */
  readonly filters?: readonly string[];
}

/** A header or an item as a file holds it, without the fields about undoing, which are true only at the moment. */
export function filed<T extends { freed_at_once_bytes?: unknown; irreversible?: unknown }>(
  line: T,
): Omit<T, 'freed_at_once_bytes' | 'irreversible'> {
  const { freed_at_once_bytes: _, irreversible: __, ...rest } = line;
  return rest;
}

/**
 * A pure function of state, policy and clock. The items are those to prune, or on request all, in order of artifact id.
 */
export interface PrunePlan {
  readonly header: PlanHeader;
  readonly items: readonly PlanItem[];
}
