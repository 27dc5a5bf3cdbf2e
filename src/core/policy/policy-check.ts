import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { Json } from '../json/canonical.js';
import { ACTOR_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import type { PlanItem, PrunePlan, Rule } from '../retention/prune-plan.js';
import { type Actor, isAllowed } from './authorize.js';
import { CAPABILITIES, type CapabilityId } from './capabilities.js';
import type { Policy } from './policy.js';

/** One setting that differs; `undefined` where it is not set. */
export interface PolicySetting {
  /** For example `retention.classes.log.window_days`. */
  readonly setting: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** One capability that an actor, or every actor of a type, would gain or lose. */
export interface GrantChange {
  /** `ai_job`, or `ai_job:nightly`. */
  readonly actor: string;
  readonly capability: CapabilityId;
  readonly change: 'gains' | 'loses';
}

/** One artifact with a different retention verdict. */
export interface VerdictChange {
  readonly artifact_id: ArtifactRecord['artifact_id'];
  readonly name?: string;
  readonly from: { readonly verdict: PlanItem['verdict']; readonly rule: Rule };
  readonly to: { readonly verdict: PlanItem['verdict']; readonly rule: Rule };
}

/** Every setting in which the two policies differ, without the grants, sorted by name. */
export function settingChanges(from: Policy, to: Policy): PolicySetting[] {
  const [a, b] = [flatten(from), flatten(to)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((setting) => a.get(setting) !== b.get(setting))
    .map((setting) => ({
      setting,
      ...(a.has(setting) ? { from: a.get(setting)! } : {}),
      ...(b.has(setting) ? { to: b.get(setting)! } : {}),
    }));
}

function flatten({ grants: _, ...rest }: Policy): Map<string, Json> {
  const leaves = new Map<string, Json>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) {
      leaves.set(path, value as Json);
      return;
    }
    for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
  };
  visit(rest, '');
  return leaves;
}

/** For each actor named by a grant of either policy, the capabilities gained and lost. */
export function grantChanges(from: Policy, to: Policy): GrantChange[] {
  const changes: GrantChange[] = [];
  for (const actor of actorsOf([from, to])) {
    for (const capability of Object.keys(CAPABILITIES) as CapabilityId[]) {
      const [before, after] = [isAllowed(from, actor, capability), isAllowed(to, actor, capability)];
      if (before === after) continue;
      const shown = actor.id === '' ? actor.type : `${actor.type}:${actor.id}`;
      changes.push({ actor: shown, capability, change: after ? 'gains' : 'loses' });
    }
  }
  return changes;
}

/** Each type as a whole (with an id nobody has), and each named actor. */
function actorsOf(policies: readonly Policy[]): Actor[] {
  const named = new Set(
    policies.flatMap((p) =>
      p.grants.flatMap((g) => (g.actor_id === undefined ? [] : [`${g.actor}:${g.actor_id}`])),
    ),
  );
  return [
    ...ACTOR_TYPES.map((type) => ({ type, id: '' })),
    ...[...named].sort().map((text) => {
      const colon = text.indexOf(':');
      return { type: text.slice(0, colon) as Actor['type'], id: text.slice(colon + 1) };
    }),
  ];
}

/** Rules that apply to no artifact in the store and to no actor. */
export function idleRules(policy: Policy, artifacts: Iterable<ArtifactRecord>): string[] {
  const classes = new Set<string>();
  let ephemeral = false;
  for (const artifact of artifacts) {
    classes.add(artifact.retention_class);
    ephemeral ||= artifact.layer === 'L4';
  }
  const idle = RETENTION_CLASSES.filter((c) => !classes.has(c)).map(
    (c) => `retention.classes.${c}: no artifact is of this class`,
  );
  if (!ephemeral) idle.push('retention.ephemeral_hours: no artifact is in L4');
  for (const type of ACTOR_TYPES) {
    const exports = policy.grants.some(
      (g) => g.actor === type && g.capabilities.some((c) => c.startsWith('artifact.export')),
    );
    if (policy.export.budgets[type] !== undefined && !exports) {
      idle.push(`export.budgets.${type}: no grant lets it export`);
    }
  }
  policy.grants.forEach((grant, i) => {
    const rest = { ...policy, grants: policy.grants.filter((_, j) => j !== i) };
    const actor = { type: grant.actor, id: grant.actor_id ?? '' };
    if (grant.capabilities.every((c) => isAllowed(rest, actor, c))) {
      idle.push(`grants.${i}: it grants nothing that is not granted without it`);
    }
  });
  return idle;
}

/** Artifacts whose verdict or rule differs between the plans under the two policies, in order of id. */
export function verdictChanges(from: PrunePlan, to: PrunePlan): VerdictChange[] {
  const before = new Map(from.items.map((i) => [i.artifact_id, i]));
  const changes: VerdictChange[] = [];
  for (const item of to.items) {
    const old = before.get(item.artifact_id);
    if (old === undefined || (old.verdict === item.verdict && old.rule === item.rule)) continue;
    changes.push({
      artifact_id: item.artifact_id,
      ...(item.name === undefined ? {} : { name: item.name }),
      from: { verdict: old.verdict, rule: old.rule },
      to: { verdict: item.verdict, rule: item.rule },
    });
  }
  return changes;
}

/** Whether this actor would be unable to set the next policy. */
export function locksOut(policy: Policy, author: Actor): boolean {
  return !isAllowed(policy, author, 'policy.set');
}
