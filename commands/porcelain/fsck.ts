import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { counted, humanSize } from '../../src/cli/text/human.js';
import { BadValue } from '../../src/core/text/values.js';

/** `10%` or `0.5%`, as a fraction from 0 to 1. */
function parseShare(raw: string): number {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(raw)?.[1];
  const share = Number(percent) / 100;
  if (percent === undefined || !(share > 0 && share <= 1)) throw new BadValue('not a percentage such as 10%');
  return share;
}

/** `hs fsck`: finds damage in a store and suggests what to do about it (E2). */
export const fsckCommand = command({
  name: 'fsck',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'verify the integrity of the store',
  description: `Verifies the ledger as hs-ledger-verify(1) does; hashes every object and compares it with its name; checks that the manifests, payloads, indexes and listed files of all live artifacts exist, are valid and match the ledger; and searches every directory of the store for files that do not belong there, and for wrong file types and modes. Other commands may run at the same time.

Each problem is \`damage\` (something is lost), \`misplaced\` (nothing is lost, but something is not as it should be), \`leftover\` (from a command that died) or \`stray\` (not part of a store), and comes with what to do about it. The status is 1 if there are any problems.

\`--repair\` cleans up after dead commands, brings back from the trash objects that are in use, creates missing directories and corrects modes, and records that in the ledger. It removes nothing that is damaged, except a copy in a pack of which there is an intact copy.`,
  options: {
    secondOpinion: flag(undefined, 'also hash with a second, independent implementation (slow)'),
    sample: text('N%', 'hash only this share of the objects, a different one in each run', {
      parse: parseShare,
    }),
    repair: flag(undefined, 'repair what can be repaired without loss'),
  },
  resultSchema: 'hs.fsck/1',
  list: 'findings',
  examples: [
    { command: 'hs fsck', explains: 'Check everything.' },
    { command: 'hs fsck --sample 5%', explains: 'A quick check, from a timer.' },
    { command: 'hs fsck --repair', explains: 'Clean up after a crash.' },
  ],
  exits: { 1: 'there were problems, repaired ones included' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-doctor(1)', 'hs-gc(1)', 'hsstore-format(5)'],
  async run({ options, session, exit, whenInterrupted }) {
    const { fsck } = await import('../../src/ops/fsck/fsck.js');
    const s = await session({ unchecked: true, ...(options.repair ? { writes: true } : {}) });
    if (!options.repair) whenInterrupted(() => 'the check is incomplete; nothing was changed');
    const report = await fsck(s, { ...options, sample: options.sample ?? 1 });
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
      notes.push(`${counted(n, 'object')} (${humanSize(size)}) unused: hs gc removes them`);
    }
    if (!quiet && report.trash.batches > 0) {
      notes.push(
        `${counted(report.trash.objects, 'object')} (${humanSize(report.trash.size_bytes)}) in the trash`,
      );
    }
    return [...lines, ...notes, `checked ${parts.join(', ')}: ${verdict}`].join('\n');
  },
});
