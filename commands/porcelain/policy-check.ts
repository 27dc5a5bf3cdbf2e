import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { policyEffectLines } from '../../src/cli/text/policy-text.js';

/** `hs policy check`: what a policy would change, and which rules match nothing. */
export const policyCheck = command({
  name: 'policy check',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'show what a policy would change, and rules that match nothing',
  description:
    'Shows what a policy would change, and the rules in it that match nothing. Of the verdicts on artifacts that would change, the first 20 are shown, and all with --verbose.',
  positionals: { file: one('FILE', { complete: 'file' }) },
  resultSchema: 'hs.policy-check/1',
  examples: [{ command: 'hs policy check policy.json', explains: 'Check a policy before setting it.' }],
  exits: { 5: 'it is not a policy', 6: 'it names an unknown capability (HSK-4001)' },
  seeAlso: ['hs-policy-show(1)', 'hs-policy-diff(1)', 'hs-policy-set(1)', 'hs-gc(1)'],
  async run(context) {
    const { args, session } = context;
    const { readPolicyFile } = await import('../../src/cli/read-policy.js');
    const { checkPolicy } = await import('../../src/ops/govern/set-policy.js');
    const proposed = await readPolicyFile(context, args.file);
    const { locksOut, verdicts, ...rest } = await checkPolicy(await session(), proposed);
    return { ...rest, verdicts, locks_out_author: locksOut };
  },
  render: (check, view) =>
    policyEffectLines(check, view)
      .map((line) => view.text(line))
      .join('\n'),
});
