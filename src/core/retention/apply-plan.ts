import { HsError } from '../../errors/hs-error.js';
import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import { Judgements } from './judgements.js';
import type { PlanHeader, PrunePlan } from './prune-plan.js';
import { RemovalAccount } from './removal-account.js';
import { ENDLESS } from './rule.js';

/** What of a saved plan still holds (D3); by row. */
export interface Intersection {
  /** Pruned by both: what goes. */
  readonly remove: ReadonlySet<number>;
  /** Was to go and stays now, by the rule that keeps it now. */
  readonly sparedSince: readonly number[];
  /** Was to go and is not live any more. */
  readonly gone: readonly ArtifactId[];
}

/** The saved list ∩ a fresh plan: never more than was shown, never what has become worth keeping (D3). */
export function intersect(saved: PrunePlan, fresh: Judgements): Intersection {
  const remove = new Set<number>();
  const sparedSince: number[] = [];
  const gone: ArtifactId[] = [];
  for (const { artifact_id, verdict } of saved.items) {
    if (verdict !== 'prune') continue;
    const row = fresh.input.artifacts.ids.numberOf(artifact_id);
    if (row < 0) gone.push(artifact_id);
    else if (fresh.prunes(row)) remove.add(row);
    else sparedSince.push(row);
  }
  return { remove, sparedSince, gone };
}

/**
 * The fresh judgements with nothing pruned but `remove`; what else they would prune is kept as `unlisted`. Bytes
 * are counted again, since what stays may share objects with what goes.
 */
export function restrict(fresh: Judgements, remove: ReadonlySet<number>): Judgements {
  const restricted = new Judgements(fresh.input, fresh.rows, fresh.quota);
  for (const row of fresh.rows) {
    const goes = !fresh.prunes(row) || remove.has(row);
    const verdict = { verdict: 'keep', rule: fresh.ruleOf(row), end: fresh.ends[row]! } as const;
    restricted.set(row, goes ? verdict : { verdict: 'keep', rule: 'unlisted', end: ENDLESS });
  }
  const account = new RemovalAccount(fresh.input);
  restricted.freeAll(restricted.pruned, account);
  restricted.markIrreversible(account);
  return restricted;
}

/** The state that a saved plan is applied to. */
export interface PlanTarget {
  readonly storeId: string;
  readonly head: { readonly seq: number };
  readonly policyId: ObjectId;
  readonly clock: Timestamp;
  /** Hash of the entry at a position of this store's ledger. */
  hashAt(seq: number): ObjectId | undefined;
  /** The position of the entry that applied the plan before, if one did. */
  readonly appliedAt?: number | undefined;
}

/** Refuses a plan that was not made for this store, ledger, policy and time, or was applied (D3): PLAN_STALE. */
export function checkApplicable(saved: PlanHeader, target: PlanTarget): void {
  const refuse = (why: string, hint = 'create a new plan with hs plan-prune'): never => {
    throw new HsError('PLAN_STALE', `cannot apply the plan: ${why}`, { hint });
  };
  if (saved.store_id !== target.storeId) {
    refuse(
      `it is for store '${saved.store_id}', but this is '${target.storeId}'`,
      'apply it to the store it was made for',
    );
  }
  if (target.appliedAt !== undefined) refuse(`it was already applied by ledger entry ${target.appliedAt}`);
  if (saved.policy_hash !== target.policyId) refuse('the policy changed since it was made');
  if (saved.head_seq > target.head.seq) {
    refuse(`it was made at ledger position ${saved.head_seq}, but this store is at ${target.head.seq}`);
  }
  if (target.hashAt(saved.head_seq) !== saved.head_hash) {
    refuse(`ledger entry ${saved.head_seq} is not the one that it was made at`);
  }
  if (saved.clock > target.clock) refuse(`its clock, ${saved.clock}, is in the future`);
}
