import type { Json } from '../../core/json/canonical.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { GrantChange, PolicySetting, VerdictChange } from '../../core/policy/policy-check.js';
import { counted } from '../../core/text/human.js';
import type { View } from './view.js';

interface Changes {
  readonly settings: readonly PolicySetting[];
  readonly grants: readonly GrantChange[];
}

interface Effects extends Changes {
  readonly verdicts: readonly VerdictChange[];
  readonly idle: readonly string[];
  readonly counts: Readonly<Record<'from' | 'to', { readonly kept: number; readonly pruned: number }>>;
  readonly locks_out_author: boolean;
}

const shown = (value: Json | undefined) => (value === undefined ? 'unset' : JSON.stringify(value));

/** What differs between two policies. Not escaped. */
export function policyChangeLines({ settings, grants }: Changes): string[] {
  return [
    ...settings.map((s) => `${s.setting}: ${shown(s.from)} -> ${shown(s.to)}`),
    ...grants.map((g) => `${g.actor} ${g.change} ${g.capability}`),
  ];
}

/** Lines of changed verdicts without --verbose. */
const MOST_VERDICTS = 20;

/** What a policy would change. Not escaped. */
export function policyEffectLines(check: Effects, view: Pick<View, 'verbose'>): string[] {
  const { settings, grants, verdicts, counts } = check;
  const told = view.verbose ? verdicts : verdicts.slice(0, MOST_VERDICTS);
  const more = verdicts.length - told.length;
  const lines = [
    ...policyChangeLines(check),
    ...told.map((v) => {
      const [before, after] = [v.from, v.to].map((verdict) => `${verdict.verdict} (${verdict.rule})`);
      return `${labelOf(v)}: ${before} -> ${after}`;
    }),
    ...(more > 0 ? [`and ${counted(more, 'more verdict')}; --verbose lists all`] : []),
    ...check.idle.map((rule) => `matches nothing: ${rule}`),
    ...(check.locks_out_author ? ['it would lock out its own author, so it cannot be set'] : []),
  ];
  const changes = settings.length + grants.length;
  if (changes === 0) return [...lines, 'it changes nothing'];
  lines.push(
    `it changes ${counted(changes, 'rule')}, and the verdict on ${counted(verdicts.length, 'artifact')}`,
  );
  if (counts.from.pruned !== counts.to.pruned) {
    lines.push(
      `a collection now would prune ${counts.to.pruned} instead of ${counts.from.pruned}, and keep ${counts.to.kept}`,
    );
  }
  return lines;
}

/** A policy that was set, or would be, with what it changes. */
export function renderPolicySet(
  done: { readonly from: string; readonly to: string; readonly changed: boolean; readonly check?: Effects },
  view: View,
): string | undefined {
  if (view.quiet) return undefined;
  const { check } = done;
  // What matched nothing before is told by hs policy check.
  const isChanged = (rule: string) =>
    check?.settings.some(({ setting }) => setting.startsWith(rule.split(':')[0]!));
  const lines =
    check === undefined ? [] : policyEffectLines({ ...check, idle: check.idle.filter(isChanged) }, view);
  if (done.changed) lines.push(`policy ${done.to.slice(0, 8)} is in force`);
  else if (done.from === done.to) lines.push('this policy is in force already');
  return lines.map((line) => view.text(line)).join('\n');
}
