import { bestEffort } from '../../src/cli/best-effort-option.js';
import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { filterOptions, NARROWS } from '../../src/cli/filter-options.js';
import { bytes, flag, list, text } from '../../src/cli/options.js';
import { setPlanStatus, setRemovalStatus } from '../../src/cli/removal-status.js';
import {
  doneRemoval,
  REMOVAL_LISTS,
  type RemovalDocument,
  shownPlan,
} from '../../src/cli/retention-documents.js';
import { itemSort, sortItems } from '../../src/cli/sort-items.js';
import { removalText } from '../../src/cli/text/removal-text.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs gc`: shows a plan, opens the preview, or collects. */
export const gc = command({
  name: 'gc',
  class: 'porcelain',
  opens: 'write',
  summary: 'remove expired artifacts and free their space',
  description: `Decides for every artifact whether to keep it, by the first rule that applies: it is pinned; it is frozen (L1); it is a prompt payload or classified high, and its TTL has expired; something pinned was made from it; its explicit TTL; the hours of layer L4; the window of its class, or it is one of the newest of its series; and last the quota. hs-retention(7) describes the rules.

Removed artifacts go to the trash. They can be brought back with hs-restore(1) while they are there, and their bytes are freed when the trash is emptied: by the first collection after the trash window of the policy, or with --empty-trash. Small objects lie many in a file, a pack, which is rewritten without those that go. If they are less than a tenth of a large pack they stay in it, and can be brought back, until more of it is unused, or --repack or --empty-trash is given. Prompt payloads and artifacts classified high have no trash window, and are taken out of any pack. They cannot be brought back, and neither can artifacts that share bytes with them alone; how many, and which, is shown before and after.

On a terminal, a preview opens in which items can be inspected, pinned or spared before anything is removed; of more than 100,000 that are kept it lists the 1,000 largest. Elsewhere nothing is removed without --yes or --apply. A dry run also shows the trash, and what else a sweep would free; with --verbose, it lists the artifacts that are kept.

If pins and the other rules keep more than the quota, a collection could not meet it even by removing all that a quota may remove. It then fails with status 11 and removes nothing, unless --best-effort is given. The quota applies to the store after the collection, its report included: if only the report exceeds it, the status is 11 too.

${NARROWS} A quota that is exceeded because of a filter also gives status 11. With --apply, the filters of the plan apply, and those given besides. Nothing limits what --empty-trash purges, so the two cannot be given together.

The report of what was removed, and why, is an artifact: see hs-report(1).`,
  options: {
    dryRun: flag('n', 'show the plan; change nothing'),
    apply: text('PLAN', 'apply a saved plan; never remove more than it lists', { complete: 'file' }),
    yes: flag('y', 'remove without asking'),
    exitCode: flag(undefined, 'with --dry-run, exit with 1 if anything would be removed'),
    quota: bytes('BYTES', 'keep at most this many bytes, overriding the policy'),
    ...filterOptions,
    emptyTrash: flag(undefined, 'also purge the trash, which then cannot be restored'),
    repack: flag(undefined, 'also rewrite packs of which little is unused'),
    bestEffort: bestEffort(),
    sort: itemSort(),
    assumeDead: list('LEASE', 'treat this lease as dead and abandon its unfinished work'),
  },
  resultSchema: 'hs.gc/1',
  list: REMOVAL_LISTS,
  examples: [
    { command: 'hs gc --dry-run', explains: 'Show what would be removed, and why.' },
    { command: 'hs gc --yes', explains: 'Remove it.' },
    { command: 'hs gc --filter label.env=ci --yes', explains: 'Remove of it what a CI run left behind.' },
    {
      command: 'hs gc --dry-run --exit-code --quota 10GiB',
      explains: 'Test whether everything fits into 10 GiB.',
    },
  ],
  exits: {
    1: 'with --exit-code: something would be removed',
    2: 'nothing was removed: no terminal, and no --yes',
    3: 'done, but some artifacts are damaged and were not touched',
    8: 'the plan is stale',
    11: 'the quota cannot be met (nothing was removed unless --best-effort was given), or was not met',
  },
  seeAlso: [
    'hs-plan-prune(1)',
    'hs-pin(1)',
    'hs-retain(1)',
    'hs-restore(1)',
    'hs-report(1)',
    'hs-policy-show(1)',
    'hs-retention(7)',
  ],
  async run(context): Promise<RemovalDocument | undefined> {
    const { options, session, log, exit } = context;
    if (options.exitCode && !options.dryRun) {
      throw new HsError('USAGE', "'--exit-code' needs '--dry-run'");
    }
    if (options.apply !== undefined && (options.dryRun || options.quota !== undefined)) {
      throw new HsError(
        'USAGE',
        "'--apply' cannot be given together with '--dry-run' or '--quota': the plan decides",
      );
    }
    const { demandWholeTrash } = await import('../../src/ops/gc/collect-garbage.js');
    demandWholeTrash(options.emptyTrash, options.filter);
    if (options.dryRun || (!options.yes && options.apply === undefined)) {
      if (!options.dryRun && isInteractive(context)) {
        const { muteKeys } = await import('../../src/ui/mute-keys.js');
        const release = muteKeys(context.host.stdin);
        try {
          const { previewCollection } = await import('../shared/gc-preview.js');
          return await previewCollection(context, options, release);
        } finally {
          release('restore');
        }
      }
      const { judgeCollection } = await import('../../src/ops/gc/plan-collection.js');
      const s = await session({ writes: false });
      const planned = await judgeCollection(s, { quotaBytes: options.quota, filters: options.filter });
      const plan = await planned.plan(context.globals.verbose);
      const { planOutlook } = await import('../../src/ops/gc/plan-outlook.js');
      const outlook = await planOutlook(s, plan.header, {
        ...options,
        whole: planned.whole.header,
        found: planned.unreferenced,
      });
      setPlanStatus(context, plan.header, options.exitCode);
      if (!options.dryRun) {
        log.warn('nothing was removed: without a terminal, --yes or --apply PLAN is needed');
        exit(2);
      }
      return shownPlan({ ...plan, items: sortItems(plan.items, options.sort) }, outlook);
    }
    const { assumeDead, collect } = await import('../../src/ops/gc/collect-garbage.js');
    const { readPlan } = await import('../../src/cli/read-plan.js');
    const seen = options.apply === undefined ? undefined : await readPlan(context, options.apply);
    const s = await session();
    if (options.assumeDead.length > 0) await assumeDead(s, options.assumeDead);
    let soFar = 'nothing was removed';
    context.whenInterrupted(() => soFar);
    const collected = await collect(s, {
      onRemoved: ({ report, plan: { header } }) => {
        if (report === undefined) return;
        soFar = `${header.pruned} artifacts were removed (report ${report}); the next collection frees their bytes`;
      },
      seen,
      quotaBytes: options.quota,
      filters: options.filter,
      emptyTrash: options.emptyTrash,
      repack: options.repack,
      bestEffort: options.bestEffort,
    });
    const done = doneRemoval(collected);
    setRemovalStatus(context, done);
    return done;
  },
  render: (value, view) => (value === undefined ? undefined : removalText(value, view)),
});

function isInteractive({ terminal, globals }: Pick<Context, 'terminal' | 'globals'>): boolean {
  return terminal.stdin && terminal.stdout && !terminal.dumb && !globals.json && !globals.jsonl;
}
