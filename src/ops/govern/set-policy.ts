import { parseLoose } from '../../core/json/canonical.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import {
  decodePolicy,
  encodePolicy,
  isOfPolicy2,
  MAX_POLICY_BYTES,
  type Policy,
  toPolicy,
} from '../../core/policy/policy.js';
import {
  type GrantChange,
  grantChanges,
  idleRules,
  locksOut,
  type PolicySetting,
  settingChanges,
  type VerdictChange,
  verdictChanges,
} from '../../core/policy/policy-check.js';
import { patchPolicy, type SettingPatch } from '../../core/policy/policy-patch.js';
import type { PrunePlan } from '../../core/retention/prune-plan.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isHsError, prefixed } from '../../errors/hs-error.js';
import type { BuildDraft } from '../../store/ledger/commit.js';
import { hasFeature } from '../../store/port/format.js';
import { acceptOutputRoot } from '../export/output-root.js';
import { demandObjectRead } from '../guard/read-gate.js';
import { resolveObject } from '../naming/resolve-object.js';
import type { Session } from '../session/session.js';

export interface NamedPolicy {
  readonly id: ObjectId;
  readonly policy: Policy;
}

export interface PolicyCheck {
  readonly from: ObjectId;
  readonly to: ObjectId;
  readonly settings: readonly PolicySetting[];
  readonly grants: readonly GrantChange[];
  /** Artifacts that retention would now treat differently. */
  readonly verdicts: readonly VerdictChange[];
  readonly idle: readonly string[];
  /** How many artifacts a collection would keep and prune now, under each policy. */
  readonly counts: { readonly from: VerdictCounts; readonly to: VerdictCounts };
  /** `policy set` would refuse it: its author could not set the next one. */
  readonly locksOut: boolean;
}

export interface VerdictCounts {
  readonly kept: number;
  readonly pruned: number;
}

function countsOf({ scanned, pruned }: PrunePlan['header']): VerdictCounts {
  return { kept: scanned - pruned, pruned };
}

/** Parses the file of a policy as users write it; INVALID_RECORD, or HSK-4001 for an unknown capability. */
export function parsePolicyFile(bytes: Uint8Array, shown: string): NamedPolicy {
  try {
    const policy = toPolicy(parseLoose(bytes, MAX_POLICY_BYTES));
    return { id: sha256(encodePolicy(policy)), policy };
  } catch (e) {
    if (e instanceof HsError) throw prefixed(e, `cannot read '${escapeText(shown)}': `);
    throw e;
  }
}

/** The current policy. */
export async function currentPolicy(session: Session): Promise<NamedPolicy> {
  const catalog = await session.catalog();
  return { id: catalog.policyId, policy: await session.policy(catalog) };
}

/** The effects of a policy, and the rules in it that match nothing; writes nothing. */
export async function checkPolicy(session: Session, proposed: NamedPolicy): Promise<PolicyCheck> {
  const current = await currentPolicy(session);
  const { planCollection } = await import('../gc/plan-collection.js');
  const before = await planCollection(session, { all: true });
  const after = await planCollection(session, { policy: proposed, all: true });
  const catalog = await session.catalog();
  return {
    from: current.id,
    to: proposed.id,
    settings: settingChanges(current.policy, proposed.policy),
    grants: grantChanges(current.policy, proposed.policy),
    verdicts: verdictChanges(before, after),
    idle: idleRules(proposed.policy, await catalog.live().all()),
    counts: { from: countsOf(before.header), to: countsOf(after.header) },
    locksOut: locksOut(proposed.policy, session.actor),
  };
}

/** Reads a proposed policy and sets it. An unknown capability in it is a refusal, and recorded as one (F2). */
export async function setPolicyFrom(
  session: Session,
  read: () => NamedPolicy | Promise<NamedPolicy>,
): ReturnType<typeof setPolicy> {
  return setPolicy(session, await recordingRefusal(session, read));
}

/** An unknown capability in a policy that is to be set is a refusal, and recorded as one (F2). */
export async function recordingRefusal<T>(session: Session, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (e) {
    if (!isHsError(e, 'HSK-4001')) throw e;
    return session.write('policy.set', [], () => Promise.reject(e));
  }
}

/** Changes settings of the policy in force. */
export async function changePolicy(
  session: Session,
  patches: readonly SettingPatch[],
): ReturnType<typeof setPolicy> {
  const { current, proposed } = await recordingRefusal(session, () => patchedPolicy(session, patches));
  return setPolicy(session, proposed, current.id);
}

/** The current policy with some settings changed. USAGE for an unknown setting or a value that it cannot have. */
export async function patchedPolicy(
  session: Session,
  patches: readonly SettingPatch[],
): Promise<{ readonly current: NamedPolicy; readonly proposed: NamedPolicy }> {
  const current = await currentPolicy(session);
  const patched = patchPolicy(current.policy, patches);
  try {
    const policy = toPolicy(patched);
    return { current, proposed: { id: sha256(encodePolicy(policy)), policy } };
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    throw new HsError('USAGE', e.message, {
      hint: 'hs help policy lists the settings; KEY= and KEY=null unset one that may be missing',
      cause: e,
    });
  }
}

/** A policy that was in force, by its hash or a prefix of it. */
export async function storedPolicy(session: Session, typed: string): Promise<NamedPolicy> {
  const id = await resolveObject(session, typed);
  await demandObjectRead(session, await session.catalog(), id);
  try {
    return { id, policy: decodePolicy(await session.store.objects.read(id, MAX_POLICY_BYTES)) };
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    throw new HsError('INVALID_RECORD', `the object '${typed}' is not a policy`, { cause: e });
  }
}

/** The settings and grants in which two policies differ. */
export function policyDifferences(from: NamedPolicy, to: NamedPolicy) {
  return {
    from: from.id,
    to: to.id,
    settings: settingChanges(from.policy, to.policy),
    grants: grantChanges(from.policy, to.policy),
  };
}

/**
 * Sets a policy (F1). One that would keep its own author from setting the next is refused. `replaces` is the policy
 * that it was made from: CONFLICT if another is in force by then.
 */
export async function setPolicy(
  session: Session,
  proposed: NamedPolicy,
  replaces?: ObjectId,
): Promise<{ readonly from: ObjectId; readonly to: ObjectId; readonly changed: boolean }> {
  return session.write('policy.set', [proposed.id], async (tx) => {
    if (locksOut(proposed.policy, session.actor)) {
      throw new HsError('REFUSED', 'cannot set this policy: its author could not set another', {
        hint: `grant 'policy.set' to '${session.actor.type}' in it`,
      });
    }
    if (isOfPolicy2(proposed.policy) && !hasFeature(session.store.format, 'policy-2')) {
      throw new HsError('USAGE', "the policy has settings that this store's format cannot hold", {
        hint: 'leave out secrets and export.full_debug_bundles: they are for stores made by a newer hs',
      });
    }
    const { id } = await tx.batch.addBytes(encodePolicy(proposed.policy), { apart: true });
    let from = id;
    const build: BuildDraft = (catalog) => {
      from = catalog.policyId;
      if (replaces !== undefined && from !== replaces) {
        throw new HsError('CONFLICT', 'another policy was set meanwhile', { hint: 'run the command again' });
      }
      if (from === id) return null;
      return {
        type: 'policy_changed',
        payload: { from, to: id },
        ops: [{ op: 'set_policy', policy: id }],
      };
    };
    const entry = await tx.commit(build, { toCome: () => proposed.policy });
    await acceptOutputRoot(session.store.local, proposed.policy);
    return { from, to: id, changed: entry !== undefined };
  });
}
