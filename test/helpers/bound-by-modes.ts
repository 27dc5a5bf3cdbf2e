import { spawnSync } from 'node:child_process';
import { HS_PROGRAM, hsEnvironment } from './hs.js';

/** What root may do although the mode of a file says otherwise. */
const ABOVE_MODES = '-dac_override,-dac_read_search';
const SETPRIV = ['setpriv', `--bounding-set=${ABOVE_MODES}`, `--inh-caps=${ABOVE_MODES}`];

/**
 * What starts a program that the modes of files bind: nothing for an ordinary user; for root, which still owns
 * its files, `setpriv`. Undefined where root cannot be bound.
 */
export const BOUND_BY_MODES: readonly string[] | undefined =
  process.getuid?.() !== 0 ? [] : spawnSync(SETPRIV[0]!, ['--version']).status === 0 ? SETPRIV : undefined;

/** `hs`, bound by the modes of files, under the umask given. */
export async function hsBoundByModes(args: readonly string[], cwd: string, umask = '022') {
  const shell = ['sh', '-c', `umask ${umask} && exec "$0" "$@"`];
  const [program, ...rest] = [...BOUND_BY_MODES!, ...shell, process.execPath, HS_PROGRAM, ...args];
  const env = await hsEnvironment();
  return spawnSync(program!, rest, { cwd, env, encoding: 'utf8' });
}
