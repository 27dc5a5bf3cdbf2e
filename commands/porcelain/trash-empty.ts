import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { flag, text } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { escapeText } from '../../src/cli/text/escape-for-terminal.js';
import { reclaimedLines } from '../../src/cli/text/retention-text.js';
import { labelWithId } from '../../src/core/manifest/label-of.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import type { TrashedArtifact } from '../../src/core/retention/trashed-artifact.js';
import { counted, humanSize } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Session } from '../../src/ops/session/session.js';

const SHOWN = 20;

/** `hs trash empty`: purges all that is in the trash, or single artifacts in it. */
export const trashEmpty = command({
  name: 'trash empty',
  class: 'porcelain',
  opens: 'write',
  summary: 'purge the trash, or single artifacts in it',
  description: `Deletes the bytes of all that is in the trash, or of the given removed artifacts, which then cannot be brought back. Needs the capability retention.purge, and is recorded in the ledger.

Bytes stay while another artifact uses them, and while a running command that began before they were moved to the trash may need them; hs waits two seconds for those. Artifacts that have the same bytes as a purged one are named. While any of the bytes to be purged remain, or the quarantine (hs-fsck(1)) may hold some, the exit status is 3.

On a terminal, shows what would be purged, asks, and purges nothing that came into the trash after that. Elsewhere nothing is purged without --yes.`,
  positionals: { ids: many('ID', { complete: 'artifact' }) },
  options: {
    yes: flag('y', 'purge without asking'),
    dryRun: flag('n', 'show what would be purged; change nothing'),
    reason: text('TEXT', 'reason, for the record of a given artifact'),
  },
  resultSchema: 'hs.trash-empty/1',
  list: 'emptied',
  examples: [
    { command: 'hs trash empty --dry-run', explains: 'Show what would be gone for good.' },
    {
      command: 'hs trash empty dist --reason "leaked secret" --yes',
      explains: 'Delete the bytes of one artifact.',
    },
  ],
  exits: {
    2: 'nothing was purged: no terminal, and no --yes',
    3: 'bytes to be purged remain',
    8: 'an artifact is not removed',
  },
  seeAlso: ['hs-trash-ls(1)', 'hs-restore(1)', 'hs-rm(1)', 'hs-gc(1)'],
  async run(context) {
    const { args, options, session, attempt, log, exit } = context;
    if (options.reason !== undefined && args.ids.length === 0) {
      throw new HsError('USAGE', "'--reason' needs an ID");
    }
    const s = await session({ writes: !options.dryRun });
    const { emptyTrash, purgeTrashed, seenTrash } = await import('../../src/ops/gc/empty-trash.js');
    const isAll = args.ids.length === 0;
    // After a question only what was there before it goes.
    const asked = isAll && !options.yes ? { seen: await seenTrash(s) } : {};
    const listed = await whatGoes(s, args.ids);
    const shown = { dry_run: true as boolean, emptied: listed };
    if (options.dryRun) return shown;
    if (!options.yes && !(await mayGo(context, listed))) return shown;
    const { reason } = options;
    const ids = new Set(listed.map((item) => item.artifact_id));
    const done = isAll ? await emptyTrash(s, asked) : await purgeTrashed(s, ids, { reason });
    await attempt(async () => done);
    for (const error of done.shared) await attempt(() => Promise.reject(error));
    if (done.unpurged !== undefined) await attempt(() => Promise.reject(done.unpurged));
    if (done.reclaimed.unknown.length > 0) exit(3);
    for (const why of done.reclaimed.left) log.warn(`not everything was freed: ${why}`);
    return { dry_run: false, emptied: done.emptied, reclaimed: done.reclaimed };
  },
  render(value, view) {
    if (view.quiet) return undefined;
    const lines = value.emptied
      .slice(0, SHOWN)
      .map((item) => `${labelWithId(item, view.text)}, ${humanSize(item.size_bytes)}`);
    const more = value.emptied.length - SHOWN;
    if (more > 0) lines.push(`and ${more} more`);
    const what = counted(value.emptied.length, 'artifact');
    lines.push(value.dry_run ? `${what} would be gone for good` : `${what} cannot be brought back any more`);
    if ('reclaimed' in value) lines.push(...reclaimedLines(value.reclaimed));
    return lines.join('\n');
  },
});

async function whatGoes(session: Session, typed: readonly string[]): Promise<readonly TrashedArtifact[]> {
  const { resolveRemoved } = await import('../../src/ops/gc/list-trash.js');
  const { toTrashed, trashedArtifacts } = await import('../../src/ops/gc/trash-contents.js');
  if (typed.length === 0) return trashedArtifacts(session);
  const records = new Map<ArtifactId, TrashedArtifact>();
  for (const name of typed) {
    const record = await resolveRemoved(session, name);
    records.set(record.artifact_id, toTrashed(record));
  }
  return [...records.values()];
}

/** Asks on a terminal; elsewhere the answer is no. */
async function mayGo(
  { terminal, globals, log, exit, stdin }: Context<unknown, unknown>,
  listed: readonly TrashedArtifact[],
): Promise<boolean> {
  if (!(terminal.stdin && terminal.stderr) || globals.json || globals.jsonl) {
    log.warn('nothing was purged: without a terminal, --yes is needed');
    exit(2);
    return false;
  }
  for (const item of listed.slice(0, SHOWN)) log.raw(labelWithId(item, escapeText));
  log.raw(`hs: purge ${counted(listed.length, 'artifact')} for good? [y/n]`);
  if (/^y(es)?$/i.test((await stdin.answer())?.trim() ?? '')) return true;
  log.warn('nothing was purged');
  exit(1);
  return false;
}
