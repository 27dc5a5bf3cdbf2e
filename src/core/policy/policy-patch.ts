import { HsError } from '../../errors/hs-error.js';
import { nearest } from '../text/suggest.js';
import type { Policy } from './policy.js';
import { settingNames } from './policy-fields.js';

/** One setting to change; without a value it is unset. */
export interface SettingPatch {
  /** For example `retention.classes.log.window_days`. */
  readonly setting: string;
  /** Null unsets it as well. */
  readonly value?: unknown;
}

/** `KEY=VALUE`, as typed: VALUE is JSON if it can be read as such, and else text; an empty one, or null, unsets KEY. */
export function parseSetting(raw: string): SettingPatch | undefined {
  const [, setting, text] = /^(\w+(?:\.\w+)*)=(.*)$/s.exec(raw) ?? [];
  if (setting === undefined) return undefined;
  if (text === '') return { setting };
  try {
    return { setting, value: JSON.parse(text!) };
  } catch {
    return { setting, value: text };
  }
}

/** A policy with some settings changed; not yet checked as one. USAGE, with candidates, for one that no policy has. */
export function patchPolicy(policy: Policy, patches: readonly SettingPatch[]): unknown {
  const patched = structuredClone(policy) as unknown as Record<string, unknown>;
  for (const { setting, value } of patches) {
    demandKnown(setting);
    const path = setting.split('.');
    const last = path.pop()!;
    let at = patched;
    for (const key of path) at = at[key] = { ...(at[key] as Record<string, unknown> | undefined) };
    if (value === undefined || value === null) delete at[last];
    else at[last] = value;
  }
  return patched;
}

/** A setting, or a group of them. */
function demandKnown(setting: string): void {
  const names = settingNames();
  if (names.some((name) => name === setting || name.startsWith(`${setting}.`))) return;
  if (setting.startsWith('grants.')) {
    throw new HsError('USAGE', `grants are set as a whole: '${setting}' cannot be set alone`, {
      hint: 'hs policy edit, or hs policy set FILE',
      details: { candidates: ['grants'] },
    });
  }
  const near = nearest(setting, names, 3);
  throw new HsError('USAGE', `a policy has no setting '${setting}'`, {
    hint: near.length === 0 ? 'hs help policy lists them' : `did you mean ${near.join(' or ')}?`,
    details: { candidates: near },
  });
}
