import { HsError } from '../../errors/hs-error.js';
import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import { Judgements } from './judgements.js';
import type { PlanHeader, PrunePlan } from './prune-plan.js';
import { RemovalAccount } from './removal-account.js';
import { ENDLESS } from './rule.js';

/** Which rows of a saved plan still apply (D3). */
export interface Intersection {
  /** Pruned by both plans, and so removed. */
  readonly remove: ReadonlySet<number>;
  /** The saved plan prunes it; the fresh one keeps it, by this rule. */
  readonly sparedSince: readonly number[];
  /** The saved plan prunes it, but it is no longer live. */
  readonly gone: readonly ArtifactId[];
}

/** Intersects the saved plan with a fresh one: nothing that was not shown, nothing that is now worth keeping (D3). */
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
 * The fresh judgements, pruning only `remove`; everything else they would prune is kept as `unlisted`. Bytes are
 * counted again, since an artifact that is kept may share objects with one that is removed.
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

/** The state to which a saved plan is applied. */
export interface PlanTarget {
  readonly storeId: string;
  readonly head: { readonly seq: number };
  readonly policyId: ObjectId;
  readonly clock: Timestamp;
  /** Hash of the entry at a position of this store's ledger. */
  hashAt(seq: number): ObjectId | undefined;
  /** The position of the entry that already applied this plan, if there is one. */
  readonly appliedAt?: number | undefined;
}

/** Throws PLAN_STALE for a plan of another store, ledger, policy or time, or one that was already applied (D3). */
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
