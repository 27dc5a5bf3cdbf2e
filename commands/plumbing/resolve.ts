import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';

/** `hs resolve`: turns names and prefixes into full ids. */
export const resolveNames = listing({
  name: 'resolve',
  class: 'plumbing',
  opens: 'read',
  summary: 'print the full ids of artifacts',
  description: `Each NAME is a UUID, a unique prefix of at least 6 hex digits, the name of an artifact, or \`name@{n}\`, the n-th before the newest; a leading \`id:\` or \`name:\` removes doubt. Prints one id per line, in the order given.`,
  nul: true,
  positionals: { names: some('NAME', { complete: 'artifact' }) },
  options: { removed: flag(undefined, 'also find removed artifacts, by id') },
  resultSchema: 'hs.resolve/1',
  examples: [{ command: 'hs resolve report@{1}', explains: 'Print the id of the previous version.' }],
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
