import { command } from '../../src/cli/command.js';
import { maybe } from '../../src/cli/positionals.js';
import { didYouMean } from '../../src/core/suggest.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs schema [NAME]`: the JSON Schema of a document that hs prints or stores. */
export const schema = command({
  name: 'schema',
  class: 'meta',
  opens: 'none',
  summary: 'print the JSON Schema of a document',
  description:
    'NAME is what a document carries as `schema`. Without it, lists the names. The documents of listing commands have a second schema, with `.row` in its name, for each line of `--jsonl`.',
  streams: true,
  positionals: { name: maybe('NAME', { complete: 'schema' }) },
  examples: [
    { command: 'hs schema', explains: 'List the names.' },
    { command: 'hs schema hs.hash-object/1', explains: 'Print one JSON Schema.' },
  ],
  async run({ args }) {
    const { documentSchema, schemaNames, toJsonSchema } = await import('../../src/cli/schemas/document.js');
    if (args.name === undefined) return schemaNames().join('\n');
    const found = await documentSchema(args.name);
    if (found === undefined) {
      const guess = didYouMean(args.name, schemaNames());
      throw new HsError('NOT_FOUND', `there is no schema '${args.name}'`, {
        hint: guess === undefined ? 'hs schema lists them' : `did you mean ${guess}?`,
      });
    }
    return JSON.stringify(toJsonSchema(found), null, 2);
  },
  render: (text) => text,
});
