import { listing } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { HsError } from '../../src/errors/hs-error.js';
import { hashBytes, hashFile } from '../../src/ops/hash-file.js';

/** `hs hash-object`: what `sha256sum` says of a file, and what a directory's index hashes to (A2, A3). */
export const hashObject = listing({
  name: 'hash-object',
  class: 'plumbing',
  opens: 'optional',
  summary: 'compute the content hash of files, and optionally store them',
  nul: true,
  positionals: { files: many('FILE', { complete: 'file' }) },
  options: {
    write: flag('w', 'store the object as well as hashing it'),
    stdin: flag(undefined, 'hash standard input'),
    stdinPaths: flag(undefined, 'read the paths to hash from standard input, one a line'),
    directory: flag(undefined, 'hash directories, by their bundle index'),
  },
  resultSchema: 'hs.hash-object/1',
  examples: [
    { command: 'hs hash-object report.html', explains: 'Print the SHA-256 of a file.' },
    { command: 'hs hash-object --directory dist', explains: 'Print the content hash of a directory.' },
  ],
  async *run({ args, options, stdin, attempt, path, disk, progress }) {
    if (options.stdin && options.stdinPaths) {
      throw new HsError('USAGE', "'--stdin' cannot be given together with '--stdin-paths'");
    }
    if (!options.stdin && !options.stdinPaths && args.files.length === 0) {
      throw new HsError('USAGE', 'nothing to hash: name a file, or give --stdin or --stdin-paths');
    }
    if (options.stdin) yield await hashBytes(stdin.bytes());
    const real = await disk();
    const hash = (file: string) =>
      attempt(async () => ({ path: file, ...(await hashFile(real, path(file), progress)) }));
    for (const file of args.files) {
      const hashed = await hash(file);
      if (hashed !== undefined) yield hashed;
    }
    if (!options.stdinPaths) return;
    for await (const file of stdin.records()) {
      const hashed = await hash(file);
      if (hashed !== undefined) yield hashed;
    }
  },
  line: ({ hash }) => hash,
});
