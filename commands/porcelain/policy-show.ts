import { command } from '../../src/cli/command.js';

/** `hs policy show`: the policy in force, as a file that `hs policy set` takes. */
export const policyShow = command({
  name: 'policy show',
  class: 'porcelain',
  opens: 'read',
  summary: 'print the policy in force',
  resultSchema: 'hs.policy-show/1',
  examples: [{ command: 'hs policy show > policy.json', explains: 'Save it to be changed.' }],
  seeAlso: ['hs-policy-check(1)', 'hs-policy-set(1)'],
  async run({ session }) {
    const { currentPolicy } = await import('../../src/ops/govern/set-policy.js');
    const { id, policy } = await currentPolicy(await session());
    return { policy_id: id, policy };
  },
  // The writer escapes what could steer a terminal; quotes and newlines are the document's own.
  render: ({ policy }) => JSON.stringify(policy, undefined, 2),
});
