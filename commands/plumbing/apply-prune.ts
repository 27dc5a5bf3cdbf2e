import { bestEffort } from '../../src/cli/best-effort-option.js';
import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { setRemovalStatus } from '../../src/cli/removal-status.js';
import { doneRemoval, REMOVAL_LISTS } from '../../src/cli/retention-documents.js';
import { removalText } from '../../src/cli/text/removal-text.js';

/** `hs apply-prune`: what a saved plan lists and a fresh one prunes too goes (D3). */
export const applyPrune = command({
  name: 'apply-prune',
  class: 'plumbing',
  opens: 'write',
  summary: 'apply a saved plan',
  description: `Removes what the plan lists and a fresh plan, made at the moment of the commit under the same policy, would remove too: never more than was shown, and never what has become worth keeping since. What was spared is reported.

A plan for another store, made under another policy, applied before, cut off or edited is refused.`,
  positionals: {
    plan: one('PLAN', { complete: 'file', summary: 'what hs plan-prune printed; - for standard input' }),
  },
  options: { bestEffort: bestEffort() },
  resultSchema: 'hs.apply-prune/1',
  list: REMOVAL_LISTS,
  examples: [{ command: 'hs apply-prune plan.jsonl', explains: 'Apply the plan that was reviewed.' }],
  exits: {
    3: 'done; some artifacts are damaged and were left alone',
    8: 'the plan is stale',
    11: 'the quota cannot be met: without --best-effort nothing was removed',
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
