import { dirname } from 'node:path';
import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import type { StoreSurroundings } from '../../src/cli/parts.js';
import { maybe } from '../../src/cli/positionals.js';
import { isS3Url } from '../../src/core/paths/s3-url.js';
import { HsError, isErrno } from '../../src/errors/hs-error.js';

/** `hs init`: creates a store; refuses where one exists, and on a filesystem that cannot hold one. */
export const init = command({
  name: 'init',
  class: 'porcelain',
  opens: 'none',
  summary: 'create a store in a directory',
  description: `Creates a directory \`.hsstore\` in DIR, or in the current directory. Every command that runs there or below finds it by walking up. The filesystem is tested first: hard links, kernel locks and fsync of a directory must work.

With \`s3://BUCKET/PREFIX\` in place of DIR, the store is made in a bucket of an S3 service, which must exist; see hs-s3(7). The service is tested first: of writers that race for one key, exactly one must win.

An existing store is never touched.

A store belongs to its owner alone: other users who can enter it may read, and files that root creates in it are given to its owner. With --shared, its directories and files are writable by the group as well, as in a repository made by \`git init --shared\`, and new ones take the group of the store. Each other user accepts it once, with \`hs --store DIR doctor --accept\`. Unfinished work is finished by the user whose command died.`,
  positionals: { dir: maybe('DIR', { complete: 'directory' }) },
  options: {
    allowSetClock: flag(undefined, 'allow removals under a set clock that is ahead of the system clock'),
    shared: flag(undefined, 'let the group of DIR use the store as well'),
  },
  resultSchema: 'hs.init/1',
  examples: [
    { command: 'hs init', explains: 'Create a store in the current directory.' },
    { command: 'hs init s3://bucket/team', explains: 'Create a store in a bucket.' },
  ],
  exits: { 8: 'a store exists already' },
  files: { '.hsstore': 'the store, described in hsstore-format(5)' },
  async run({
    args,
    options,
    path,
    disk,
    stores,
    clock,
    setClock,
    random,
    environment,
    actor,
    globals,
    log,
  }) {
    if (args.dir !== undefined && globals.store !== undefined) {
      throw new HsError('USAGE', "DIR cannot be given together with '--store'");
    }
    const { Store } = await import('../../src/store/store.js');
    const { actorOf } = await import('../../src/ops/session/session-request.js');
    const named = args.dir ?? globals.store?.replace(/\/*\.hsstore\/*$/, '/') ?? '.';
    const workspace = isS3Url(named) ? named : await directoryFor(await disk(), path(named));
    const backend = await (await stores()).create(
      {
        workspace,
        actor: actorOf({ actor, environment }),
        allowSetClock: options.allowSetClock,
        shared: options.shared,
        ...(setClock === undefined ? {} : { setClock }),
      },
      clock,
    );
    const store = new Store(backend, { clock, random, warn: (message) => log.warn(message) });
    await store.adopt();
    return { store_id: store.id, path: isS3Url(workspace) ? workspace : store.local.directory };
  },
  render: ({ path }, view) => `created an empty store in ${view.text(path)}`,
});

/** The real path of a directory, made if it is missing. */
async function directoryFor(disk: StoreSurroundings['disk'], typed: string): Promise<string> {
  try {
    return await disk.realpath(typed);
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) throw e;
    await disk.mkdir(typed, 0o777 & ~0o022).catch((cause) => {
      if (!isErrno(cause, 'ENOENT')) throw cause;
      throw new HsError('NOT_FOUND', `cannot create '${typed}': its parent directory does not exist`, {
        hint: `mkdir -p '${dirname(typed)}'`,
      });
    });
    return disk.realpath(typed);
  }
}
