import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../json/canonical.js';
import { check, natural } from '../json/schema.js';
import { ACTOR_TYPES } from '../manifest/vocabulary.js';
import { type CapabilityId, toCapabilityId } from './capabilities.js';

export const POLICY_SCHEMA = 'hs.policy/1';
export const MAX_POLICY_BYTES = 256 * 1024;

const days = z.int().check(z.minimum(0), z.maximum(36_500));
const classRule = z.strictObject({ window_days: days, floor: natural });
const budget = z.strictObject({ total_bytes: natural, files: natural, file_bytes: natural });

const grant = z.strictObject({
  actor: z.enum(ACTOR_TYPES),
  /** Absent: every actor of that type. */
  actor_id: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  capabilities: z.array(z.string()),
});

export const policySchema = z.strictObject({
  schema: z.literal(POLICY_SCHEMA),
  retention: z.strictObject({
    classes: z.strictObject({
      log: classRule,
      result: classRule,
      evidence: classRule,
      cache: classRule,
      checkpoint: classRule,
    }),
    quota_bytes: z.optional(natural),
    trash_days: days,
    hold_sources: z.boolean(),
    ephemeral_hours: natural,
  }),
  export: z.strictObject({
    /** Relative to the workspace, or absolute. */
    output_root: z.string().check(z.minLength(1), z.maxLength(4096)),
    budgets: z.strictObject({
      human: z.optional(budget),
      ai_job: z.optional(budget),
      plugin_tool: z.optional(budget),
    }),
    /** Whether full debug bundles may be made exportable. Absent: no. */
    full_debug_bundles: z.optional(z.boolean()),
  }),
  run: z.strictObject({
    least_level: z.enum(['enforced+observed', 'isolated', 'enforced', 'detected', 'none']),
  }),
  secrets: z.optional(
    z.strictObject({
      /** What to do about suspected secrets before they enter the ledger permanently. Absent: warn. */
      on_detect: z.enum(['warn', 'refuse']),
    }),
  ),
  grants: z.array(grant),
});

type Checked = z.output<typeof policySchema>;
export type Grant = Omit<Checked['grants'][number], 'capabilities'> & {
  readonly capabilities: readonly CapabilityId[];
};
/** The store's policy (D2, F1, B8). Days and hours are whole numbers; sizes are in bytes. */
export type Policy = Omit<Checked, 'grants'> & { readonly grants: readonly Grant[] };
export type Budget = z.output<typeof budget>;

/** Whether it has fields that require the store feature `policy-2`. */
export function isOfPolicy2(policy: Policy): boolean {
  return policy.secrets !== undefined || policy.export.full_debug_bundles !== undefined;
}

/** Checks a value as a policy; HSK-4001 for an unknown capability. */
export function toPolicy(value: unknown): Policy {
  const policy = check(policySchema, value, 'INVALID_RECORD', 'policy');
  return {
    ...policy,
    grants: policy.grants.map((g) => ({ ...g, capabilities: g.capabilities.map(toCapabilityId) })),
  };
}

export function encodePolicy(policy: Policy): Buffer {
  return canonicalBytes(policy);
}

export function decodePolicy(bytes: Uint8Array): Policy {
  return toPolicy(parseCanonical(bytes, MAX_POLICY_BYTES));
}

const MIB = 1024 * 1024;
const PROGRAM_BUDGET: Budget = { total_bytes: 256 * MIB, files: 10_000, file_bytes: 64 * MIB };

/** The policy that entry 0 of a new store sets (D2); a job exports only below the output root. */
export const DEFAULT_POLICY: Policy = {
  schema: POLICY_SCHEMA,
  retention: {
    classes: {
      log: { window_days: 30, floor: 3 },
      result: { window_days: 30, floor: 3 },
      evidence: { window_days: 30, floor: 3 },
      cache: { window_days: 7, floor: 3 },
      checkpoint: { window_days: 30, floor: 3 },
    },
    trash_days: 7,
    hold_sources: true,
    ephemeral_hours: 24,
  },
  export: { output_root: 'hs-out', budgets: { ai_job: PROGRAM_BUDGET, plugin_tool: PROGRAM_BUDGET } },
  // No minimum: the best available level is used, and running without a sandbox takes an explicit option (E1).
  run: { least_level: 'none' },
  grants: [
    {
      actor: 'human',
      capabilities: [
        'artifact.create',
        'artifact.export',
        'artifact.promote',
        'artifact.read',
        'artifact.read:restricted',
        'artifact.reclassify',
        'artifact.remove',
        'artifact.restore',
        'artifact.revise',
        'bundle.import',
        'integrity.repair',
        'ledger.accept_rollback',
        'ledger.note',
        'pin.set',
        'policy.set',
        'retention.collect',
        'retention.purge',
        'tool.run',
      ],
    },
    {
      actor: 'ai_job',
      capabilities: [
        'artifact.create',
        'artifact.export:output_root',
        'artifact.read',
        'pin.set:own',
        'tool.run',
      ],
    },
    { actor: 'plugin_tool', capabilities: ['artifact.create'] },
  ],
};
