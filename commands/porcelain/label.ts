import { command } from '../../src/cli/command.js';
import { list, text } from '../../src/cli/options.js';
import { keyAndValue, labelsOf, type Pair } from '../../src/cli/parse/pairs.js';
import { many, one } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs label`: changes labels by a new revision (A8). */
export const label = command({
  name: 'label',
  class: 'porcelain',
  opens: 'write',
  summary: 'set and remove labels of an artifact',
  description: `Sets each KEY to VALUE by one new revision of the artifact; labels that are not named stay. \`KEY=\` and \`--remove KEY\` remove a label; removing a label that does not exist changes nothing.

A KEY has 1 to 64 characters of a-z, 0-9, \`.\`, \`_\` and \`-\`. The label \`hs.executable\` says that a single file is exported as an executable one when it is \`true\`, and can be set like any other.

A frozen artifact (L1) cannot be changed.`,
  positionals: {
    id: one('ID', { complete: 'artifact' }),
    labels: many('KEY=VALUE', { parse: keyAndValue }),
  },
  options: {
    remove: list('KEY', 'remove the label KEY'),
    reason: text('R', 'reason, for the record'),
  },
  resultSchema: 'hs.label/1',
  examples: [
    { command: 'hs label nightly commit=4f2a9c1 reviewed=yes', explains: 'Set two labels.' },
    { command: 'hs label nightly reviewed= --reason "tested the wrong build"', explains: 'Remove one.' },
  ],
  exits: { 6: 'the artifact is frozen, or the actor lacks the capability' },
  seeAlso: ['hs-rename(1)', 'hs-show(1)', 'hs-for-each-artifact(1)', 'hs-put(1)'],
  async run({ args, options, session }) {
    const removed = options.remove.map((key): Pair => [key, '']);
    const pairs = Object.entries(labelsOf([...args.labels, ...removed]));
    if (pairs.length === 0) {
      throw new HsError('USAGE', 'nothing to change: give KEY=VALUE, or --remove KEY', {
        hint: `hs show ${args.id} shows the labels`,
      });
    }
    const change = Object.fromEntries(pairs.map(([key, value]) => [key, value === '' ? null : value]));
    const { label: relabel } = await import('../../src/ops/govern/describe-artifacts.js');
    return relabel(await session(), args.id, change, options.reason);
  },
  render: ({ labels }, view) =>
    view.quiet
      ? undefined
      : Object.entries(labels)
          .map(([key, value]) => view.text(`${key}=${value}`))
          .join('\n') || undefined,
});
