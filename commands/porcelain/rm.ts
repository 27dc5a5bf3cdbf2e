import { command } from '../../src/cli/command.js';
import { filterOptions, INSTEAD_OF_IDS } from '../../src/cli/filter-options.js';
import { flag, text } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import {
  doneRemoval,
  REMOVAL_LISTS,
  type RemovalDocument,
  shownPlan,
} from '../../src/cli/retention-documents.js';
import { itemSort, sortItems } from '../../src/cli/sort-items.js';
import { guardText } from '../../src/cli/text/escape-for-terminal.js';
import { removalText } from '../../src/cli/text/removal-text.js';
import { planText } from '../../src/cli/text/retention-text.js';
import { plainStyle } from '../../src/cli/text/style.js';
import { counted } from '../../src/core/text/human.js';
import type { Removed } from '../../src/ops/gc/remove-artifacts.js';

/** `hs rm`: removal by id, with the plan, report, trash and pins of a collection (D9). */
export const rm = command({
  name: 'rm',
  class: 'porcelain',
  opens: 'write',
  summary: 'remove the given artifacts',
  description: `Removes the given artifacts, whatever their age. Pinned and frozen artifacts stay: a pin wins over an explicit id. Removed artifacts can be brought back with hs-restore(1) until the trash window ends.

${INSTEAD_OF_IDS}

With --purge, the bytes are deleted at once, for a secret that should not have been stored. Bytes stay if another artifact uses them or a running command may still need them. For a restricted directory, hs keeps the list of its paths and their hashes, so that copies elsewhere are still recognized. Other artifacts that have the same bytes, or the same files, are named. While any of the bytes remain, the exit status is 3. It is 3 too while the quarantine (hs-fsck(1)) may hold some of them; look at what is there, then delete it.

On a terminal, shows what would be removed and asks. Elsewhere nothing is removed without --yes.`,
  positionals: { ids: many('ID', { complete: 'artifact' }) },
  options: {
    ...filterOptions,
    reason: text('TEXT', 'reason, for the report'),
    purge: flag(undefined, 'skip the trash; this cannot be undone'),
    yes: flag('y', 'remove without asking'),
    dryRun: flag('n', 'show what would be removed; change nothing'),
    sort: itemSort(),
  },
  resultSchema: 'hs.rm/1',
  list: REMOVAL_LISTS,
  examples: [
    { command: 'hs rm report@{1} --yes', explains: 'Remove the previous version.' },
    {
      command: 'hs rm --filter job=nightly-7 --dry-run',
      explains: 'Show what the removal of all that a job made would do.',
    },
    {
      command: 'hs rm env-dump --purge --reason "leaked secret" --yes',
      explains: 'Delete the bytes at once.',
    },
  ],
  exits: {
    2: 'nothing was removed: no terminal, and no --yes',
    3: 'some artifacts were pinned or frozen, or bytes to be purged remain',
    6: 'all were pinned or frozen',
  },
  seeAlso: ['hs-gc(1)', 'hs-restore(1)', 'hs-unpin(1)', 'hs-report(1)'],
  async run(context): Promise<RemovalDocument | undefined> {
    const { args, options, session, attempt, terminal, log, exit, globals, stdin, view } = context;
    const { planRemoval, removeArtifacts } = await import('../../src/ops/gc/remove-artifacts.js');
    const { planOutlook } = await import('../../src/ops/gc/plan-outlook.js');
    const { trashWindow } = await import('../../src/ops/gc/trash-window.js');
    const { selectArtifacts } = await import('../../src/ops/inspect/select-artifacts.js');
    const s = await session({ writes: !options.dryRun });
    const ids = new Set(await selectArtifacts(s, args.ids, options.filter));
    if (ids.size === 0) log.note('no artifact matches');
    if (options.yes && !options.dryRun) return done(await remove());
    const plan = await planRemoval(s, ids, options.purge);
    const shown = { ...plan, items: sortItems(plan.items, options.sort) };
    if (options.dryRun) return shownPlan(shown, await planOutlook(s, plan.header));
    const { pruned: going, irreversible: lost = 0 } = plan.header;
    if (going === 0) {
      const { refuseRemoval } = await import('../../src/ops/gc/refuse-removal.js');
      return done(await refuseRemoval(s, plan));
    }
    if (!(terminal.stdin && terminal.stderr) || globals.json || globals.jsonl) {
      log.warn('nothing was removed: without a terminal, --yes is needed');
      exit(2);
      return shownPlan(shown, await planOutlook(s, plan.header));
    }
    // --quiet silences notes: a question that nobody sees would never be answered.
    const until = (await trashWindow(s))?.until;
    const asked = shownPlan(shown, until === undefined ? {} : { trash_until: until });
    log.raw(guardText(planText(asked, { ...view, style: plainStyle }), false));
    const undo = lost === 0 ? '' : lost === going ? ' for good' : `, ${lost} of them for good`;
    log.raw(`hs: remove ${counted(going, 'artifact')}${undo}? [y/n]`);
    if (/^y(es)?$/i.test((await stdin.answer())?.trim() ?? '')) return done(await remove());
    log.warn('nothing was removed');
    exit(1);
    return undefined;

    function remove(): Promise<Removed> {
      const { reason, purge } = options;
      return removeArtifacts(s, ids, { reason, purge });
    }

    async function done(removed: Removed): Promise<RemovalDocument> {
      if (removed.outcome.report !== undefined) await attempt(async () => removed);
      for (const { error } of [...removed.refused, ...removed.shared]) {
        await attempt(() => Promise.reject(error));
      }
      if (removed.unpurged !== undefined) await attempt(() => Promise.reject(removed.unpurged));
      return doneRemoval(removed);
    }
  },
  render: (value, view) => (value === undefined ? undefined : removalText(value, view)),
});
