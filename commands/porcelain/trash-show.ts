import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { fields } from '../../src/cli/text/table.js';
import { labelOf } from '../../src/core/manifest/label-of.js';
import { humanSize, utcTime } from '../../src/core/text/human.js';

/** `hs trash show`: one artifact in the trash. */
export const trashShow = command({
  name: 'trash show',
  class: 'porcelain',
  opens: 'read',
  summary: 'show one artifact in the trash',
  description: `Shows when and by whom a removed artifact was removed, until when hs-restore(1) can bring it back, how many of its objects lie in the trash, and the leases of running commands that a purge would wait for.`,
  positionals: { id: one('ID', { complete: 'artifact' }) },
  resultSchema: 'hs.trash-show/1',
  examples: [{ command: 'hs trash show 1f2e3d4c', explains: 'Show until when it can be brought back.' }],
  exits: { 4: 'it cannot be brought back any more, or never existed', 8: 'it is not removed' },
  seeAlso: ['hs-trash-ls(1)', 'hs-trash-empty(1)', 'hs-restore(1)', 'hs-show(1)'],
  async run({ args, session }) {
    const { showTrashed } = await import('../../src/ops/gc/list-trash.js');
    return showTrashed(await session(), args.id);
  },
  render(t, view) {
    const when = (at: string) => `${utcTime(at)} (${humanAge(Date.parse(at), view.now)})`;
    const { report } = t.removed_by;
    const lines = fields(
      [
        ['id', view.style.id(t.artifact_id)],
        ['kind', `${t.kind}, class ${t.retention_class}, ${humanSize(t.size_bytes)}`],
        ['created', when(t.created_at)],
        ['removed', `${when(t.removed_at)} by ${view.text(t.removed_by.actor)}, entry ${t.removed_by.seq}`],
        ['report', report],
        [
          'until',
          t.restorable_until === undefined ? 'its bytes are not in the trash' : when(t.restorable_until),
        ],
        ['trash', `${t.trashed_objects} of ${t.objects} objects, ${humanSize(t.trashed_bytes)}`],
        ['leases', t.leases.length === 0 ? undefined : t.leases.join(' ')],
      ],
      view,
    );
    return `${view.text(labelOf(t))}\n${lines}`;
  },
});
