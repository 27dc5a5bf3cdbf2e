import { dirname } from 'node:path';
import { command } from '../../src/cli/command.js';
import { flag } from '../../src/cli/options.js';
import { maybe } from '../../src/cli/positionals.js';
import { HsError, isErrno } from '../../src/errors/hs-error.js';

/** `hs init`: makes a store; refuses where there is one, and where the filesystem cannot hold one. */
export const init = command({
  name: 'init',
  class: 'porcelain',
  opens: 'none',
  summary: 'make a store in a directory',
  description: `Makes a directory \`.hsstore\` in DIR, or in the current directory. Every command that runs there or below finds it by walking up. The filesystem is tried first: hard links, kernel locks and fsync of a directory must work.

An existing store is never touched.

A store is its owner's alone: others who may enter it can read, and root's files in it become its owner's. With --shared its directories and files are the group's as well, as a repository made by \`git init --shared\` is, and new ones take the group of the store; each other user accepts it once, with \`hs --store DIR doctor --accept\`. A journal is finished by the user whose command died.`,
  positionals: { dir: maybe('DIR', { complete: 'directory' }) },
  options: {
    allowSetClock: flag(
      undefined,
      'let removals be committed under a clock that was set later than the system clock',
    ),
    shared: flag(undefined, 'let the group of DIR use the store, too'),
  },
  resultSchema: 'hs.init/1',
  examples: [{ command: 'hs init', explains: 'Make a store in the current directory.' }],
  exits: { 8: 'there is a store already' },
  files: { '.hsstore': 'the store, described in hsstore-format(5)' },
  async run({ args, options, path, disk, clock, setClock, random, environment, actor, globals, log }) {
    if (args.dir !== undefined && globals.store !== undefined) {
      throw new HsError('USAGE', "DIR cannot be given together with '--store'");
    }
    const { initStore } = await import('../../src/store/local/init.js');
    const { actorOf } = await import('../../src/ops/session/session-request.js');
    const real = await disk();
    const typed = path(args.dir ?? globals.store?.replace(/\/*\.hsstore\/*$/, '/') ?? '.');
    let workspace: string;
    try {
      workspace = await real.realpath(typed);
    } catch (e) {
      if (!isErrno(e, 'ENOENT')) throw e;
      await real.mkdir(typed, 0o777 & ~0o022).catch((cause) => {
        if (!isErrno(cause, 'ENOENT')) throw cause;
        throw new HsError('NOT_FOUND', `cannot make '${typed}': the directory it is to be in is not there`, {
          hint: `mkdir -p '${dirname(typed)}'`,
        });
      });
      workspace = await real.realpath(typed);
    }
    const store = await initStore(
      { disk: real, clock, random, env: environment, warn: (message) => log.warn(message) },
      {
        workspace,
        actor: actorOf({ actor, environment }),
        allowSetClock: options.allowSetClock,
        shared: options.shared,
        ...(setClock === undefined ? {} : { setClock }),
      },
    );
    return { store_id: store.id, path: store.root };
  },
  render: ({ path }, view) => `made an empty store in ${view.text(path)}`,
});
