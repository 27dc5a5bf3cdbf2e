import { bestEffort } from '../../src/cli/best-effort-option.js';
import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
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

/** `hs gc`: the plan, the preview of it, or doing it. */
export const gc = command({
  name: 'gc',
  class: 'porcelain',
  opens: 'write',
  summary: 'remove what retention says is over',
  description: `Decides for every artifact whether it is kept, by the first rule that applies: pinned; frozen (L1); a prompt payload or of high classification whose TTL is over; a source of something pinned; an explicit TTL; the hours of layer L4; the window of its class, or one of the newest of its series; and last the quota. What is pruned can be brought back with hs-restore(1) while it is in the trash, and its bytes are free when the trash is emptied: by the first collection after the trash window of the policy, or with --empty-trash. Prompt payloads and what is of high classification have no trash window. They, and what shares bytes with them alone, cannot be brought back; how many and which is said before and after.

On a terminal, a preview opens in which each item can be looked at, pinned or spared before anything goes. Elsewhere nothing is removed without --yes or --apply. A dry run also shows what lies in the trash and what the sweep would take besides; with --verbose, what is kept.

Where what pins and other rules hold is over the quota by itself, a collection would take all that a quota may and still not meet it. It is refused with 11 before anything goes, unless --best-effort is given. A quota is for what the store holds afterwards, the report of the collection included: one that only the report exceeds is told, and ends with 11 too.

The report of what went, and why, is an artifact: hs-report(1).`,
  options: {
    dryRun: flag('n', 'show the plan, and change nothing'),
    apply: text('PLAN', 'remove what a saved plan lists and still may go', { complete: 'file' }),
    yes: flag('y', 'remove without asking'),
    exitCode: flag(undefined, 'with --dry-run: exit with 1 when something would be removed'),
    quota: bytes('BYTES', 'plan for this many bytes at most, whatever the policy says'),
    emptyTrash: flag(undefined, 'also purge what could still be brought back'),
    bestEffort: bestEffort(),
    sort: itemSort(),
    assumeDead: list('LEASE', 'take it that the command of this lease is dead, and give up what it left'),
  },
  resultSchema: 'hs.gc/1',
  list: REMOVAL_LISTS,
  examples: [
    { command: 'hs gc --dry-run', explains: 'What would go, and why.' },
    { command: 'hs gc --yes', explains: 'Remove it.' },
    {
      command: 'hs gc --dry-run --exit-code --quota 10GiB',
      explains: 'Would 10 GiB be enough without removing anything?',
    },
  ],
  exits: {
    1: 'something would be removed (with --exit-code)',
    2: 'nothing was removed: neither --yes nor a terminal',
    3: 'done; some artifacts are damaged and were left alone',
    8: 'the plan is stale',
    11: 'the quota cannot be met (without --best-effort nothing was removed), or is not met now',
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
      throw new HsError('USAGE', "'--exit-code' is for '--dry-run'");
    }
    if (options.apply !== undefined && (options.dryRun || options.quota !== undefined)) {
      throw new HsError(
        'USAGE',
        "'--apply' takes neither '--dry-run' nor '--quota': its plan says what goes",
      );
    }
    if (options.dryRun || (!options.yes && options.apply === undefined)) {
      if (!options.dryRun && isInteractive(context)) {
        const { muteKeys } = await import('../../src/ui/mute-keys.js');
        const release = muteKeys(context.host.stdin);
        try {
          const { previewCollection } = await import('./gc-preview.js');
          return await previewCollection(context, options, release);
        } finally {
          release('restore');
        }
      }
      const { planCollection } = await import('../../src/ops/gc/plan-collection.js');
      const s = await session({ writes: false });
      const plan = await planCollection(s, { quotaBytes: options.quota });
      const { planOutlook } = await import('../../src/ops/gc/plan-outlook.js');
      const outlook = await planOutlook(s, plan, options);
      setPlanStatus(context, plan.header, options.exitCode);
      if (!options.dryRun) {
        log.warn('nothing was removed: without a terminal that takes --yes, or --apply PLAN');
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
      emptyTrash: options.emptyTrash,
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
