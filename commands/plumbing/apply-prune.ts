import { bestEffort } from '../../src/cli/best-effort-option.js';
import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { setRemovalStatus } from '../../src/cli/removal-status.js';
import { doneRemoval, REMOVAL_LISTS } from '../../src/cli/retention-documents.js';
import { removalText } from '../../src/cli/text/removal-text.js';

/** `hs apply-prune`: removes what both a saved plan and a new one list (D3). */
export const applyPrune = command({
  name: 'apply-prune',
  class: 'plumbing',
  opens: 'write',
  summary: 'apply a saved plan',
  description: `Removes what the plan lists, if a new plan made at the moment of the commit under the same policy would remove it too. It never removes more than the plan showed, and nothing that has become worth keeping since. What was spared is reported.

A plan is refused if it is for another store, was made under another policy, was applied before, is incomplete, or was edited.`,
  positionals: {
    plan: one('PLAN', { complete: 'file', summary: 'a plan from hs plan-prune; - for standard input' }),
  },
  options: { bestEffort: bestEffort() },
  resultSchema: 'hs.apply-prune/1',
  list: REMOVAL_LISTS,
  examples: [{ command: 'hs apply-prune plan.jsonl', explains: 'Apply a plan that was reviewed.' }],
  exits: {
    3: 'done, but some artifacts are damaged and were not touched',
    8: 'the plan is stale',
    11: 'the quota cannot be met; nothing was removed unless --best-effort was given',
  },
  seeAlso: ['hs-plan-prune(1)', 'hs-gc(1)', 'hs-restore(1)'],
  async run(context) {
    const { readPlan } = await import('../../src/cli/read-plan.js');
    const { collect } = await import('../../src/ops/gc/collect-garbage.js');
    const seen = await readPlan(context, context.args.plan);
    const { bestEffort } = context.options;
    const done = doneRemoval(await collect(await context.session(), { seen, bestEffort }));
    setRemovalStatus(context, done);
    return done;
  },
  render: removalText,
});
