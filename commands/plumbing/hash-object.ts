import { listing } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { flag } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { HsError } from '../../src/errors/hs-error.js';
import { hashBytes, hashFile } from '../../src/ops/payload/hash-file.js';

/** `hs hash-object`: the SHA-256 of a file, or of a directory's index (A2, A3). */
export const hashObject = listing({
  name: 'hash-object',
  class: 'plumbing',
  opens: 'optional',
  summary: 'compute content hashes, and optionally store the objects',
  description: `Prints the SHA-256 of each FILE, one per line, as \`sha256sum\` does. With \`--directory\`, prints the hash of a directory's bundle index, which does not depend on times, owners or the machine.

With \`-w\`, the bytes are stored as well: all that one call names, or nothing. Nothing uses such an object yet, so a later collection removes it unless an artifact uses it first. If the object already exists and is damaged (see hs-fsck(1)), it is repaired.`,
  nul: true,
  positionals: { files: many('FILE', { complete: 'file' }) },
  options: {
    write: flag('w', 'store the object as well'),
    stdin: flag(undefined, 'hash standard input'),
    stdinPaths: flag(undefined, 'read paths from standard input, one per line'),
    directory: flag(undefined, 'hash directories by their bundle index'),
  },
  resultSchema: 'hs.hash-object/1',
  examples: [
    { command: 'hs hash-object report.html', explains: 'Print the SHA-256 of a file.' },
    { command: 'hs hash-object --directory dist', explains: 'Print the content hash of a directory.' },
  ],
  seeAlso: ['hs-cat-object(1)', 'hs-write-index(1)', 'hs-put(1)'],
  async *run(context) {
    const { args, options, stdin, attempt, path } = context;
    check(options, args.files);
    const named = options.stdin ? [undefined] : [];
    const paths = async function* () {
      yield* named;
      yield* args.files;
      if (options.stdinPaths) yield* stdin.records();
    };
    if (options.write) {
      yield* await store(context, paths());
      return;
    }
    const disk = await context.disk();
    context.progress.start('hashing', undefined, 'bytes');
    const around = options.directory ? await (await context.stores()).around() : undefined;
    for await (const file of paths()) {
      const hashed = await attempt(async () => {
        if (file === undefined) return hashBytes(stdin.bytes(), context.progress);
        if (!options.directory)
          return { path: file, ...(await hashFile(disk, path(file), context.progress)) };
        const { hashTree } = await import('../../src/ops/payload/hash-tree.js');
        return { path: file, ...(await hashTree(disk, path(file), around, context.progress)) };
      });
      if (hashed !== undefined) yield toRow(hashed);
    }
  },
  line: ({ content_hash }) => content_hash,
});

interface Hashed {
  readonly path?: string | undefined;
  readonly hash: ObjectId;
  readonly size: number;
}

function toRow({ path, hash, size }: Hashed) {
  return path === undefined
    ? { content_hash: hash, size_bytes: size }
    : { path, content_hash: hash, size_bytes: size };
}

function check(options: { stdin: boolean; stdinPaths: boolean }, files: readonly string[]): void {
  if (options.stdin && options.stdinPaths) {
    throw new HsError('USAGE', "'--stdin' cannot be given together with '--stdin-paths'");
  }
  if (!options.stdin && !options.stdinPaths && files.length === 0) {
    throw new HsError('USAGE', 'nothing to hash: give FILE, --stdin or --stdin-paths');
  }
}

/** Stores all named sources or none, under one lease. */
async function store(
  { options, stdin, path, session }: Context<{ readonly directory: boolean }>,
  files: AsyncIterable<string | undefined>,
) {
  const { storeObjects } = await import('../../src/ops/payload/store-objects.js');
  const named: (string | undefined)[] = [];
  for await (const file of files) named.push(file);
  const sources = named.map((file) =>
    file === undefined ? { stream: stdin.bytes() } : { path: path(file), directory: options.directory },
  );
  const stored = await storeObjects(await session({ writes: true }), sources);
  return stored.map((hashed, i) => toRow({ path: named[i], ...hashed }));
}
