import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs restore`: undoes a removal (D7). */
export const restore = command({
  name: 'restore',
  class: 'porcelain',
  opens: 'write',
  summary: 'bring removed artifacts back',
  description: `Brings back what hs-gc(1) or hs-rm(1) removed, while it is in the trash: the given artifacts, or with --run all that one collection removed. They are pinned as "restored" for the trash window, so that the next collection does not remove them again.

What cannot be brought back is reported for each item: prompt payloads and artifacts classified high have no trash window.`,
  positionals: { ids: many('ID', { complete: 'artifact' }) },
  options: {
    run: text('GC_ID', 'restore all that this collection removed, by the id of its report', {
      complete: 'report',
    }),
    noPin: flag(undefined, 'do not pin restored artifacts'),
  },
  resultSchema: 'hs.restore/1',
  list: 'restored',
  examples: [
    { command: 'hs restore 1f2e3d4c', explains: 'Bring one artifact back.' },
    { command: 'hs restore --run 9a8b7c6d', explains: 'Undo a collection.' },
  ],
  exits: { 3: 'some could not be brought back', 5: 'none could be brought back: their bytes are gone' },
  seeAlso: ['hs-gc(1)', 'hs-rm(1)', 'hs-report(1)', 'hs-unpin(1)'],
  async run({ args, options, session, attempt }) {
    if ((options.run === undefined) === (args.ids.length === 0)) {
      throw new HsError('USAGE', 'nothing to restore: name artifacts, or a collection with --run');
    }
    const ops = await import('../../src/ops/gc/restore.js');
    const { resolveArtifact, resolveArtifacts } = await import('../../src/ops/naming/resolve-artifact.js');
    const s = await session();
    const catalog = await s.catalog();
    const report =
      options.run === undefined
        ? undefined
        : await resolveArtifact(catalog, options.run, { removed: true, listedBy: 'hs report' });
    const records =
      report === undefined
        ? await resolveArtifacts(catalog, args.ids, { removed: 'first' })
        : await ops.removedByRun(s, report);
    const done = await ops.restore(
      s,
      records.map((r) => r.artifact_id),
      { pin: !options.noPin, ...(report === undefined ? {} : { run: report.artifact_id }) },
    );
    for (const record of done.restored) await attempt(async () => record);
    for (const { error } of done.failed) await attempt(() => Promise.reject(error));
    return {
      restored: done.restored.map((r) => ({
        artifact_id: r.artifact_id,
        ...(r.name === undefined ? {} : { name: r.name }),
        size_bytes: r.size_bytes,
      })),
      pin: options.noPin ? null : ops.RESTORED_PIN,
    };
  },
  render: ({ restored, pin }, view) =>
    [
      ...restored.map((r) => view.text(r.artifact_id)),
      ...(view.quiet
        ? []
        : [
            restored.length === 0
              ? 'nothing was restored'
              : `restored ${counted(restored.length, 'artifact')}${pin === null ? '' : `, pinned as '${pin}' for the trash window`}`,
          ]),
    ].join('\n'),
});
