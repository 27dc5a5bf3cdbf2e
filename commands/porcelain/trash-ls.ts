import { listing } from '../../src/cli/command.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { table } from '../../src/cli/text/table.js';
import { labelBesideId } from '../../src/core/manifest/label-of.js';
import { humanSize } from '../../src/core/text/human.js';

/** `hs trash ls`: what can be brought back, and until when. */
export const trashLs = listing({
  name: 'trash ls',
  class: 'porcelain',
  opens: 'read',
  summary: 'list what can be brought back, and until when',
  description: `Lists the removed artifacts that hs-restore(1) can bring back, the last removed first, each with the time until which it is kept: the first collection after that purges it. Without a time, its bytes are not in the trash, because other artifacts use them, they are a small part of a large pack (hs-retention(7)), or no collection has moved them there yet.

Prompt payloads, artifacts classified high and purged ones are not listed, since they have no trash window.`,
  nul: true,
  pages: true,
  resultSchema: 'hs.trash-ls/1',
  examples: [{ command: 'hs trash ls', explains: 'Show what can be brought back.' }],
  seeAlso: ['hs-trash-show(1)', 'hs-trash-empty(1)', 'hs-restore(1)', 'hs-gc(1)'],
  async run({ session }) {
    const { listTrash } = await import('../../src/ops/gc/list-trash.js');
    return listTrash(await session());
  },
  line: (row) => row.artifact_id,
  table: (rows, view) =>
    table(
      [
        { head: 'NAME', value: (r) => labelBesideId(r), shrinks: true },
        { head: 'ID', value: (r) => r.artifact_id.slice(0, 8), paint: view.style.id },
        { head: 'KIND', value: (r) => r.kind },
        { head: 'SIZE', value: (r) => humanSize(r.size_bytes), align: 'right' },
        { head: 'REMOVED', value: (r) => humanAge(Date.parse(r.removed_at), view.now) },
        { head: 'UNTIL', value: (r) => r.restorable_until?.slice(0, 16).replace('T', ' ') ?? '-' },
      ],
      rows,
      view,
    ),
});
