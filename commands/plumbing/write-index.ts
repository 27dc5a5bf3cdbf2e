import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs write-index`: stores a directory without registering it; prints its content hash (A3). */
export const writeIndex = command({
  name: 'write-index',
  class: 'plumbing',
  opens: 'write',
  summary: 'store a directory and its index',
  description: `Stores every file of DIR and the bundle index that lists them, and prints the content hash of the directory. With \`--stdin\`, builds the index of objects that are already in the store, from records "mode TAB hash TAB size TAB path" in any order, as hs-ls-index(1) prints them.

No artifact uses what was stored until \`hs write-manifest\` registers one. Until then, a collection may remove it.`,
  nul: true,
  positionals: { dir: maybe('DIR', { complete: 'directory' }) },
  options: { stdin: flag(undefined, 'read the entries from standard input') },
  resultSchema: 'hs.write-index/1',
  examples: [
    { command: 'hs write-index src', explains: 'Store a directory and print its content hash.' },
    {
      command: 'hs ls-index -z "$(hs write-index src)" | hs write-index -z --stdin',
      explains: 'Build the same index again from its listing.',
    },
  ],
  exits: {
    2: 'DIR is not a directory, or a record is malformed or states the wrong size',
    5: 'an object is missing or damaged',
    7: 'a path breaks the path rules, or is a link',
  },
  seeAlso: ['hs-ls-index(1)', 'hs-write-manifest(1)', 'hs-hash-object(1)', 'hs-put(1)'],
  async run({ args, options, session, stdin, path, log }) {
    if (options.stdin === (args.dir !== undefined)) {
      throw new HsError('USAGE', 'give either DIR or --stdin');
    }
    const { writeIndexOf, writeIndexFrom } = await import('../../src/ops/put/write-index.js');
    const s = await session();
    const written = options.stdin
      ? await writeIndexFrom(s, stdin.records())
      : await writeIndexOf(s, path(args.dir!));
    for (const { path: left, why } of written.left_out) log.warn(`left out '${left}': ${why}`);
    return written;
  },
  render: ({ content_hash }) => [content_hash],
});
