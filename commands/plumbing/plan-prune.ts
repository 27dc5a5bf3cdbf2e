import { command } from '../../src/cli/command.js';
import { bytes, flag, text } from '../../src/cli/options.js';
import { setPlanStatus } from '../../src/cli/removal-status.js';

/** `hs plan-prune`: a plan to save and apply later (D3). */
export const planPrune = command({
  name: 'plan-prune',
  class: 'plumbing',
  opens: 'read',
  verdict: true,
  summary: 'print a collection plan to apply later',
  description: `Prints what hs-gc(1) would do with every artifact, and why, as canonical JSON Lines: a header, then one item per line in order of artifact id, and last a line with the hash of everything before it. Nothing is changed.

The same store, policy and clock give the same bytes. With --policy, the plan shows what another policy would do; such a plan can be applied only after that policy is set.`,
  options: {
    policy: text('FILE', 'use the policy in FILE instead of the current one', { complete: 'file' }),
    quota: bytes('BYTES', 'keep at most this many bytes, overriding the policy'),
    exitCode: flag(undefined, 'exit with 1 if anything would be removed'),
  },
  streams: true,
  examples: [
    { command: 'hs plan-prune > plan.jsonl', explains: 'Save the plan for review.' },
    { command: 'hs gc --apply plan.jsonl', explains: 'Apply it later.' },
  ],
  exits: { 1: 'with --exit-code: something would be removed', 11: 'the quota cannot be met' },
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
