import { command } from '../../src/cli/command.js';
import { flag, text } from '../../src/cli/options.js';
import { maybe, one } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs rename`: another name, by a new revision (A8). */
export const rename = command({
  name: 'rename',
  class: 'porcelain',
  opens: 'write',
  summary: 'give an artifact another name',
  description: `Gives the artifact another name by a new revision; id, payload and pins stay. From then on it is a version of NAME, in the place that the time of its registration gives it, and no longer one of its old name, which it keeps in the revision before and in the ledger. The retention of both series goes by what they then hold.

What is frozen (L1) is not renamed.`,
  positionals: {
    id: one('ID', { complete: 'artifact' }),
    to: maybe('NAME', { complete: 'name' }),
  },
  options: {
    noName: flag(undefined, 'take its name away'),
    reason: text('R', 'why, for the record'),
  },
  resultSchema: 'hs.rename/1',
  examples: [
    {
      command: 'hs rename nightly nightly/2026-01-31',
      explains: 'Give the newest of a name one of its own.',
    },
    { command: 'hs rename a1b2c3 --no-name', explains: 'Take a name away.' },
  ],
  exits: { 6: 'the artifact is frozen, or the actor may not', 7: 'a name that breaks the path rules' },
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
