import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';

/** `hs policy set`: sets the policy by a ledger entry. */
export const policySet = command({
  name: 'policy set',
  class: 'porcelain',
  opens: 'write',
  summary: 'set the policy',
  description: `The previous policy stays in the store, and the ledger names both. A policy under which its author could not set the next one is refused.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  resultSchema: 'hs.policy-set/1',
  examples: [{ command: 'hs policy set policy.json', explains: 'Set the policy.' }],
  exits: {
    5: 'it is not a policy',
    6: 'the actor lacks the capability, a capability is unknown (HSK-4001), or the author would be locked out',
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
