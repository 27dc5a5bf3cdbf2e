import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { done, EXITS, FORCE, PURPOSE, purposeOf } from '../shared/export.js';

/** `hs materialize`: an export without formats or default destinations, for scripts. */
export const materializeCommand = command({
  name: 'materialize',
  class: 'plumbing',
  opens: 'write',
  summary: 'write a payload to exactly one path',
  description: `DEST is the exact path that is created: a file for a file payload, a directory for a directory. The guard, capabilities, budget and ledger apply as for hs-export(1).`,
  positionals: {
    artifact: one('ID', { complete: 'artifact' }),
    dest: one('DEST', { complete: 'file' }),
  },
  options: { ...FORCE, ...PURPOSE },
  resultSchema: 'hs.materialize/1',
  examples: [{ command: 'hs materialize a1b2c3d4 build/report.html', explains: 'Write one payload.' }],
  exits: EXITS,
  seeAlso: ['hs-export(1)'],
  async run({ args, options, path, session, log }) {
    const { exportArtifact } = await import('../../src/ops/export/export.js');
    const row = done(
      await exportArtifact(await session(), {
        artifact: args.artifact,
        place: { kind: 'path', path: path(args.dest) },
        force: options.force,
        discardExisting: options.discardExisting,
        consents: options.consent,
        ...purposeOf(options),
      }),
    );
    for (const warning of row.warnings ?? []) log.warn(warning);
    return row;
  },
  render: ({ target }, view) => view.text(target),
});
