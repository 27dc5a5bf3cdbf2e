import { listing } from '../../src/cli/command.js';
import { humanAge } from '../../src/cli/text/human.js';
import { table } from '../../src/cli/text/table.js';

/** `hs pins`: every pin of everything that is here. */
export const pins = listing({
  name: 'pins',
  class: 'porcelain',
  opens: 'read',
  summary: 'list pins',
  description: `Each pin with what it holds, who set it and until when, in order of its name. A pin whose end has come is shown as over: it holds nothing.

With \`-z\`, for scripts, a record is the name of the pin, a tab, and the id of the artifact.`,
  nul: true,
  pages: true,
  resultSchema: 'hs.pins/1',
  examples: [{ command: 'hs pins', explains: 'What is held, and by which pins.' }],
  seeAlso: ['hs-pin(1)', 'hs-unpin(1)', 'hs-ls(1)'],
  async run({ session }) {
    const { listPins } = await import('../../src/ops/govern/pins.js');
    return listPins(await session());
  },
  line: (row, view) => `${view.text(row.name)}\t${row.artifact_id}`,
  table: (rows, view) =>
    table(
      [
        { head: 'PIN', value: (r) => r.name, shrinks: true },
        { head: 'ARTIFACT', value: (r) => r.label, shrinks: true },
        { head: 'ID', value: (r) => r.artifact_id.slice(0, 8), paint: view.style.id },
        {
          head: 'UNTIL',
          value: (r) =>
            r.until === undefined ? '-' : r.over ? 'over' : humanAge(Date.parse(r.until), view.now),
        },
        { head: 'BY', value: (r) => r.actor, shrinks: true },
        { head: 'REASON', value: (r) => r.reason ?? '', shrinks: true },
      ],
      rows,
      view,
    ),
});
