import { command } from '../../src/cli/command.js';
import { choice, integer, onOff, text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { CLASSIFICATIONS } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs reclassify`: how sensitive an artifact is, and whether it may leave the store (B6). */
export const reclassifyCommand = command({
  name: 'reclassify',
  class: 'porcelain',
  opens: 'write',
  summary: 'change how sensitive an artifact is and whether it may leave',
  description: `Makes a new revision of the artifact and records the reason. What becomes high needs a TTL and stops being exportable unless \`--exportable\` is given. What is frozen (L1) can only be classified higher.

An export that was blocked is run again afterwards, as an export of its own. What was removed is brought back first, with hs-restore(1); where that cannot be, hs-export(1) tells how its bytes may leave under another artifact.`,
  positionals: { artifact: one('ID', { complete: 'artifact' }) },
  options: {
    classification: choice(CLASSIFICATIONS, 'LEVEL', 'how sensitive it is'),
    exportable: onOff('whether it may leave the store'),
    ttl: integer('DAYS', 'days it may be kept, from its creation', { min: 0, max: MAX_TTL_DAYS }),
    reason: text('REASON', 'why, for the ledger'),
  },
  resultSchema: 'hs.reclassify/1',
  examples: [
    {
      command: 'hs reclassify report --classification high --ttl 30 --reason "names of customers"',
      explains: 'Make it sensitive.',
    },
    { command: 'hs reclassify report --exportable --reason "cleared"', explains: 'Let it leave the store.' },
  ],
  exits: { 6: 'not allowed, or frozen' },
  seeAlso: ['hs-export(1)', 'hs-promote(1)', 'hs-restore(1)', 'hs-retain(1)'],
  async run({ args, options, session }) {
    const { classification, exportable, ttl, reason } = options;
    if (reason === undefined) throw new HsError('USAGE', "'--reason' is required: it goes into the ledger");
    if (classification === undefined && exportable === undefined && ttl === undefined) {
      throw new HsError(
        'USAGE',
        "nothing to change: give '--classification', '--exportable' or '--no-exportable'",
      );
    }
    const { reclassify } = await import('../../src/ops/govern/reclassify.js');
    const done = await reclassify(await session(), args.artifact, {
      classification,
      exportable,
      ttl,
      reason,
    });
    return {
      artifact_id: done.artifactId,
      revision: done.revision,
      classification: done.classification,
      exportable: done.exportable,
      ...(done.ttl === undefined ? {} : { retention_ttl_days: done.ttl }),
      changed: done.changed,
    };
  },
  render: ({ artifact_id, classification, exportable, changed }, view) =>
    view.quiet
      ? undefined
      : `${artifact_id.slice(0, 8)} ${changed ? 'is now' : 'was already'} ${classification}, ${exportable ? 'exportable' : 'not exportable'}`,
});
