import { command } from '../../src/cli/command.js';
import { maybe, one } from '../../src/cli/positionals.js';
import { policyChangeLines } from '../../src/cli/text/policy-text.js';

/** `hs policy diff`: what differs between two policies. */
export const policyDiff = command({
  name: 'policy diff',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'compare two policies',
  description: `Compares two policies, or the policy in force with one. Each is a FILE, or the id of a policy that was in force (hs-log(1) names them), or a unique prefix of at least 6 hex digits. What can be both is a FILE.

Prints each setting that differs, and each capability that an actor would gain or lose. The status is 1 if they differ.`,
  synopsis: ['hs policy diff POLICY [POLICY]'],
  positionals: {
    first: one('POLICY', { complete: 'file' }),
    second: maybe('POLICY', { complete: 'file' }),
  },
  resultSchema: 'hs.policy-diff/1',
  examples: [{ command: 'hs policy diff policy.json', explains: 'Compare a file with the policy in force.' }],
  exits: { 1: 'they differ', 5: 'one is not a policy' },
  seeAlso: ['hs-policy-show(1)', 'hs-policy-check(1)', 'hs-policy-set(1)'],
  async run(context) {
    const { args, path, disk, session, exit } = context;
    const { readPolicyFile } = await import('../../src/cli/read-policy.js');
    const ops = await import('../../src/ops/govern/set-policy.js');
    const s = await session();
    const real = await disk();
    const read = async (typed: string) => {
      const isFile = (await real.find(path(typed))) !== undefined || !/^[0-9a-f]{6,64}$/i.test(typed);
      return isFile ? readPolicyFile(context, typed) : ops.storedPolicy(s, typed);
    };
    const first = await read(args.first);
    const [from, to] =
      args.second === undefined ? [await ops.currentPolicy(s), first] : [first, await read(args.second)];
    const differences = ops.policyDifferences(from, to);
    if (differences.settings.length + differences.grants.length > 0) exit(1);
    return differences;
  },
  render: (differences, view) =>
    policyChangeLines(differences)
      .map((line) => view.text(line))
      .join('\n'),
});
