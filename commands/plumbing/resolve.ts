import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';

/** `hs resolve`: what a prefix or a name stands for now. */
export const resolveNames = listing({
  name: 'resolve',
  class: 'plumbing',
  opens: 'read',
  summary: 'print the full ids that names and prefixes stand for',
  description:
    "Each NAME is a UUID, a unique prefix of 6 or more hex digits, an artifact's name, or `name@{n}`, the n-th before the newest; `id:` and `name:` in front decide. Prints one id a line, in order.",
  nul: true,
  positionals: { names: some('NAME', { complete: 'artifact' }) },
  options: { removed: flag(undefined, 'also find artifacts that were removed, by their id') },
  resultSchema: 'hs.resolve/1',
  examples: [
    { command: 'hs resolve report@{1}', explains: 'Print the id of the version before the newest.' },
  ],
  exits: { 3: 'some names were not found', 4: 'none was found, or a name is ambiguous' },
  seeAlso: ['hs-for-each-artifact(1)', 'hs-show(1)'],
  async *run({ args, options, session, attempt }) {
    const { resolveArtifact } = await import('../../src/ops/naming/resolve-artifact.js');
    const catalog = await (await session()).catalog();
    for (const name of args.names) {
      const found = await attempt(async () => resolveArtifact(catalog, name, { removed: options.removed }));
      if (found !== undefined) yield { name, artifact_id: found.artifact_id };
    }
  },
  line: ({ artifact_id }) => artifact_id,
});
