import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';

/** `hs cat-object`: the bytes of an object, verified; gated like reading the artifacts that name it (B5). */
export const catObject = command({
  name: 'cat-object',
  class: 'plumbing',
  opens: 'read',
  summary: 'print an object',
  description: `Prints the bytes of an object. If they do not match its name, the status is 5. An object of up to 8 MiB is verified before its first byte is printed. A larger one is verified while it is printed, and with status 5 the output is not the object.

The capability artifact.read:restricted is needed for an object that is used by an artifact which is classified high or not exportable.`,
  streams: true,
  positionals: { hash: one('HASH', { complete: 'object' }) },
  examples: [
    {
      command: 'hs cat-object "$(hs hash-object -w report.html)" | sha256sum',
      explains: 'Show that the name of an object is its SHA-256.',
    },
  ],
  async run({ args, session, out }) {
    const { readObject } = await import('../../src/ops/inspect/read-object.js');
    const s = await session();
    await readObject(s, args.hash, async (id) => {
      for await (const chunk of s.store.objects.stream(id)) await out.bytes(chunk);
    });
  },
});
