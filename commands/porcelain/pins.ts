import { listing } from '../../src/cli/command.js';
import { filterOptions } from '../../src/cli/filter-options.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { table } from '../../src/cli/text/table.js';

/** `hs pins`: every pin of every live artifact. */
export const pins = listing({
  name: 'pins',
  class: 'porcelain',
  opens: 'read',
  summary: 'list pins',
  description: `Lists each pin with its artifact, who set it and when it expires, ordered by name. An expired pin is shown as \`over\` and protects nothing. hs-for-each-artifact(1) describes FILTER.

With \`-z\`, each record is the name of the pin, a tab, and the id of the artifact.`,
  nul: true,
  options: { ...filterOptions },
  pages: true,
  resultSchema: 'hs.pins/1',
  examples: [{ command: 'hs pins', explains: 'List pinned artifacts and their pins.' }],
  seeAlso: ['hs-for-each-artifact(1)', 'hs-pin(1)', 'hs-unpin(1)', 'hs-ls(1)'],
  async run({ session, options }) {
    const { listPins } = await import('../../src/ops/govern/pins.js');
    return listPins(await session(), options.filter);
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
