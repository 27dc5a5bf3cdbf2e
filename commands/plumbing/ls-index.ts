import { listing } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';

/** `hs ls-index`: the entries of a bundle index, as `write-index --stdin` reads them. */
export const lsIndex = listing({
  name: 'ls-index',
  class: 'plumbing',
  opens: 'read',
  summary: 'list the entries of a bundle index',
  description: `HASH is the content hash of a directory. Prints "mode TAB hash TAB size TAB path", sorted by path in byte order; the mode is 644 or 755. \`hs write-index --stdin\` reads the same form.

If a restricted artifact uses the index, this needs artifact.read:restricted, as reading its bytes does.`,
  nul: true,
  positionals: { hash: one('HASH', { complete: 'object' }) },
  resultSchema: 'hs.ls-index/1',
  examples: [
    {
      command: 'hs ls-index "$(hs write-index src)"',
      explains: 'Store a directory and list its files.',
    },
  ],
  exits: { 5: 'the object is damaged, or is not an index' },
  seeAlso: ['hs-write-index(1)', 'hs-cat-artifact(1)'],
  async run({ args, session }) {
    const { readIndex } = await import('../../src/ops/inspect/read-object.js');
    return readIndex(await session(), args.hash);
  },
  line: (e, view) =>
    `${e.executable ? '755' : '644'}\t${e.content_hash}\t${e.size_bytes}\t${view.text(e.path)}`,
});
