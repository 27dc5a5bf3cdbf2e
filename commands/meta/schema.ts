import type * as z from 'zod/mini';
import { command } from '../../src/cli/command.js';
import { maybe } from '../../src/cli/positionals.js';
import type { jsonSchemas } from '../../src/cli/schemas/common.js';
import { didYouMean } from '../../src/core/text/suggest.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs schema [NAME]`: the JSON Schema of a document that hs prints or stores. */
export const schema = command({
  name: 'schema',
  class: 'meta',
  opens: 'none',
  summary: 'print the JSON Schema of a document',
  description: `NAME is the value of \`schema\` in a document. Without it, lists the names. A document with a list has a second schema, with \`.row\` in its name, for each line of \`--jsonl\`. In every document, the list is called \`results\`, a content hash \`content_hash\`, and a size in bytes \`size_bytes\`.`,
  positionals: { name: maybe('NAME', { complete: 'schema' }) },
  resultSchema: 'hs.schema/1',
  list: 'results',
  examples: [
    { command: 'hs schema', explains: 'List the names.' },
    { command: 'hs schema hs.hash-object/1', explains: 'Print one JSON Schema.' },
  ],
  async run({ args }): Promise<z.output<typeof jsonSchemas>> {
    const { documentSchema, schemaNames, toJsonSchema } = await import('../../src/cli/schemas/document.js');
    if (args.name === undefined) return { results: schemaNames().map((name) => ({ name })) };
    const found = await documentSchema(args.name);
    if (found === undefined) {
      const guess = didYouMean(args.name, schemaNames());
      throw new HsError('NOT_FOUND', `no schema '${args.name}'`, {
        hint: guess === undefined ? 'hs schema lists all schemas' : `did you mean ${guess}?`,
      });
    }
    return { results: [{ name: args.name, json_schema: toJsonSchema(found) }] };
  },
  render: ({ results }) =>
    results
      .map(({ name, json_schema }) =>
        json_schema === undefined ? name : JSON.stringify(json_schema, null, 2),
      )
      .join('\n'),
});
