import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { maybe, one } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs rename`: changes the name by a new revision (A8). */
export const rename = command({
  name: 'rename',
  class: 'porcelain',
  opens: 'write',
  summary: 'rename an artifact',
  description: `Renames the artifact by a new revision; its id, payload and pins stay. From then on it is a version of NAME, ordered by the time it was registered, and no longer a version of its old name. The old name remains in the previous revision and in the ledger. Retention applies to both series as they then are.

A frozen artifact (L1) cannot be renamed.`,
  positionals: {
    id: one('ID', { complete: 'artifact' }),
    to: maybe('NAME', { complete: 'name' }),
  },
  options: {
    noName: flag(undefined, 'remove its name'),
    reason: text('R', 'reason, for the record'),
  },
  resultSchema: 'hs.rename/1',
  examples: [
    {
      command: 'hs rename nightly nightly/2026-01-31',
      explains: 'Rename the newest version of nightly.',
    },
    { command: 'hs rename a1b2c3 --no-name', explains: 'Remove a name.' },
  ],
  exits: {
    6: 'the artifact is frozen, or the actor lacks the capability',
    7: 'a name that breaks the path rules',
  },
  seeAlso: ['hs-label(1)', 'hs-show(1)', 'hs-resolve(1)', 'hs-gc(1)'],
  async run({ args, options, session }) {
    if (options.noName === (args.to !== undefined)) {
      throw new HsError('USAGE', "give either a NAME or '--no-name'");
    }
    const { rename: renameArtifact } = await import('../../src/ops/govern/describe-artifacts.js');
    return renameArtifact(await session(), args.id, args.to ?? null, options.reason);
  },
  render: ({ artifact_id, changed, name }, view) => {
    if (view.quiet) return undefined;
    const id = artifact_id.slice(0, 8);
    const when = changed ? 'now' : 'already';
    return name === undefined ? `${id} has no name ${when}` : `${id} is ${when} '${view.text(name)}'`;
  },
});
