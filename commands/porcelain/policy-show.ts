import { command } from '../../src/cli/command.js';

/** `hs policy show`: the current policy, in the form that `hs policy set` reads. */
export const policyShow = command({
  name: 'policy show',
  class: 'porcelain',
  opens: 'read',
  summary: 'print the current policy',
  resultSchema: 'hs.policy-show/1',
  examples: [{ command: 'hs policy show > policy.json', explains: 'Save it for editing.' }],
  seeAlso: ['hs-policy-check(1)', 'hs-policy-set(1)'],
  async run({ session }) {
    const { currentPolicy } = await import('../../src/ops/govern/set-policy.js');
    const { id, policy } = await currentPolicy(await session());
    return { policy_id: id, policy };
  },
  // The writer escapes terminal control characters; quotes and newlines belong to the document.
  render: ({ policy }) => JSON.stringify(policy, undefined, 2),
});
