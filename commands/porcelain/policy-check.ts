import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { counted } from '../../src/cli/text/human.js';
import type { Json } from '../../src/core/json/canonical.js';
import { labelOf } from '../../src/core/manifest/label-of.js';

/** `hs policy check`: what a policy would change, and which rules match nothing. */
export const policyCheck = command({
  name: 'policy check',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'show what a policy would change, and rules that match nothing',
  positionals: { file: one('FILE', { complete: 'file' }) },
  resultSchema: 'hs.policy-check/1',
  examples: [{ command: 'hs policy check policy.json', explains: 'Check a policy before setting it.' }],
  exits: { 5: 'it is not a policy', 6: 'it names an unknown capability (HSK-4001)' },
  seeAlso: ['hs-policy-show(1)', 'hs-policy-set(1)', 'hs-gc(1)'],
  async run({ args, path, disk, session }) {
    const { checkPolicy, readPolicyFile } = await import('../../src/ops/govern/set-policy.js');
    const proposed = await readPolicyFile(await disk(), path(args.file));
    const { locksOut, verdicts, ...rest } = await checkPolicy(await session(), proposed);
    return { ...rest, verdicts, locks_out_author: locksOut };
  },
  render(check, view) {
    const shown = (value: Json | undefined) => (value === undefined ? 'unset' : JSON.stringify(value));
    const lines = [
      ...check.settings.map((s) => `${s.setting}: ${shown(s.from)} -> ${shown(s.to)}`),
      ...check.grants.map((g) => `${g.actor} ${g.change} ${g.capability}`),
      ...check.verdicts.map(
        (v) => `${labelOf(v)}: ${v.from.verdict} (${v.from.rule}) -> ${v.to.verdict} (${v.to.rule})`,
      ),
      ...check.idle.map((rule) => `matches nothing: ${rule}`),
      ...(check.locks_out_author ? ['it would lock out its own author, so it cannot be set'] : []),
    ];
    const changes = check.settings.length + check.grants.length;
    lines.push(
      changes === 0
        ? 'it changes nothing'
        : `it changes ${counted(changes, 'rule')}, and the verdict on ${counted(check.verdicts.length, 'artifact')}`,
    );
    return lines.map((line) => view.text(line)).join('\n');
  },
});
