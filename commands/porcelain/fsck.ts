import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { flag, text } from '../../src/cli/options.js';
import { isS3Url } from '../../src/core/paths/s3-url.js';
import { counted, humanSize } from '../../src/core/text/human.js';
import { BadValue } from '../../src/core/text/values.js';
import { HsError, isHsError } from '../../src/errors/hs-error.js';
import type { RepairSource } from '../../src/ops/fsck/repair-source.js';
import { repairText } from '../../src/ops/fsck/repair-text.js';
import type { Session } from '../../src/ops/session/session.js';

/** `10%` or `0.5%`, as a fraction from 0 to 1. */
function parseShare(raw: string): number {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(raw)?.[1];
  const share = Number(percent) / 100;
  if (percent === undefined || !(share > 0 && share <= 1)) throw new BadValue('not a percentage such as 10%');
  return share;
}

/** A store, if there is one at this place, else the files below it. */
async function sourceAt(
  named: string,
  session: Session,
  open: Context['otherSession'],
  path: Context['path'],
): Promise<RepairSource> {
  const { storeSource, treeSource } = await import('../../src/ops/fsck/repair-source.js');
  try {
    return await storeSource(await open(named, { writes: false, unchecked: true }));
  } catch (e) {
    if (!isHsError(e, 'NO_STORE') || isS3Url(named)) throw e;
    return treeSource(session, path(named));
  }
}

/** `hs fsck`: finds damage in a store and suggests what to do about it (E2). */
export const fsckCommand = command({
  name: 'fsck',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'verify the integrity of the store',
  description: `Verifies the ledger as hs-ledger-verify(1) does; hashes every object and compares it with its name; checks that the manifests, payloads, indexes and listed files of all live artifacts exist, are valid and match the ledger; compares every row of the catalog index with the ledger, and makes one that is damaged, or another, anew; and searches every directory of the store for files that do not belong there, and for wrong file types and modes. Other commands may run at the same time.

Each problem is \`damage\` (something is lost), \`misplaced\` (nothing is lost, but something is not as it should be), \`leftover\` (from a command that died) or \`stray\` (not part of a store), and comes with what to do about it. The status is 1 if there are any problems.

\`--repair\` cleans up after dead commands, creates what is missing of the layout, corrects modes, and brings back from the trash objects that are in use. A missing or damaged object in use is restored from an intact copy: one in the store itself, else one found by \`--from\`, in a directory of any files or in another store. Only objects that the store lacks are taken, and by their hash, whatever their names there. From another store they are taken only if the policy there lets you repair it. What is damaged and has no intact copy is moved to the directory \`quarantine\` of the store, and intact objects are taken out of a damaged pack first; a pack of the trash that cannot be opened is moved there as it is; hs removes nothing there, and uses only what a later repair finds to be intact; hs-doctor(1) and hs-du(1) show it. While it may hold bytes that were purged, no purge is called complete. On a service (hs-s3(7)), where there is no quarantine, it stays in its place. After bytes came back, the store is checked again.

Each repair is listed, and the list is part of the ledger entry that records it: \`hs ledger cat --type integrity_finding\` shows it. \`--dry-run\` lists the repairs and changes nothing. Nothing is repaired while the chain of the ledger is damaged, or while a record that it names has no intact copy and the state cannot be known: restore those files from a copy of the store.`,
  options: {
    secondOpinion: flag(undefined, 'also hash with a second, independent implementation (slow)'),
    sample: text('N%', 'hash only this share of the objects, a different one in each run', {
      parse: parseShare,
    }),
    repair: flag(undefined, 'repair what can be repaired without loss'),
    from: text('DIR', 'also restore objects from the files in this directory, or from this store'),
    dryRun: flag('n', 'list what `--repair` would do; change nothing'),
  },
  resultSchema: 'hs.fsck/1',
  list: 'findings',
  examples: [
    { command: 'hs fsck', explains: 'Check everything.' },
    { command: 'hs fsck --sample 5%', explains: 'A quick check, from a timer.' },
    { command: 'hs fsck --repair', explains: 'Clean up after a crash.' },
    {
      command: 'hs fsck --dry-run --from /backup/hs',
      explains: 'Show which lost objects a backup would bring back.',
    },
  ],
  exits: { 1: 'there were problems, repaired ones included' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-doctor(1)', 'hs-gc(1)', 'hsstore-format(5)'],
  async run({ options, session, otherSession, path, exit, whenInterrupted }) {
    const { fsck } = await import('../../src/ops/fsck/fsck.js');
    const { from, dryRun, sample = 1 } = options;
    const repair = options.repair && !dryRun;
    if (from !== undefined && !repair && !dryRun) {
      throw new HsError('USAGE', "'--from' needs '--repair' or '--dry-run'");
    }
    const s = await session({ unchecked: true, ...(repair ? { writes: true } : {}) });
    if (!repair) whenInterrupted(() => 'the check is incomplete; nothing was changed');
    const source = from === undefined ? undefined : await sourceAt(from, s, otherSession, path);
    const report = await fsck(s, { ...options, repair, sample }, source);
    if (!report.ok) exit(1);
    return report;
  },
  render: (report, { style, quiet }) => {
    const paint = {
      damage: style.bad,
      misplaced: style.warning,
      leftover: style.warning,
      stray: style.warning,
    };
    const lines = report.findings.flatMap((f) => [
      `${paint[f.severity](f.severity)}: ${f.message}`,
      `    ${f.repaired ? style.good('repaired') : f.hint}`,
    ]);
    const { entries, artifacts, objects, size_bytes } = report.checked;
    const parts = [
      counted(entries, 'ledger entry', 'ledger entries'),
      artifacts === undefined
        ? 'no artifacts, because the ledger is damaged'
        : counted(artifacts, 'artifact'),
      `${counted(objects, 'object')} (${humanSize(size_bytes)})`,
    ];
    const verdict = report.ok
      ? style.good('no problems')
      : `${counted(report.findings.length, 'problem')}, ${report.repaired} repaired`;
    const notes: string[] = [];
    if (!quiet && (report.unreferenced?.objects ?? 0) > 0) {
      const { objects: n, size_bytes: size } = report.unreferenced!;
      notes.push(`${counted(n, 'object')} (${humanSize(size)}) unused: hs gc --repack removes them`);
    }
    if (!quiet && report.trash.batches > 0) {
      notes.push(
        `${counted(report.trash.objects, 'object')} (${humanSize(report.trash.size_bytes)}) in the trash`,
      );
    }
    const repairs = report.repairs.map((r) => repairText(r, r.state));
    return [...lines, ...repairs, ...notes, `checked ${parts.join(', ')}: ${verdict}`].join('\n');
  },
});
