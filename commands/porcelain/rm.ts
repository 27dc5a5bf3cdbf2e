import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { doneRemoval, type RemovalDocument, shownPlan } from '../../src/cli/retention-documents.js';
import { counted } from '../../src/cli/text/human.js';
import { removalText } from '../../src/cli/text/removal-text.js';

/** `hs rm`: removal by id, with the plan, report, trash and pins of a collection (D9). */
export const rm = command({
  name: 'rm',
  class: 'porcelain',
  opens: 'write',
  summary: 'remove artifacts by id',
  description: `Removes the artifacts that are named, whatever their age. What is pinned or frozen stays: a pin wins over an explicit id. What was removed can be brought back with hs-restore(1) until the trash window is over.

With --purge the bytes go at once, as far as no other artifact holds the same ones and no command that is at work may still need them: for a secret that should not have been stored. Where others hold the same bytes, or the same files, they are named and the exit status is 3.

On a terminal it asks first; elsewhere nothing is removed without --yes.`,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: {
    reason: text('TEXT', 'why, for the report'),
    purge: flag(undefined, 'skip the trash: it cannot be undone'),
    yes: flag('y', 'remove without asking'),
    dryRun: flag('n', 'show what would be removed, and change nothing'),
  },
  resultSchema: 'hs.rm/1',
  examples: [
    { command: 'hs rm report@{1} --yes', explains: 'Remove the version before the newest.' },
    {
      command: 'hs rm env-dump --purge --reason "leaked secret" --yes',
      explains: 'Get rid of the bytes at once.',
    },
  ],
  exits: {
    2: 'nothing was removed: neither --yes nor a terminal',
    3: 'some were pinned or frozen, or bytes that were to be purged are still here: others hold them',
    6: 'all were',
  },
  seeAlso: ['hs-gc(1)', 'hs-restore(1)', 'hs-unpin(1)', 'hs-report(1)'],
  async run(context): Promise<RemovalDocument> {
    const { args, options, session, attempt, terminal, log, exit, globals } = context;
    const { planRemoval, removeArtifacts } = await import('../../src/ops/gc/remove.js');
    const { resolveArtifact } = await import('../../src/ops/resolve.js');
    const s = await session({ writes: !options.dryRun });
    const catalog = await s.catalog();
    const ids = new Set(args.ids.map((id) => resolveArtifact(catalog, id).artifact_id));
    const asks = !options.dryRun && terminal.stdin && terminal.stderr && !globals.json;
    if (options.yes && !options.dryRun) return remove();
    if (asks) {
      log.note(`remove ${counted(ids.size, 'artifact')}${options.purge ? ' for good' : ''}? yes or no`);
      for await (const answer of context.stdin.records()) {
        if (/^y(es)?$/i.test(answer.trim())) return remove();
        break;
      }
    }
    if (!options.dryRun) {
      log.warn(asks ? 'nothing was removed' : 'nothing was removed: without a terminal that takes --yes');
      exit(asks ? 1 : 2);
    }
    return shownPlan(await planRemoval(s, ids));

    async function remove(): Promise<RemovalDocument> {
      const { reason, purge } = options;
      const removed = await removeArtifacts(s, ids, { reason, purge });
      if (removed.outcome.report !== undefined) await attempt(async () => removed);
      for (const { error } of [...removed.refused, ...removed.shared]) {
        await attempt(() => Promise.reject(error));
      }
      return doneRemoval(removed);
    }
  },
  render: removalText,
});
