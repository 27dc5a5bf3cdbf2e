import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';

/** `hs cat-object`: the bytes of an object, verified; gated like reading the artifacts that name it (B5). */
export const catObject = command({
  name: 'cat-object',
  class: 'plumbing',
  opens: 'read',
  summary: 'write the bytes of an object to standard output',
  description: `The bytes are hashed on the way. When they do not match, what was written so far is not the object, and the status is 5.

An object that an artifact of high classification, or one that is not exportable, names needs the capability artifact.read:restricted.`,
  streams: true,
  positionals: { hash: one('HASH', { complete: 'object' }) },
  examples: [
    {
      command: 'hs cat-object "$(hs hash-object -w report.html)" | sha256sum',
      explains: 'Store a file and see that its name is its SHA-256.',
    },
  ],
  async run({ args, session, out }) {
    const { resolveObject } = await import('../../src/ops/naming/resolve-object.js');
    const { demandObjectRead } = await import('../../src/ops/guard/read-gate.js');
    const s = await session();
    await s.read(async (catalog) => {
      const id = await resolveObject(s, args.hash);
      await demandObjectRead(s, catalog, id);
      for await (const chunk of s.store.objects.lend(id)) await out.bytes(chunk);
    });
  },
});
