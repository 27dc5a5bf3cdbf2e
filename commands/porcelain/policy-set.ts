import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';

/** `hs policy set`: another policy, by a ledger entry. */
export const policySet = command({
  name: 'policy set',
  class: 'porcelain',
  opens: 'write',
  summary: 'put a policy in force',
  description: `The policy before stays in the store, and the ledger names both. A policy that would keep its own author from setting the next one is refused.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  resultSchema: 'hs.policy-set/1',
  examples: [{ command: 'hs policy set policy.json', explains: 'Put it in force.' }],
  exits: {
    5: 'it is not a policy',
    6: 'not allowed, an unknown capability (HSK-4001), or its author is locked out',
  },
  seeAlso: ['hs-policy-show(1)', 'hs-policy-check(1)'],
  async run({ args, path, disk, session }) {
    const { readPolicyFile, setPolicyFrom } = await import('../../src/ops/govern/set-policy.js');
    const real = await disk();
    return setPolicyFrom(await session(), () => readPolicyFile(real, path(args.file)));
  },
  render: ({ to, changed }, view) =>
    view.quiet
      ? undefined
      : changed
        ? `policy ${to.slice(0, 8)} is in force`
        : 'this policy is in force already',
});
