import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs write-index`: stores a directory without registering it; prints its content hash (A3). */
export const writeIndex = command({
  name: 'write-index',
  class: 'plumbing',
  opens: 'write',
  summary: 'store the files of a directory and their index',
  description: `Stores every file of DIR and the bundle index that lists them, and prints the directory's content hash. With \`--stdin\`, makes the index of objects that are in the store already, from records "mode TAB hash TAB size TAB path", as hs-ls-index(1) prints them; their order does not matter.

No artifact names what was stored: \`hs write-manifest\` registers it. Until then a collection may take it away.`,
  nul: true,
  positionals: { dir: maybe('DIR', { complete: 'directory' }) },
  options: { stdin: flag(undefined, 'read the entries from standard input') },
  resultSchema: 'hs.write-index/1',
  examples: [
    { command: 'hs write-index src', explains: 'Store a directory and print its content hash.' },
    {
      command: 'hs ls-index -z "$(hs write-index src)" | hs write-index -z --stdin',
      explains: 'Make the same index again from its listing.',
    },
  ],
  exits: {
    2: 'DIR is not a directory, or a record is malformed or states another size than its object has',
    5: 'an object is missing, or damaged',
    7: 'a path breaks the path rules, or a link is in the way',
  },
  seeAlso: ['hs-ls-index(1)', 'hs-write-manifest(1)', 'hs-hash-object(1)', 'hs-put(1)'],
  async run({ args, options, session, stdin, path, log }) {
    if (options.stdin === (args.dir !== undefined)) {
      throw new HsError('USAGE', 'what to index is given as DIR, or with --stdin');
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
