import { ACTOR_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { isAllowed } from './authorize.js';
import { CAPABILITIES, type CapabilityId } from './capabilities.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';

/** A term of a policy and its meaning, for the page that explains them. */
export interface PolicyTerm {
  readonly term: string;
  readonly meaning: string;
}

/** Unit and meaning of each field; CLASS stands for any retention class, ACTOR for any actor type. */
const FIELDS: Readonly<Record<string, string>> = {
  schema: 'the format of the policy',
  'retention.classes.CLASS.window_days':
    'whole days, 0 to 36500: how long artifacts of this class are kept, from when they were registered',
  'retention.classes.CLASS.floor':
    'a count: how many of the newest artifacts of a series are kept after the window',
  'retention.quota_bytes': 'bytes that all artifacts together may take; no quota if unset',
  'retention.trash_days':
    'whole days, 0 to 36500: how long removed artifacts can be brought back, except high ones and prompt payloads',
  'retention.hold_sources': 'true or false: whether the sources of a pinned artifact are kept with it',
  'retention.ephemeral_hours': 'whole hours: how long artifacts of layer L4 are kept',
  'export.output_root':
    'a path, absolute or relative to the workspace: the default destination of exports, and the only one that artifact.export:output_root allows',
  'export.budgets.ACTOR.total_bytes':
    'total bytes of one export, or of the output of one run; no limit if unset; the three of an actor are set and unset together',
  'export.budgets.ACTOR.files': 'a count: files in one export or run',
  'export.budgets.ACTOR.file_bytes': 'bytes of the largest file in one export or run',
  'export.full_debug_bundles':
    'true or false: whether hs bundle debug --mode full makes a bundle that may be exported',
  'run.least_level':
    'enforced+observed, isolated, enforced, detected or none: the weakest sandbox that hs run may use; isolated also hides the store, other processes, terminals and keys from the tool',
  'secrets.on_detect':
    'warn or refuse: what hs does when text for the ledger looks like a secret, see hs-scan(1); what has already happened, such as the end of a run, is recorded with a warning',
  'grants.N.actor': `${ACTOR_TYPES.join(', ')}: the type of actor that gets the grant`,
  'grants.N.actor_id': 'one actor of that type; all of them if unset',
  'grants.N.capabilities': 'the capabilities granted, from the list below; anything not granted is refused',
};

/** The name of each setting, one for each class and actor type; grants are set as a whole. */
export function settingNames(): string[] {
  const names = Object.keys(FIELDS).filter((name) => name !== 'schema' && !name.startsWith('grants.'));
  const each = (name: string, word: string, of: readonly string[]) =>
    name.includes(word) ? of.map((one) => name.replace(word, one)) : [name];
  return [
    ...names
      .flatMap((n) => each(n, 'CLASS', RETENTION_CLASSES))
      .flatMap((n) => each(n, 'ACTOR', ACTOR_TYPES)),
    'grants',
  ];
}

function valueAt(policy: Policy, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], policy);
}

/** The value in the default policy: a single one if all agree, else one for each class or actor type. */
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

/** Every capability, and the actors to which the default policy grants it. */
export function policyCapabilities(): readonly PolicyTerm[] {
  return (Object.keys(CAPABILITIES) as CapabilityId[]).map((id) => {
    const holders = ACTOR_TYPES.filter((type) => isAllowed(DEFAULT_POLICY, { type, id: '' }, id));
    return { term: id, meaning: `${CAPABILITIES[id]} (default: ${holders.join(', ') || 'nobody'})` };
  });
}
