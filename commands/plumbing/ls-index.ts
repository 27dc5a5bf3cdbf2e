import { listing } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { HsError, prefixed } from '../../src/errors/hs-error.js';

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
    const { resolveObject } = await import('../../src/ops/naming/resolve-object.js');
    const { demandObjectRead } = await import('../../src/ops/guard/read-gate.js');
    const { decodeBundleIndex, MAX_INDEX_BYTES } = await import('../../src/core/objects/bundle-index.js');
    const s = await session();
    return s.read(async (catalog) => {
      const id = await resolveObject(s, args.hash);
      await demandObjectRead(s, catalog, id);
      const bytes = await s.store.objects.read(id, MAX_INDEX_BYTES);
      try {
        return decodeBundleIndex(bytes);
      } catch (e) {
        if (!(e instanceof HsError)) throw e;
        throw prefixed(e, `object '${id.slice(0, 12)}…' is not a bundle index: `);
      }
    });
  },
  line: (e, view) =>
    `${e.executable ? '755' : '644'}\t${e.content_hash}\t${e.size_bytes}\t${view.text(e.path)}`,
});
