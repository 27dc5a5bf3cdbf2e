import { command } from '../../src/cli/command.js';
import { bytes, flag, text } from '../../src/cli/options.js';
import { setPlanStatus } from '../../src/cli/removal-status.js';

/** `hs plan-prune`: the plan as it is saved and applied later (D3). */
export const planPrune = command({
  name: 'plan-prune',
  class: 'plumbing',
  opens: 'read',
  verdict: true,
  summary: 'print the plan of a collection, to be applied later',
  description: `Prints what hs-gc(1) would do, and why, for every artifact: canonical JSON Lines, a header first, an item a line in order of artifact id, and at the end a line with the hash of all before it. Nothing is changed.

The same store, policy and clock give the same bytes. With --policy, the plan shows what another policy would do; such a plan cannot be applied before that policy is set.`,
  options: {
    policy: text('FILE', 'plan by the policy in FILE instead of the one in force', { complete: 'file' }),
    quota: bytes('BYTES', 'plan for this many bytes at most, whatever the policy says'),
    exitCode: flag(undefined, 'exit with 1 when something would be removed'),
  },
  streams: true,
  examples: [
    { command: 'hs plan-prune > plan.jsonl', explains: 'Save the plan for a review.' },
    { command: 'hs gc --apply plan.jsonl', explains: 'Later: remove what it lists and still may go.' },
  ],
  exits: { 1: 'something would be removed (with --exit-code)', 11: 'the quota cannot be met' },
  seeAlso: ['hs-gc(1)', 'hs-apply-prune(1)', 'hs-policy-show(1)'],
  async run(context) {
    const { options, session, out, path, disk } = context;
    const { planCollection } = await import('../../src/ops/gc/plan-collection.js');
    const { encodePlanPieces } = await import('../../src/core/retention/plan-file.js');
    const { readPolicyFile } = await import('../../src/ops/govern/set-policy.js');
    const policy =
      options.policy === undefined ? undefined : await readPolicyFile(await disk(), path(options.policy));
    const plan = await planCollection(await session(), { policy, quotaBytes: options.quota });
    for (const piece of encodePlanPieces(plan)) await out.bytes(piece);
    setPlanStatus(context, plan.header, options.exitCode);
  },
});
