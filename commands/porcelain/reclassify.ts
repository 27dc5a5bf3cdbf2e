import { command } from '../../src/cli/command.js';
import { choice, integer, onOff, text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { CLASSIFICATIONS } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs reclassify`: changes how sensitive an artifact is, and whether it may leave the store (B6). */
export const reclassifyCommand = command({
  name: 'reclassify',
  class: 'porcelain',
  opens: 'write',
  summary: 'change the classification of an artifact',
  description: `Makes a new revision of the artifact and records the reason. An artifact that becomes high needs a TTL, and stops being exportable unless \`--exportable\` is given. A frozen artifact (L1) can only be classified higher.

An export that was blocked is not repeated: run it again. A removed artifact must be restored first, with hs-restore(1). If that is not possible, hs-export(1) says how its bytes may leave under another artifact.`,
  positionals: { artifact: one('ID', { complete: 'artifact' }) },
  options: {
    classification: choice(CLASSIFICATIONS, 'LEVEL', 'how sensitive it is'),
    exportable: onOff('whether it may leave the store'),
    ttl: integer('DAYS', 'time to live in days, from creation', { min: 0, max: MAX_TTL_DAYS }),
    reason: text('REASON', 'reason, for the ledger'),
  },
  resultSchema: 'hs.reclassify/1',
  examples: [
    {
      command: 'hs reclassify report --classification high --ttl 30 --reason "names of customers"',
      explains: 'Classify a report as sensitive.',
    },
    {
      command: 'hs reclassify report --exportable --reason "cleared"',
      explains: 'Allow it to leave the store.',
    },
  ],
  exits: { 6: 'the actor lacks the capability, or the artifact is frozen' },
  seeAlso: ['hs-export(1)', 'hs-promote(1)', 'hs-restore(1)', 'hs-retain(1)'],
  async run({ args, options, session }) {
    const { classification, exportable, ttl, reason } = options;
    if (reason === undefined) throw new HsError('USAGE', "'--reason' is required; the ledger records it");
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
