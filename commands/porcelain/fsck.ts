import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { BadValue } from '../../src/cli/parse/values.js';
import { counted, humanSize } from '../../src/cli/text/human.js';

/** `10%` or `0.5%`, as a share of 0 to 1. */
function parseShare(raw: string): number {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(raw)?.[1];
  const share = Number(percent) / 100;
  if (percent === undefined || !(share > 0 && share <= 1)) throw new BadValue('not a percentage such as 10%');
  return share;
}

/** `hs fsck`: whether a store is whole, and what to do where it is not (E2). */
export const fsckCommand = command({
  name: 'fsck',
  class: 'porcelain',
  opens: 'read',
  verdict: true,
  summary: 'check the whole store, and say what to do about each problem',
  description: `Verifies the ledger as hs-ledger-verify(1) does; hashes every object and compares it with its name; checks that the manifests, payloads, indexes and listed files of all live artifacts are there, valid and what the ledger says; and looks for what does not belong: stray and leftover files, wrong kinds and modes, in every directory of the store. It may run beside other commands.

Each problem is \`damage\` (something is lost), \`misplaced\` (nothing is lost, it is not as it should be), \`leftover\` (of a command that died) or \`stray\` (nothing of hs), with what to do about it. The status is 1 when there are any.

\`--repair\` clears what dead commands left, brings objects back from the trash that something names, makes missing directories and sets modes right, and records that in the ledger. Nothing that is damaged is ever removed.`,
  options: {
    secondOpinion: flag(undefined, 'hash with a second, independent implementation too (slow)'),
    sample: text('N%', 'hash only this share of the objects, others in each run', { parse: parseShare }),
    repair: flag(undefined, 'repair what can be repaired without a loss'),
  },
  resultSchema: 'hs.fsck/1',
  list: 'findings',
  examples: [
    { command: 'hs fsck', explains: 'Check everything.' },
    { command: 'hs fsck --sample 5%', explains: 'A quick look, from a timer.' },
    { command: 'hs fsck --repair', explains: 'Clear what a crash left behind.' },
  ],
  exits: { 1: 'there are problems, repaired ones included' },
  seeAlso: ['hs-ledger-verify(1)', 'hs-doctor(1)', 'hs-gc(1)', 'hsstore-format(5)'],
  async run({ options, session, exit, whenInterrupted }) {
    const { fsck } = await import('../../src/ops/fsck/fsck.js');
    const s = await session({ unchecked: true, ...(options.repair ? { writes: true } : {}) });
    if (!options.repair) whenInterrupted(() => 'the check is not complete, nothing was changed');
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
      artifacts === undefined ? 'no artifacts, since the ledger is damaged' : counted(artifacts, 'artifact'),
      `${counted(objects, 'object')} (${humanSize(size_bytes)})`,
    ];
    const verdict = report.ok
      ? style.good('all is well')
      : `${counted(report.findings.length, 'problem')}, ${report.repaired} repaired`;
    const notes: string[] = [];
    if (!quiet && (report.unreferenced?.objects ?? 0) > 0) {
      const { objects: n, size_bytes: size } = report.unreferenced!;
      notes.push(`${counted(n, 'object')} (${humanSize(size)}) named by nothing: hs gc takes them away`);
    }
    if (!quiet && report.trash.batches > 0) {
      notes.push(
        `${counted(report.trash.objects, 'object')} (${humanSize(report.trash.size_bytes)}) in the trash`,
      );
    }
    return [...lines, ...notes, `checked ${parts.join(', ')}: ${verdict}`].join('\n');
  },
});
