import { command } from '../../src/cli/command.js';
import { filterOptions, NARROWS } from '../../src/cli/filter-options.js';
import { bytes, flag, text } from '../../src/cli/options.js';
import { setPlanStatus } from '../../src/cli/removal-status.js';

/** `hs plan-prune`: a plan to save and apply later (D3). */
export const planPrune = command({
  name: 'plan-prune',
  class: 'plumbing',
  opens: 'read',
  verdict: true,
  summary: 'print a collection plan to apply later',
  description: `Prints what hs-gc(1) would do, and why, as canonical JSON Lines: a header, then a line for each artifact that would be removed, in order of artifact id, and last a line with the hash of everything before it. Nothing is changed.

The header has the number of artifacts and the bytes of their payloads by rule, and in kept_hash the SHA-256 of the list of what is kept: a line with id and rule for each artifact, in order of id. With --all, what is kept is listed too. Plans of earlier versions, which list every artifact, can still be applied.

The same store, policy and clock give the same bytes. With --policy, the plan shows what another policy would do; such a plan can be applied only after that policy is set.

${NARROWS} The header has them in filters, with times and artifacts as they were when the plan was made, and hs-gc(1) asks the same again when it applies the plan.`,
  options: {
    policy: text('FILE', 'use the policy in FILE instead of the current one', { complete: 'file' }),
    quota: bytes('BYTES', 'keep at most this many bytes, overriding the policy'),
    ...filterOptions,
    all: flag('a', 'list what is kept too'),
    exitCode: flag(undefined, 'exit with 1 if anything would be removed'),
  },
  streams: true,
  examples: [
    { command: 'hs plan-prune > plan.jsonl', explains: 'Save the plan for review.' },
    {
      command: 'hs plan-prune --filter label.env=ci > ci.jsonl',
      explains: 'Plan only what a CI run left behind.',
    },
    { command: 'hs gc --apply plan.jsonl', explains: 'Apply it later.' },
  ],
  exits: { 1: 'with --exit-code: something would be removed', 11: 'the quota cannot be met' },
  seeAlso: ['hs-gc(1)', 'hs-apply-prune(1)', 'hs-policy-show(1)'],
  async run(context) {
    const { options, session, out } = context;
    const { judgeCollection } = await import('../../src/ops/gc/plan-collection.js');
    const { PlanWriter } = await import('../../src/core/retention/plan-file.js');
    const { readPolicyFile } = await import('../../src/cli/read-policy.js');
    const policy = options.policy === undefined ? undefined : await readPolicyFile(context, options.policy);
    const planned = await judgeCollection(await session(), {
      policy,
      quotaBytes: options.quota,
      filters: options.filter,
    });
    const { header } = planned;
    const writer = new PlanWriter();
    const lines = [header, ...(options.all ? [] : await planned.items(planned.judged.pruned))];
    for (const piece of writer.lines(lines)) await out.bytes(piece);
    if (options.all)
      for await (const items of planned.batches())
        for (const piece of writer.lines(items)) await out.bytes(piece);
    await out.bytes(writer.end());
    setPlanStatus(context, header, options.exitCode);
  },
});
