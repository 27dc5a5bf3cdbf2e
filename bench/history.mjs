/** A store with a long past: commands on one artifact, with 10,000 commits against ten. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, environment, HS, output, report, scratch, time } from './lib.mjs';

const COMMITS = 10_000;

/** A store with an artifact and that many commits; made by the library, since a process for each takes an hour. */
async function store(dir, commits, env) {
  mkdirSync(dir);
  const options = { cwd: dir, env };
  time(process.execPath, [HS, 'init', dir], options);
  writeFileSync(join(dir, 'file'), 'x');
  const id = output(process.execPath, [HS, 'put', join(dir, 'file'), '--name', 'one'], options).trim();
  const { openStore } = await import('../dist/index.js');
  const library = await openStore({ store: dir });
  for (let i = 2; i < commits; i++) await library.note(`commit ${i}`);
  await library.close();
  return { options, id };
}

export async function run() {
  const dir = scratch();
  try {
    const env = environment(dir.path);
    Object.assign(process.env, { HOME: env.HOME, XDG_STATE_HOME: env.XDG_STATE_HOME });
    const long = await store(join(dir.path, 'long'), COMMITS, env);
    const short = await store(join(dir.path, 'short'), 10, env);
    const compare = (what, args) => {
      const command = ({ options, id }) => time(process.execPath, [HS, ...args(id)], options);
      return report(
        what,
        alternate(
          21,
          () => command(long),
          () => command(short),
        ),
        1.15,
        ', with 10,000 commits against ten',
      );
    };
    return [
      compare('hs cat-artifact --manifest ID', (id) => ['cat-artifact', '--manifest', id]),
      compare('hs resolve NAME', () => ['resolve', 'one']),
      compare('hs pin ID', (id) => ['pin', id, '--name', 'bench']),
    ].every(Boolean);
  } finally {
    dir.remove();
  }
}
