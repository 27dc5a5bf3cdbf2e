import type { Classification, Kind, Layer, PayloadType, RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';

/** The word for the rule that decided (D2). */
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
  /** It would go, but the list that was shown or confirmed (D3), or a filter, leaves it out. */
  'unlisted',
] as const;
export type PruneRule = (typeof PRUNE_RULES)[number];
export type KeepRule = (typeof KEEP_RULES)[number];
export type Rule = PruneRule | KeepRule;

/** A plan that lists what goes, and at will what is kept. */
export const PLAN_SCHEMA = 'hs.prune-plan/2';
/** One of before, that lists every artifact. */
export const LONG_PLAN_SCHEMA = 'hs.prune-plan/1';

/** What the plan says of one artifact. */
export interface PlanItem {
  readonly artifact_id: ArtifactId;
  readonly verdict: 'keep' | 'prune';
  readonly rule: Rule;
  /** When the rule that keeps it stops to do so, or when what prunes it came true. */
  readonly until?: Timestamp;
  /** Names of the pins that hold it now. */
  readonly pins?: readonly string[];
  /** Logical bytes of the payload. */
  readonly size_bytes: number;
  /** Bytes that its removal really frees given everything else the plan prunes; 0 for what is kept. */
  readonly freed_bytes: number;
  /** Of these, the ones that are gone at once, without a trash window; absent for none. Not in a file. */
  readonly freed_at_once_bytes?: number;
  /**
   * Nothing brings it back once it is removed: it, or something with the same bytes, has no trash window (D7).
   * Not in a file: the fresh plan that a saved one meets says it anew.
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

/** What one rule decided: how many artifacts, and the bytes of their payloads. */
export interface RuleTotal {
  readonly artifacts: number;
  readonly size_bytes: number;
}

/** First line of a plan file. All bytes are counts of bytes. */
export interface PlanHeader {
  readonly schema: typeof PLAN_SCHEMA | typeof LONG_PLAN_SCHEMA;
  readonly store_id: string;
  /** The ledger position that the plan was made at. */
  readonly head_seq: number;
  readonly head_hash: ObjectId;
  readonly policy_hash: ObjectId;
  /** The clock that retention was judged by. */
  readonly clock: Timestamp;
  readonly scanned: number;
  readonly pruned: number;
  readonly spared: number;
  /** Damaged: neither judged nor removed (D8). scanned = pruned + spared + failed. */
  readonly failed: number;
  readonly pruned_bytes: number;
  /** Sum of the items' freed_bytes. */
  readonly freed_bytes: number;
  /** Sums of the items'; absent for none, and in a file. */
  readonly freed_at_once_bytes?: number;
  readonly irreversible?: number;
  /** Bytes of all distinct objects that live artifacts name, before the removal. */
  readonly stored_bytes: number;
  readonly quota_bytes?: number;
  /** By how much the quota is still exceeded when all is pruned that may be. */
  readonly quota_unmet_bytes?: number;
  /** By rule that decided about any. Neither is in a plan that lists every artifact. */
  readonly rules?: Readonly<Partial<Record<Rule, RuleTotal>>>;
  /** SHA-256 of the list of what is kept: a line `ARTIFACT_ID RULE` for each, in order of id. */
  readonly kept_hash?: ObjectId;
  /** All that goes matches these; absent where there were none, and in reports that list every artifact. */
  readonly filters?: readonly string[];
}

/** A header or an item as a file holds it: what it says of undoing is of the moment. */
export function filed<T extends { freed_at_once_bytes?: unknown; irreversible?: unknown }>(
  line: T,
): Omit<T, 'freed_at_once_bytes' | 'irreversible'> {
  const { freed_at_once_bytes: _, irreversible: __, ...rest } = line;
  return rest;
}

/**
 * A pure function of state, policy and clock. The items are those that go, and where they are asked for all, in order of
 * artifact id.
 */
export interface PrunePlan {
  readonly header: PlanHeader;
  readonly items: readonly PlanItem[];
}
