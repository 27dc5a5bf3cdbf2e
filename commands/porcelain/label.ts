import { command } from '../../src/cli/command.js';
import { list, text } from '../../src/cli/options.js';
import { keyAndValue, labelsOf, type Pair } from '../../src/cli/parse/pairs.js';
import { many, maybe } from '../../src/cli/positionals.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Described } from '../../src/ops/govern/describe-artifacts.js';
import { BATCH_RULES, MANIFEST_LINES, readLines, refuseBesides } from '../shared/manifest-lines.js';

/** `hs label`: changes labels by a new revision (A8). */
export const label = command({
  name: 'label',
  class: 'porcelain',
  opens: 'write',
  summary: 'set and remove labels of an artifact',
  description: `Sets each KEY to VALUE by one new revision of the artifact; labels that are not named stay. \`KEY=\` and \`--remove KEY\` remove a label; removing a label that does not exist changes nothing.

A KEY has 1 to 64 characters of a-z, 0-9, \`.\`, \`_\` and \`-\`. The label \`hs.executable\` says that a single file is exported as an executable one when it is \`true\`, and can be set like any other.

A frozen artifact (L1) cannot be changed.

With \`--manifest-lines\`, each line names an artifact as \`id\`, and its \`labels\`: an object in which null removes a label. ${BATCH_RULES}`,
  positionals: {
    id: maybe('ID', { complete: 'artifact' }),
    labels: many('KEY=VALUE', { parse: keyAndValue }),
  },
  options: {
    remove: list('KEY', 'remove the label KEY'),
    reason: text('R', 'reason, for the record'),
    manifestLines: MANIFEST_LINES,
  },
  resultSchema: 'hs.label/1',
  list: 'results',
  examples: [
    { command: 'hs label nightly commit=4f2a9c1 reviewed=yes', explains: 'Set two labels.' },
    {
      command: `echo '{"id":"nightly","labels":{"commit":"4f2a9c1","reviewed":null}}' | hs label --manifest-lines -`,
      explains: 'Change many at once.',
    },
    { command: 'hs label nightly reviewed= --reason "tested the wrong build"', explains: 'Remove one.' },
  ],
  exits: { 6: 'the artifact is frozen, or the actor lacks the capability' },
  seeAlso: ['hs-rename(1)', 'hs-show(1)', 'hs-for-each-artifact(1)', 'hs-put(1)'],
  async run(context): Promise<Partial<Described> & { readonly results: readonly Described[] }> {
    const { args, options, session } = context;
    if (options.manifestLines !== undefined) {
      refuseBesides('--manifest-lines', {
        ID: args.id !== undefined,
        "'--remove'": options.remove.length > 0,
      });
      const { labelLine } = await import('../../src/core/manifest/batch-schemas.js');
      const { labelLines } = await import('../../src/ops/govern/describe-artifacts.js');
      const lines = await readLines(context, options.manifestLines, labelLine);
      const changes = lines.map(({ line, value }) => ({ line, ...value }));
      return { results: await labelLines(await session(), changes, options.reason) };
    }
    if (args.id === undefined) throw new HsError('USAGE', 'ID is missing');
    const removed = options.remove.map((key): Pair => [key, '']);
    const pairs = Object.entries(labelsOf([...args.labels, ...removed]));
    if (pairs.length === 0) {
      throw new HsError('USAGE', 'nothing to change: give KEY=VALUE, or --remove KEY', {
        hint: `hs show ${args.id} shows the labels`,
      });
    }
    const change = Object.fromEntries(pairs.map(([key, value]) => [key, value === '' ? null : value]));
    const { label: relabel } = await import('../../src/ops/govern/describe-artifacts.js');
    const done = await relabel(await session(), args.id, change, options.reason);
    return { ...done, results: [done] };
  },
  render(done, view) {
    if (view.quiet) return undefined;
    if (done.labels === undefined)
      return `changed ${counted(done.results.filter((r) => r.changed).length, 'artifact')}`;
    const lines = Object.entries(done.labels).map(([key, value]) => view.text(`${key}=${value}`));
    return lines.join('\n') || undefined;
  },
});
