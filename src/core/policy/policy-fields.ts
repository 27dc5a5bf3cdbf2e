import { ACTOR_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { isAllowed } from './authorize.js';
import { CAPABILITIES, type CapabilityId } from './capabilities.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';

/** A word of a policy and what it means, for the page that explains them. */
export interface PolicyTerm {
  readonly term: string;
  readonly meaning: string;
}

/** Each field's unit and meaning; CLASS stands for each retention class, ACTOR for each type of actor. */
const FIELDS: Readonly<Record<string, string>> = {
  schema: 'which format the policy is of',
  'retention.classes.CLASS.window_days':
    'whole days, 0 to 36500: so long an artifact of the class is kept, from the entry that registered it',
  'retention.classes.CLASS.floor': 'a count: so many of the newest of a series are kept after the window',
  'retention.quota_bytes': 'bytes that all artifacts may take; without it there is no quota',
  'retention.trash_days':
    'whole days, 0 to 36500: so long what was removed can be brought back, unless it is high or a prompt payload',
  'retention.hold_sources': 'true or false: whether the sources of a pinned artifact are held with it',
  'retention.ephemeral_hours': 'whole hours: so long an artifact of layer L4 is kept',
  'export.output_root':
    'a path, absolute or relative to the workspace: where exports go by default, and all that artifact.export:output_root allows',
  'export.budgets.ACTOR.total_bytes': 'bytes of one export in all; without a budget there is no bound',
  'export.budgets.ACTOR.files': 'a count: files of one export',
  'export.budgets.ACTOR.file_bytes': 'bytes of the largest file of one export',
  'export.full_debug_bundles':
    'true or false: whether hs bundle debug --mode full makes a bundle that may be exported',
  'run.least_level':
    'enforced+observed, isolated, enforced, detected or none: the weakest sandbox that hs run may use; isolated keeps the tool from the store, other processes, terminals and keys too',
  'secrets.on_detect':
    'warn or refuse: what hs does when a name, a label, a reason, a note or recorded arguments look like a secret',
  'grants.N.actor': `${ACTOR_TYPES.join(', ')}: whom the grant is for`,
  'grants.N.actor_id': 'which one of these; without it, all of them',
  'grants.N.capabilities': 'what they may do, from the capabilities below; what no grant allows is refused',
};

function valueAt(policy: Policy, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], policy);
}

/** The default policy's value: one where all agree, else one for each that CLASS or ACTOR stands for. */
function defaultOf(field: string): string {
  if (field.startsWith('grants.')) return '';
  const [word, stands] = field.includes('CLASS') ? ['CLASS', RETENTION_CLASSES] : ['ACTOR', ACTOR_TYPES];
  const shown = (path: string) => String(valueAt(DEFAULT_POLICY, path) ?? 'unset');
  const each = stands.map((name) => [name, shown(field.replace(word, name))] as const);
  const same = each.every(([, value]) => value === each[0]![1]);
  const values = same ? each[0]![1] : each.map(([name, value]) => `${name} ${value}`).join(', ');
  return ` (default: ${values})`;
}

/** Every field of a policy, as `hs policy show` prints it: meaning, unit and default. */
export function policyFields(): readonly PolicyTerm[] {
  return Object.entries(FIELDS).map(([term, meaning]) => ({ term, meaning: meaning + defaultOf(term) }));
}

/** Every capability, and which actors the default policy grants it. */
export function policyCapabilities(): readonly PolicyTerm[] {
  return (Object.keys(CAPABILITIES) as CapabilityId[]).map((id) => {
    const holders = ACTOR_TYPES.filter((type) => isAllowed(DEFAULT_POLICY, { type, id: '' }, id));
    return { term: id, meaning: `${CAPABILITIES[id]} (default: ${holders.join(', ') || 'nobody'})` };
  });
}
